"""What the scripts of the shipped sets share: rounded features, the file and its card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drcl_mini.core.files import data_folder, replacing, write_npz
from drcl_mini.data.shipped.collection import FOLDER


def kept(table: np.ndarray, digits: int) -> np.ndarray:
    """Features (n, d) as float16, rounded to some decimal places: the rest is the processor's.

    Example:
        >>> kept(np.array([[0.12345]]), 3)
        array([[0.123]], dtype=float16)
    """
    return table.round(digits).astype(np.float16)


def write(name: str, arrays: Mapping[str, np.ndarray], card: Mapping[str, Any], shipped: bool) -> Path:
    """Write a collection and its card, to the package's own folder or to the data folder; returns the .npz."""
    path = (FOLDER if shipped else data_folder()) / f"{name}.npz"
    with replacing(path) as temporary:
        write_npz(temporary, arrays)
    facts = json.dumps(card, indent=2, ensure_ascii=False)
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(f"{facts}\n", encoding="utf-8")
    return path

"""What every script shares: reading MATLAB files, the split rule, writing the .npz and its card."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

import drcl_mini
from drcl_mini import MultimodalDataset
from drcl_mini.files import data_folder, replacing

from .download import blob_id


class ConversionError(ValueError):
    """A source file doesn't hold what it should."""


def read_mat(path: Path, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Named variables of a MATLAB v5 file, their shapes checked."""
    from scipy.io import loadmat

    try:
        found = loadmat(path)
    except Exception as error:  # the reader raises whatever a damaged file makes it stumble on
        raise ConversionError(f"{path.name} can't be read as MATLAB v5: {error}") from None
    for key, shape in shapes.items():
        if key not in found or found[key].shape != shape:
            got = found[key].shape if key in found else "nothing"
            raise ConversionError(f"{path.name}: variable {key!r} is {got}, expected {shape}")
    return {key: found[key] for key in shapes}


def write_dataset(dataset: MultimodalDataset, **facts: Any) -> Path:
    """Write the data set to the data folder, and a JSON card beside it."""
    path = dataset.to_npz(data_folder() / f"{dataset.name}.npz")
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    sizes = {part: {m: list(x.shape) for m, x in split.features.items()} for part, split in parts.items() if split}
    write_card(path, name=dataset.name, source=dataset.source, classes=list(dataset.classes), split=sizes, **facts)
    return path


def write_card(path: Path, **facts: Any) -> None:
    """A card for people: what the file is, where from, under which terms, made when and by what."""
    made = {"made": datetime.now(UTC).date().isoformat(), "version": drcl_mini.__version__}
    card = {**facts, **made, "git_blob_id": blob_id(path.read_bytes())}
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

"""Raw items in a file without pickles: arrays, words, and 1-D arrays of different length."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

MOST_NAMES = 1_000_000
"""Most items of a modality, or class names, in a file: each takes 100 bytes or more in memory."""

TITLES = " titles"
"""Captions of a modality's items lie beside them, under its name with this ending."""


def pack(items: Any) -> dict[str, np.ndarray]:
    """Items as arrays that need no pickle; empty if that is impossible."""
    if isinstance(items, np.ndarray) and items.dtype.kind in "fiubU":
        return {"array": items}
    if not isinstance(items, Sequence) or not items:
        return {}
    if all(isinstance(item, str) for item in items):
        return {"array": np.array(items)}
    if not all(isinstance(item, np.ndarray) and item.ndim == 1 for item in items):
        return {}
    dtypes = {item.dtype for item in items}
    if len(dtypes) > 1 or dtypes.pop().kind not in "fiub":
        return {}
    return {"values": np.concatenate(items), "offsets": np.cumsum([0, *map(len, items)])}


def unpack(array: np.ndarray | None = None, values: Any = None, offsets: Any = None) -> Any:
    """What :func:`pack` was given."""
    if array is not None:
        return array
    if values is None or offsets is None:
        raise ValueError("items have no values or no offsets")
    flat = values.ndim == offsets.ndim == 1 and offsets.dtype.kind == "i" and len(offsets)
    if not flat or offsets[0] != 0 or offsets[-1] != len(values) or (np.diff(offsets) < 0).any():
        raise ValueError("offsets of items don't fit their values")
    if len(offsets) > MOST_NAMES:
        raise ValueError(f"items have {len(offsets)} offsets, more than {MOST_NAMES}")
    return [values[start:stop] for start, stop in pairwise(offsets.tolist())]

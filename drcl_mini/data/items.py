"""Raw items in a file without pickles: arrays, words, and 1-D arrays of different length."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

MOST_NAMES = 1_000_000
"""Items, or class names, that a file may hold for a modality: each takes a hundred bytes, or more, in memory."""


def pack(items: Any) -> dict[str, np.ndarray]:
    """Items as arrays that need no pickle; empty if they can't be."""
    if isinstance(items, np.ndarray) and items.dtype.kind in "fiubU":
        return {"array": items}
    if not isinstance(items, Sequence) or not items:
        return {}
    if all(isinstance(item, str) for item in items):
        return {"array": np.array(items)}
    plain = [
        item
        for item in items
        if isinstance(item, np.ndarray) and item.ndim == 1 and item.dtype.kind in "fiub"
    ]
    if len(plain) < len(items) or len({item.dtype for item in plain}) > 1:
        return {}
    return {"values": np.concatenate(plain), "offsets": np.cumsum([0, *map(len, plain)])}


def unpack(array: np.ndarray | None = None, values: Any = None, offsets: Any = None) -> Any:
    """What :func:`pack` was given."""
    if array is not None:
        return array
    if (
        values is None
        or offsets is None
        or offsets.ndim != 1
        or offsets.dtype.kind != "i"
        or values.ndim != 1
    ):
        raise ValueError("items have no values or no offsets")
    if (
        not len(offsets)
        or offsets[0] != 0
        or offsets[-1] != len(values)
        or (np.diff(offsets) < 0).any()
    ):
        raise ValueError("offsets of items don't fit their values")
    if len(offsets) > MOST_NAMES:
        raise ValueError(f"items have {len(offsets)} offsets, more than {MOST_NAMES}")
    return [values[start:stop] for start, stop in pairwise(offsets.tolist())]

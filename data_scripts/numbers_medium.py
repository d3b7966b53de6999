"""What the media of ``numbers`` share: how many items of a digit each split has, and how they are drawn."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

DIGITS = 10
COUNTS = {"train": 60, "validation": 15, "test": 25}
"""Items of each digit where a medium has enough of them."""
PARTS = tuple(COUNTS)


class Medium(NamedTuple):
    """n items of one medium, and for each: its digit, its split, what must stay in one split, a caption."""

    items: Any
    labels: np.ndarray
    part: np.ndarray
    group: Sequence[str]
    title: Sequence[str]


def draw(labels: np.ndarray, part: np.ndarray, counts: Mapping[str, int], seed: int) -> np.ndarray:
    """Rows drawn at random: of each digit as many as each split is to have; by split, digit and row.

    Args:
        labels: (n,) digits.
        part: (n,) the split that a row may go to, a place in :data:`PARTS`; another number for none.
        counts: how many rows of each digit, by split.
        seed: which ones.

    Raises:
        ValueError: there aren't enough.

    Example:
        >>> rows = draw(np.arange(40) % 10, np.arange(40) % 4 // 2, {"train": 1, "validation": 1}, seed=0)
        >>> len(rows), sorted(set(rows % 10)) == list(range(10))
        (20, True)
    """
    source, rows = np.random.default_rng(seed), []
    for name, count in counts.items():
        for digit in range(DIGITS):
            there = np.flatnonzero((labels == digit) & (part == PARTS.index(name)))
            if len(there) < count:
                raise ValueError(f"{name} has {len(there)} items of digit {digit}, expected {count} or more")
            rows.append(np.sort(source.permutation(there)[:count]))
    return np.concatenate(rows)


def apart(vectors: np.ndarray, part: np.ndarray, least: float) -> np.ndarray:
    """Splits (n,), -1 for rows that are nearly the same as a row of a later split.

    Args:
        vectors: (n, d).
        part: (n,) splits as places in :data:`PARTS`.
        least: sum of absolute differences below which two rows are nearly the same.

    Example:
        >>> apart(np.array([[0.0], [5.0], [5.5]]), np.array([0, 0, 2]), least=1).tolist()
        [0, -1, 2]
    """
    from scipy.spatial import KDTree

    kept = part.copy()
    for place in range(len(PARTS) - 1):
        own = np.flatnonzero(part == place)
        distance, _ = KDTree(vectors[part > place]).query(vectors[own], p=1)
        kept[own[distance < least]] = -1
    return kept

"""Splits of concepts: a concept lies in one split, in every medium."""

from collections.abc import Mapping

import numpy as np

SHARES = np.array([0.6, 0.15, 0.25])
"""Of the items of each class and medium, in train, validation and test."""
TRIES, ROUNDS = 3000, 3
ABSENT = 3.0
"""What a split without any item of a class that the medium has costs, beside the distance from the shares."""


def split_concepts(counts: Mapping[str, np.ndarray], paths: Mapping[str, tuple[str, str, str]], seed: int) -> dict:
    """A split (0 train, 1 validation, 2 test) for each concept.

    For one finer class after the other, the best of 3000 random ways to deal out its concepts is taken: the
    one whose numbers of items come closest to the shares, in the finer class and in its class as dealt out so
    far, in every medium; three times round, so that each sees the others. Only counts are looked at.

    Args:
        counts: items in each medium, by concept.
        paths: group, class and finer class, by concept.
        seed: which ways are tried.

    Example:
        >>> names = [f"concept {i}" for i in range(20)]
        >>> found = split_concepts(
        ...     {name: np.array([5, 2]) for name in names}, {name: ("g", "c", "f") for name in names}, seed=0
        ... )
        >>> np.bincount(list(found.values())).tolist()
        [12, 3, 5]
    """
    generator = np.random.default_rng(seed)
    found: dict[str, int] = {}
    for path in [*dict.fromkeys(paths[name] for name in counts)] * ROUNDS:
        names = [name for name in counts if paths[name] == path]
        others = [name for name in found if paths[name][1] == path[1] and paths[name] != path]
        ways = generator.choice(3, (TRIES, len(names)), p=SHARES)
        dealt = _dealt(ways, np.stack([counts[name] for name in names]))
        cost = _distance(dealt) + 10 * (dealt.sum(axis=2) == 0).sum(axis=1)
        if others:
            before = np.array([[found[name] for name in others]])
            cost += _distance(dealt + _dealt(before, np.stack([counts[name] for name in others])))
        found |= dict(zip(names, ways[cost.argmin()].tolist(), strict=True))
    return {name: found[name] for name in counts}


def _dealt(ways: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Items in each split and medium (n, 3, media) for n ways to deal out concepts (n, concepts)."""
    return np.stack([(ways == part).astype(int) @ table for part in range(3)], axis=1)


def _distance(dealt: np.ndarray) -> np.ndarray:
    """How far ways to deal (n, 3, media) are from the shares: squares over counts, and what is absent."""
    whole = dealt.sum(axis=1, keepdims=True)
    squares = (dealt - SHARES[:, None] * whole) ** 2 / np.maximum(whole, 1)
    absent = (dealt == 0) & (whole >= 3)
    return squares.sum(axis=(1, 2)) + ABSENT * absent.sum(axis=(1, 2))

"""Features of three-dimensional shapes: distances, three views, directions, colours."""

from collections.abc import Iterable
from typing import Any

import numpy as np

STEPS = (101, 211, 307, 401, 503)
"""Each point is paired with those that stand so many places behind it."""
DISTANCES, GRID, SHADES = 32, 12, 4
"""Bins of the distances, cells along a view's side, steps of each colour."""
VIEWS = ((0, 1), (2, 1), (0, 2))
"""Axes of the views from the front, from the side and from above."""


def shape_features(shapes: Iterable[Any]) -> np.ndarray:
    """Numbers that tell shapes apart, read off their points: float32 (n, 537).

    With P points in a cube from -1 to 1, in this order:

    - 32: the distribution of the distances between points (the D2 shape distribution);
    - 3: how far the points reach along x, y (up) and z;
    - 432: how many points lie in each of 12 × 12 cells, seen from the front, the side and above
      (square roots of shares, so that thin parts count);
    - 6: how much of the surface looks along each axis, forwards and backwards;
    - 64: which colours it has, in 4 × 4 × 4 steps of red, green and blue (square roots of shares).

    Args:
        shapes: arrays int8 (P, 9): place and normal from -127 to 127, colour from 0 to 127.

    Raises:
        ValueError: an array of another shape.

    Example:
        >>> ball = np.random.default_rng(0).normal(size=(1024, 3))
        >>> ball /= np.linalg.norm(ball, axis=1, keepdims=True)
        >>> red = np.tile([1.0, 0, 0], (1024, 1))
        >>> shape = (127 * np.concatenate([ball, ball, red], axis=1)).astype(np.int8)
        >>> shape_features([shape]).shape
        (1, 537)
    """
    rows = []
    for shape in shapes:
        points = np.asarray(shape, dtype=np.float64) / 127
        if points.ndim != 2 or points.shape[1] != 9 or not len(points):
            raise ValueError(f"a shape has the form {points.shape}, expected (points, 9)")
        places, normals, colours = points[:, :3], points[:, 3:6], points[:, 6:]
        seen = [_view(places[:, axes]) for axes in VIEWS]
        faced = np.concatenate([normals.clip(min=0).mean(0), (-normals).clip(min=0).mean(0)])
        reach = np.ptp(places, axis=0) / 2
        parts = [_distances(places), reach, np.ravel(seen), faced, _shades(colours)]
        rows.append(np.concatenate(parts))
    return np.array(rows, dtype=np.float32).reshape(-1, DISTANCES + 3 + 3 * GRID**2 + 6 + SHADES**3)


def _distances(places: np.ndarray) -> np.ndarray:
    pairs = [np.linalg.norm(places - np.roll(places, step, axis=0), axis=1) for step in STEPS]
    return np.histogram(pairs, DISTANCES, (0, 2 * np.sqrt(3)))[0] / np.size(pairs)


def _view(flat: np.ndarray) -> np.ndarray:
    """What a grid over the square from -1 to 1 sees of points (P, 2)."""
    counts = np.histogram2d(*flat.T, GRID, ((-1, 1), (-1, 1)))[0]
    return np.sqrt(counts / len(flat))


def _shades(colours: np.ndarray) -> np.ndarray:
    steps = (colours * SHADES).astype(int).clip(0, SHADES - 1)
    number = steps @ [SHADES**2, SHADES, 1]
    return np.sqrt(np.bincount(number, minlength=SHADES**3) / len(colours))

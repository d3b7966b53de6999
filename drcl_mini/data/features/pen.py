"""Features of a pen's way over a tablet: where it was, and where it was heading."""

from collections.abc import Sequence

import numpy as np

SIZE = 100
"""Width and height of the tablet; points go from 0 to this."""


def pen_features(ways: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Points and directions of ways of P points: float32 (n, 4P - 2).

    The points p_1 … p_P, scaled to -1 … 1, then the directions of the P - 1 steps between them,
    (p_k+1 - p_k) / ‖p_k+1 - p_k‖; a step that stays where it is has no direction, (0, 0).

    Args:
        ways: (n, P, 2), x to the right and y upwards, from 0 to 100.

    Raises:
        ValueError: another shape.

    Example:
        A way to the right, then upwards:

        >>> pen_features([[[0, 0], [100, 0], [100, 50]]]).tolist()
        [[-1.0, -1.0, 1.0, -1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0]]
    """
    points = np.asarray(ways, dtype=np.float64)
    if points.ndim != 3 or points.shape[2] != 2 or points.shape[1] < 2:
        expected = "expected (n, P, 2) with P of at least 2"
        raise ValueError(f"ways have shape {points.shape}, {expected}")
    steps = np.diff(points, axis=1)
    lengths = np.linalg.norm(steps, axis=2, keepdims=True)
    directions = steps / np.where(lengths > 0, lengths, 1)
    parts = [points * 2 / SIZE - 1, directions]
    return np.concatenate(
        [part.reshape(len(points), -1) for part in parts], axis=1, dtype=np.float32
    )

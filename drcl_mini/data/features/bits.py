"""Features of small black and white pictures: their edges, not their pixels."""

from collections.abc import Sequence

import numpy as np


def bit_features(pictures: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients: 9 directions in cells of 4 × 4 pixels, float32 (n, d).

    A cell counts, for each direction, how much of an edge runs that way; each square of 2 × 2
    cells is normalised by itself. Pictures of 16 × 16 pixels have 3 × 3 such squares, d = 324.

    Args:
        pictures: n pictures of one size, (n, H, W), 0 for the ground and 1 for the ink.

    Raises:
        ValueError: no pictures of one size, or smaller ones than 8 × 8.

    Example:
        >>> bit_features(np.eye(16)[None]).shape
        (1, 324)
    """
    from skimage.feature import hog

    array = np.asarray(pictures, dtype=np.float64)
    if array.ndim != 3 or min(array.shape[1:]) < 8:
        expected = "expected (n, H, W) with H and W of at least 8"
        raise ValueError(f"pictures have shape {array.shape}, {expected}")
    shape = {"orientations": 9, "pixels_per_cell": (4, 4), "cells_per_block": (2, 2)}
    return np.array([hog(picture, **shape) for picture in array], dtype=np.float32)

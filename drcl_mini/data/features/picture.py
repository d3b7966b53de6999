"""Features of pictures without a network: edges, and where which colour is."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..media import picture as decoded

SIDE = 64
"""Pixels of the square that every picture is brought to."""


def picture_features(pictures: Iterable[Any], colour: bool = True) -> np.ndarray:
    """Histograms of oriented gradients (324) and colours of 4 × 4 fields (48): float32 (n, 372).

    The picture is fitted into a white square of 64 × 64 pixels. Edges: 9 directions in 4 × 4 cells
    of its brightness; each square of 2 × 2 cells is normalised by itself. Colours: the mean red,
    green and blue of each field, from 0 to 1.

    Args:
        pictures: as :func:`drcl_mini.data.media.picture` takes them: encoded, or pixels.
        colour: with the colours; drawings in one ink need none, and have 324 features.

    Raises:
        ValueError: a picture that can't be decoded.

    Example:
        >>> red = np.full((100, 80, 3), [255, 0, 0], np.uint8)
        >>> picture_features([red]).shape, picture_features([red], colour=False).shape
        ((1, 372), (1, 324))
    """
    from skimage.feature import hog

    rows = []
    for item in pictures:
        pixels = square(decoded(item), SIDE) / 255
        grey = pixels @ [0.299, 0.587, 0.114]
        edges = hog(grey, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2))
        fields = pixels.reshape(4, SIDE // 4, 4, SIDE // 4, 3).mean(axis=(1, 3))
        rows.append(np.concatenate([edges, fields.ravel()]) if colour else edges)
    return np.array(rows, dtype=np.float32)


def square(pixels: np.ndarray, side: int) -> np.ndarray:
    """A picture uint8 (H, W, 3) fitted into the middle of a white square of ``side`` pixels.

    Example:
        >>> square(np.zeros((10, 20, 3), np.uint8), 4)[:, 0, 0]
        array([255,   0,   0, 255], dtype=uint8)
    """
    from PIL import Image

    height, width = pixels.shape[:2]
    scale = side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)
    ground = Image.new("RGB", (side, side), "white")
    ground.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2))
    return np.asarray(ground)

"""Features of short clips: what their mean picture shows, and where and when something moves."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..media import frames as decoded
from .picture import SIDE, picture_features, square

FIELDS, MOMENTS = 8, 8
"""Fields along a side in which motion is summed, and moments into which a clip is cut."""


def clip_features(clips: Iterable[Any]) -> np.ndarray:
    """The mean frame as a picture (372), then motion in 8 × 8 fields and 8 moments: (n, 444).

    With frames f_1 … f_T, grey values from 0 to 1, fitted into a white square of 64 × 64 pixels,
    motion is abs(f_{t+1} - f_t): its mean over time in each field, and its mean over the picture
    in each moment. A still picture has none. float32.

    Args:
        clips: as :func:`drcl_mini.data.media.frames` takes them.

    Raises:
        ValueError: a clip that can't be decoded.

    Example:
        >>> clip = np.zeros((3, 64, 64, 3), np.uint8)
        >>> clip[1] = 255
        >>> clip_features([clip])[0, -72:].round(2).min()
        np.float32(1.0)
    """
    rows = []
    for clip in clips:
        pictures = np.stack([square(frame, SIDE) for frame in decoded(clip)])
        mean = np.round(pictures.mean(axis=0)).astype(np.uint8)
        grey = pictures @ [0.299, 0.587, 0.114] / 255
        motion = np.abs(np.diff(grey, axis=0)) if len(grey) > 1 else np.zeros((1, SIDE, SIDE))
        cells = motion.mean(axis=0).reshape(FIELDS, SIDE // FIELDS, FIELDS, SIDE // FIELDS)
        times = np.arange(MOMENTS) * len(motion) // MOMENTS
        moments = motion.mean(axis=(1, 2))[times]
        rows.append([*picture_features([mean])[0], *cells.mean(axis=(1, 3)).ravel(), *moments])
    return np.array(rows, dtype=np.float32)

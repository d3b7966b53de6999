"""The average precision of each test item, small enough to stand in a run's record."""

import base64
from collections.abc import Mapping

import numpy as np


def pack(precisions: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Numbers from 0 to 1 by modality as text: 16 bits each, in base64.

    Example:
        >>> unpack(pack({"a": np.array([0.0, 0.25, 1.0])}))["a"].round(4).tolist()
        [0.0, 0.25, 1.0]
    """
    return {
        name: base64.b64encode(np.rint(65535 * values).astype("<u2").tobytes()).decode()
        for name, values in precisions.items()
    }


def unpack(stored: Mapping[str, str]) -> dict[str, np.ndarray]:
    """What :func:`pack` was given, to 1/65535.

    Raises:
        ValueError: text that isn't base64 of whole numbers.
    """
    return {
        name: np.frombuffer(base64.b64decode(text, validate=True), "<u2") / 65535
        for name, text in stored.items()
    }

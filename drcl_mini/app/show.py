"""Show raw items in a notebook and in the static page: pictures, captions, players, animations, shapes."""

import base64
import io
import wave
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.checks import needs

if TYPE_CHECKING:
    from IPython.display import HTML

RATE = 8000
"""Samples a second of every sound in the embedded and the open data sets."""
SIZE = 96
"""Width of pictures, animations and shapes on the page, in pixels."""


def show(item: Any, caption: str = "") -> "HTML":
    """A raw item as HTML that needs no kernel and no network; what moves stands still for those who asked for that.

    Args:
        item: a picture (H, W) or uint8 (H, W, 3), a caption (str), a sound (int16 samples at 8 kHz), a clip
            uint8 (frames, H, W), or a point cloud (n, 3).
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
    below = f'<figcaption style="font-size:small">{escape(caption)}</figcaption>' if caption else ""
    return (
        '<figure style="display:inline-block;margin:4px;vertical-align:top">'
        + _body(item, escape(caption))
        + below
    ) + "</figure>"


def _body(item: Any, name: str) -> str:
    if isinstance(item, str):
        return f"<blockquote>{escape(item)}</blockquote>"
    array = np.asarray(item)
    if array.ndim == 1 and array.dtype == np.int16:
        source = _uri("audio/wav", _wav(array))
        return f'<audio controls style="width:220px" aria-label="{name or "sound"}" src="{source}"></audio>'
    if array.ndim == 2 and array.shape[1] == 3 and array.dtype.kind == "f":
        frames, what = _turning(array), "turning shape"
    elif array.ndim == 3 and array.dtype == np.uint8 and array.shape[2] > 4:
        frames, what = array, "clip"
    elif array.ndim == 3 and array.dtype == np.uint8 and array.shape[2] == 3:
        frames, what = array[None], "picture"
    elif array.ndim == 2:
        array = array.astype(float)
        low, high = array.min(), array.max()
        frames, what = (
            (255 * (1 - (array - low) / max(high - low, 1e-9))).astype(np.uint8)[None],
            "picture",
        )
    else:
        raise ValueError(
            f"can't show an array of shape {array.shape} and type {array.dtype}; expected a str, (H, W), uint8 "
            "(H, W, 3), uint8 (frames, H, W), int16 (samples,) or floats (points, 3)"
        )
    look = f'width="{SIZE}" style="image-rendering:pixelated" alt="{name or what}"'
    shown = f'<img {look} src="{_uri(*_image(frames))}">'
    if len(frames) == 1:
        return shown
    still = _uri(*_image(frames[:1]))
    return f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">{shown}</picture>'


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _wav(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def _image(frames: np.ndarray) -> tuple[str, bytes]:
    """One frame as PNG, several as an endless GIF in 16 greys, which keeps pages small."""
    Image = needs("PIL.Image", "pillow")
    pictures = [Image.fromarray(frame if len(frames) == 1 else frame & 0xF0) for frame in frames]
    file = io.BytesIO()
    if len(pictures) == 1:
        pictures[0].save(file, "PNG")
        return "image/png", file.getvalue()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=90, loop=0)
    return "image/gif", file.getvalue()


def _turning(cloud: np.ndarray, frames: int = 12) -> np.ndarray:
    """uint8 (frames, 96, 96): the points seen from all around, near ones dark on white."""
    points = cloud - cloud.mean(axis=0)
    points = points / max(np.abs(points).max(), 1e-9)
    canvas = np.full((frames, SIZE, SIZE), 255, np.uint8)
    for frame, angle in zip(canvas, np.linspace(0, 2 * np.pi, frames, endpoint=False), strict=True):
        side = np.cos(angle) * points[:, 0] + np.sin(angle) * points[:, 1]
        depth = np.cos(angle) * points[:, 1] - np.sin(angle) * points[:, 0]
        column, row = (
            ((0.5 + 0.34 * np.stack([side, -points[:, 2]])) * SIZE).astype(int).clip(1, SIZE - 2)
        )
        for i in np.argsort(-depth):  # near points last
            frame[row[i] - 1 : row[i] + 1, column[i] - 1 : column[i] + 1] = 40 * round(
                2.75 + 2 * depth[i]
            )
    return canvas

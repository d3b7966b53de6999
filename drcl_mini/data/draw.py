"""Raw items as files for a browser: pictures, clips, pen strokes, shapes, sounds."""

import io
from typing import Any

import numpy as np

from ..core.checks import require
from .media import RATE, mime, pixels

SIZE = 96
"""Width of pictures, animations and shapes on the page, in pixels."""
FRAMES = 12
LIGHT = np.array([-0.4, 0.77, 0.5])
"""Where the light of a lit shape comes from: the left, above, in front."""
TILT = 0.35
"""How far from above a lit shape is seen, in radians."""


def as_file(item: Any) -> tuple[str, bytes]:
    """Media type and bytes of an item that is no text; those of an encoded item are its own.

    A picture becomes a PNG, a clip or a shape an endless GIF, a pen's way an SVG, a sound a WAV.

    Args:
        item: as :func:`drcl_mini.app.show.show` takes it.

    Raises:
        ValueError: something else.

    Example:
        >>> kind, data = as_file(np.array([[0, 0], [9, 9]]))
        >>> kind, data[:4]
        ('image/svg+xml', b'<svg')
    """
    array = np.asarray(item)
    kind = mime(array)
    if kind:
        return kind, array.tobytes()
    if array.ndim == 1 and array.dtype == np.int16:
        return "audio/wav", _wav(array)
    if array.ndim == 2 and array.shape[1] == 2 and array.dtype.kind in "iu":
        return "image/svg+xml", stroke(array.astype(float)).encode()
    return as_image(pictures(array))


def as_image(shown: np.ndarray) -> tuple[str, bytes]:
    """One picture as PNG, several as an endless GIF in 16 greys or 64 colours: pages stay small.

    Args:
        shown: uint8 (T, H, W) or (T, H, W, 3).
    """
    Image = require("PIL.Image", "pillow")
    file = io.BytesIO()
    if len(shown) == 1:
        Image.fromarray(shown[0]).save(file, "PNG")
        return "image/png", file.getvalue()
    if shown.ndim == 4:
        first, *others = (Image.fromarray(frame).quantize(64) for frame in shown)
    else:
        first, *others = (Image.fromarray(frame & 0xF0) for frame in shown)
    first.save(file, "GIF", save_all=True, append_images=others, duration=90, loop=0)
    return "image/gif", file.getvalue()


def pictures(item: Any) -> np.ndarray:
    """uint8 (T, H, W) or (T, H, W, 3): pixels of a picture, a clip or a shape.

    Raises:
        ValueError: something else.
    """
    array = np.asarray(item)
    if array.ndim == 2 and array.shape[1] == 3 and array.dtype.kind == "f":
        return turning(array)
    if array.ndim == 2 and array.shape[1] == 9 and array.dtype == np.int8:
        return lit(array)
    try:
        return pixels(array)
    except ValueError as error:
        more = "a str, int16 (n,), floats (n, 3), int8 (n, 9) or integers (n, 2)"
        raise ValueError(f"can't show this: {error}; or {more}") from None


def _wav(samples: np.ndarray) -> bytes:
    from scipy.io import wavfile

    file = io.BytesIO()
    wavfile.write(file, RATE, samples)
    return file.getvalue()


def turning(cloud: np.ndarray) -> np.ndarray:
    """uint8 (12, 96, 96): the points (n, 3) seen from all around, near ones dark on white."""
    points = cloud - cloud.mean(axis=0)
    points = points / max(np.abs(points).max(), 1e-9)
    canvas = np.full((FRAMES, SIZE, SIZE), 255, np.uint8)
    for frame, angle in zip(canvas, _angles(), strict=True):
        side = np.cos(angle) * points[:, 0] + np.sin(angle) * points[:, 1]
        depth = np.cos(angle) * points[:, 1] - np.sin(angle) * points[:, 0]
        places = (0.5 + 0.34 * np.stack([side, -points[:, 2]])) * SIZE
        column, row = places.astype(int).clip(1, SIZE - 2)
        for i in np.argsort(-depth):  # near points last
            dot = frame[row[i] - 1 : row[i] + 1, column[i] - 1 : column[i] + 1]
            dot[:] = 40 * round(2.75 + 2 * depth[i])
    return canvas


def lit(surface: np.ndarray) -> np.ndarray:
    """uint8 (12, 96, 96, 3): a surface in its colours, lit, seen from all around, from above.

    Rounded on the way, so that every processor draws the same pixels.

    Args:
        surface: int8 (n, 9): place, normal (y is up, as in glTF) and colour of points on it, in
            1/127.
    """
    place, normal, colour = np.split(surface.astype(float) / 127, 3, axis=1)
    place = place - (place.max(axis=0) + place.min(axis=0)) / 2
    place *= 0.46 / max(np.linalg.norm(place, axis=1).max(), 1e-9)
    fine = 2 * SIZE  # drawn at twice the size, then made smaller
    dots = max(3, round(1.5 * fine / np.sqrt(len(place))))
    square = np.stack(np.meshgrid(range(dots), range(dots), indexing="ij"), -1).reshape(-1, 2)
    canvas = np.full((FRAMES, fine, fine, 3), 255, np.uint8)
    for frame, angle in zip(canvas, _angles(), strict=True):
        (x, y, near), facing = _turned(place.T, angle), _turned(normal.T, angle)
        light = np.abs(LIGHT @ facing) / np.linalg.norm(LIGHT)  # either side of a leaf is lit
        shade = 255 * (0.45 + 0.55 * light[:, None]) * colour.clip(0, 1)
        far_to_near = np.argsort(near.round(6), kind="stable")
        at = (fine * (0.5 + np.stack([-y, x], axis=1)) - dots / 2).round(3).astype(int)
        rows, columns = (at[far_to_near, None] + square).clip(0, fine - 1).transpose(2, 0, 1)
        pixels = shade.round(3).astype(np.uint8)[far_to_near]
        frame[rows.ravel(), columns.ravel()] = np.repeat(pixels, len(square), axis=0)
    return canvas.reshape(FRAMES, SIZE, 2, SIZE, 2, 3).mean(axis=(2, 4)).astype(np.uint8)


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (3, n) turned about the upright axis, then seen from above: right, up, near."""
    x, y, z = points
    x, z = np.cos(angle) * x + np.sin(angle) * z, np.cos(angle) * z - np.sin(angle) * x
    return np.stack([x, np.cos(TILT) * y - np.sin(TILT) * z, np.sin(TILT) * y + np.cos(TILT) * z])


def stroke(points: np.ndarray) -> str:
    """An SVG in which a pen draws through the points (n, 2), y upwards, in two seconds.

    The whole way lies beneath in grey. Nothing moves for readers whose system asks for reduced
    motion.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    at = 10 + 80 * (points - (low + high) / 2 + (high - low).max() / 2) / max((high - low).max(), 1)
    path = " ".join(f"{x:.0f},{100 - y:.0f}" for x, y in at)
    moves = "@keyframes write{0%{stroke-dashoffset:1}70%,100%{stroke-dashoffset:0}}"
    style = ".pen{stroke-dasharray:1;animation:write 3s linear infinite}"
    style = f"@media (prefers-reduced-motion: no-preference){{{style}}}{moves}"
    look = 'fill="none" stroke-width="6" stroke-linecap="round" stroke-linejoin="round"'
    line = f'{look} points="{path}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><style>{style}</style>'
        f'<rect width="100" height="100" fill="#fff"/>'
        f'<polyline {line} stroke="#ddd"/>'
        f'<polyline class="pen" pathLength="1" {line} stroke="#111"/></svg>'
    )


def _angles() -> np.ndarray:
    return np.linspace(0, 2 * np.pi, FRAMES, endpoint=False)

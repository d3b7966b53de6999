"""Pictures, drawings and clips as the package ships them: small, on white, WebP, PNG and GIF."""

import io

import numpy as np
from PIL import Image

from drcl_mini.core.checks import require
from drcl_mini.data import media
from drcl_mini.data.features.picture import square

SIDE, CLIP_SIDE = 96, 48
"""Pixels along a side of pictures and drawings, and of clips."""
LARGE = 320
"""Pixels across that a vector drawing is painted with, before its margins are cut off."""
DPI = 90
"""Dots an inch that drawings which give their size in millimetres were made for."""
QUALITY = 85
GREYS, COLOURS, FRAMES = 16, 32, 12
ALMOST_WHITE = 244
"""Colours of a clip lighter than this become white, so that its ground does."""
FAINT = 150
"""Least of red, green and blue that the darkest hundredth of a picture may have at most."""
COLOURLESS, GREY_SHARE = 0.04, 0.45
"""Mean saturation below which, and share of grey among its ink below which, a picture is a drawing."""


def encoded(image: Image.Image, kind: str, **how: object) -> np.ndarray:
    """The bytes of an image file as a uint8 array."""
    file = io.BytesIO()
    image.save(file, kind, **how)
    return np.frombuffer(file.getvalue(), np.uint8)


def picture(image: Image.Image) -> np.ndarray:
    """A picture as WebP."""
    return encoded(fitted(image, SIDE), "WEBP", quality=QUALITY, method=6)


def drawing(image: Image.Image) -> np.ndarray:
    """A drawing as PNG with 16 greys."""
    return encoded(fitted(image, SIDE).convert("L").quantize(GREYS), "PNG", optimize=True)


def opened(content: bytes) -> Image.Image:
    """An image without its transparent margins, on white."""
    return on_white(Image.open(io.BytesIO(content)).convert("RGBA"))


def on_white(layer: Image.Image) -> Image.Image:
    """An image without its transparent margins, on white.

    Raises:
        ValueError: there is nothing to see.
    """
    box = layer.getchannel("A").getbbox()
    if box is None:
        raise ValueError("an empty picture")
    layer = layer.crop(box)
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def fitted(image: Image.Image, side: int) -> Image.Image:
    """An image in the middle of a white square, with a narrow margin."""
    inner = square(np.asarray(image), side - 4)
    return Image.fromarray(np.pad(inner, ((2, 2), (2, 2), (0, 0)), constant_values=255))


def painted(vector: bytes) -> Image.Image:
    """A drawing in SVG, painted without fonts.

    Raises:
        ValueError: it can't be painted, or shows nothing.
    """
    paint = require("resvg_py", "resvg-py").svg_to_bytes
    content = paint(svg_string=vector.decode("utf-8", "replace"), width=LARGE, dpi=DPI, skip_system_fonts=True)
    return opened(bytes(content))


def is_drawing(image: Image.Image) -> bool:
    """Whether a picture is black ink on white, without colours and with few greys.

    Example:
        >>> is_drawing(Image.new("RGB", (9, 9), "black")), is_drawing(Image.new("RGB", (9, 9), "red"))
        (True, False)
    """
    pixels = np.asarray(image).astype(int)
    ink = pixels[pixels.min(axis=2) < 250]
    if not len(ink):
        return False
    grey = ((ink.max(1) > 60) & (ink.max(1) < 200)).mean()
    return bool(np.ptp(ink, axis=1).mean() / 255 < COLOURLESS and grey < GREY_SHARE)


def is_faint(value: np.ndarray) -> bool:
    """Whether an encoded picture has nothing dark or coloured in it, so that nobody would see it."""
    pixels = media.picture(value).astype(int)
    return bool(np.percentile(pixels.min(axis=2), 1) > FAINT)


def clip(content: bytes) -> np.ndarray | None:
    """An animation as GIF of twelve frames, all in the same 32 colours; ``None`` if nothing moves."""
    animation = Image.open(io.BytesIO(content))
    count = getattr(animation, "n_frames", 1)
    layers = []
    for index in (count * np.arange(FRAMES) // FRAMES).tolist():
        animation.seek(index)
        layers.append(animation.convert("RGBA"))
    if len({layer.tobytes() for layer in layers}) < 2:
        return None
    boxes = np.array([layer.getchannel("A").getbbox() or (0, 0, *layer.size) for layer in layers])
    box = (*boxes[:, :2].min(0).tolist(), *boxes[:, 2:].max(0).tolist())
    frames = [_small(layer.crop(box)) for layer in layers]
    film = Image.fromarray(np.concatenate([np.asarray(frame) for frame in frames], axis=1))
    colours = film.quantize(COLOURS)
    shades = np.array(colours.getpalette(), np.uint8).reshape(-1, 3)
    shades[shades.min(axis=1) > ALMOST_WHITE] = 255
    colours.putpalette(shades.tobytes())
    first, *others = (frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in frames)
    duration = 10 * round(count * animation.info.get("duration", 40) / FRAMES / 10)
    return encoded(first, "GIF", save_all=True, append_images=others, duration=duration, loop=0)


def _small(layer: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", layer.size, "white")
    return fitted(Image.alpha_composite(ground, layer).convert("RGB"), CLIP_SIDE)

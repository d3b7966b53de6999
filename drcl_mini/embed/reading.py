"""One item as a model takes it, and as a data file keeps it for people."""

import hashlib
import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..core.checks import require
from .row import Row

SIDE = 1024
"""Pictures larger than this, in pixels, are made smaller before a model sees them."""
THUMBNAIL = 96
"""The longer side of a kept picture, in pixels."""
SECONDS = 30
"""How much of a sound a model hears."""
KEPT_SECONDS = 5
"""How much of a sound is kept."""
KEPT_RATE = 16_000
"""Samples a second of a kept sound."""
KEPT_LETTERS = 500
"""How much of a text is kept."""


class Item(NamedTuple):
    """An item that could be read."""

    given: Any
    """For a model: a PIL picture (RGB), a text, or samples and rate of a sound."""
    kept: Any
    """For people: WebP or FLAC bytes as a 1-D uint8 array, or a text."""


def digest(row: Row) -> int:
    """64 bits that tell apart what is given: the whole file, or the text without outer spaces."""
    hashed = hashlib.sha256(row.text.encode())
    if row.file:
        with open(row.file, "rb") as file:
            hashed = hashlib.file_digest(file, "sha256")
    return int.from_bytes(hashed.digest()[:8], "little", signed=True)


def read_item(row: Row) -> Item:
    """Open, decode and shorten one item.

    Raises:
        ValueError: it can't be read; the error says why in one line.
    """
    try:
        return {"picture": _picture, "text": _text, "sound": _sound}[row.kind](row)
    except ImportError:
        raise
    except Exception as error:  # broken files raise all kinds of errors
        why = " ".join(str(error).split()) or type(error).__name__
        if row.file:
            why = why.replace(str(row.file), row.where)
        raise ValueError(f"can't be read as a {row.kind}: {why}") from None


def _picture(row: Row) -> Item:
    Image = require("PIL.Image", "pillow")
    turned = require("PIL.ImageOps", "pillow").exif_transpose
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # large: it's an error then
        with Image.open(row.file) as file:
            file.draft("RGB", (SIDE, SIDE))  # JPEG: decode at half the size where that suffices
            picture = turned(file)
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        picture = Image.fromarray(_grey(np.asarray(picture, float)))
    picture = picture.convert("RGBA")
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    picture = picture.convert("RGB")
    picture.thumbnail((SIDE, SIDE))
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    opened = io.BytesIO()
    small.save(opened, "WEBP", quality=80, method=4)
    return Item(picture, np.frombuffer(opened.getvalue(), np.uint8))


def _grey(levels: np.ndarray) -> np.ndarray:
    """uint8 of more than 256 levels: black where they are least, white where they are greatest."""
    above = levels - levels.min()
    return np.rint(255 * above / max(above.max(), 1e-9)).astype(np.uint8)


def _text(row: Row) -> Item:
    text = row.text or Path(row.file).read_text(encoding="utf-8-sig")
    text = " ".join(text.replace("\0", " ").split())
    if not text:
        raise ValueError("the text is empty")
    return Item(text, text[:KEPT_LETTERS])


def _sound(row: Row) -> Item:
    soundfile = require("soundfile")
    with soundfile.SoundFile(row.file) as file:
        rate = file.samplerate
        samples = file.read(SECONDS * rate, dtype="float32", always_2d=True).mean(axis=1)
    if not len(samples) or not np.isfinite(samples).all():
        raise ValueError("it has no samples, or some that are no numbers")
    short = samples[: KEPT_SECONDS * rate]
    if rate != KEPT_RATE:
        short = require("librosa").resample(short, orig_sr=rate, target_sr=KEPT_RATE)
    opened = io.BytesIO()
    soundfile.write(opened, np.clip(short, -1, 1), KEPT_RATE, format="FLAC", subtype="PCM_16")
    return Item((samples, rate), np.frombuffer(opened.getvalue(), np.uint8))

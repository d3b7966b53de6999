"""Raw items as files hold them: encoded pictures, animations and sounds, and how to decode them.

An encoded item is a 1-D uint8 array with the bytes of a PNG, JPEG, WebP, GIF, FLAC, Ogg or WAV
file, so that an .npz can keep it without a pickle and a web page can show it as it is.
"""

import io
from typing import Any

import numpy as np

from ..core.checks import require

RATE = 8000
"""Samples a second of a sound that is given as int16 samples."""
SIGNATURES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"fLaC": "audio/flac",
    b"OggS": "audio/ogg",
}
"""First bytes of a file, and what it is."""
CONTAINED = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
"""What a RIFF file holds, by its bytes 8 to 11."""


def mime(item: Any) -> str | None:
    """The media type of an encoded item by its first bytes; ``None`` for anything else.

    Example:
        >>> mime(np.frombuffer(b"fLaC and more", np.uint8)), mime("a word")
        ('audio/flac', None)
    """
    if not isinstance(item, np.ndarray) or item.dtype != np.uint8 or item.ndim != 1:
        return None
    head = item[:12].tobytes()
    if head[:4] == b"RIFF":
        return CONTAINED.get(head[8:12])
    return next((kind for start, kind in SIGNATURES.items() if head.startswith(start)), None)


def pixels(item: Any) -> np.ndarray:
    """A picture or an animation: uint8 (T, H, W) in grey or (T, H, W, 3), T = 1 for a picture.

    Args:
        item: an encoded picture or animation, on white where it is transparent; uint8 (H, W, 3);
            numbers (H, W), dark where they are great; a clip uint8 (T, H, W) or (T, H, W, 3).

    Raises:
        ValueError: something else, or bytes that can't be decoded.

    Example:
        >>> pixels(np.eye(3)).shape
        (1, 3, 3)
    """
    array = np.asarray(item)
    kind = mime(array)
    if kind and kind.startswith("image/"):
        return _decoded(array, kind)
    bytes_ = array.dtype == np.uint8
    if bytes_ and array.ndim == 4 and array.shape[3] == 3:
        return array
    if bytes_ and array.ndim == 3 and array.shape[2] == 3:
        return array[None]
    if bytes_ and array.ndim == 3 and array.shape[2] > 4:
        return array
    if array.ndim == 2 and array.size:
        return grey(array)[None]
    told = f"an array of shape {array.shape} and type {array.dtype}"
    expected = "the bytes of a file, (H, W), uint8 (H, W, 3), (frames, H, W) or (frames, H, W, 3)"
    raise ValueError(f"{told} is no picture: expected {expected}")


def frames(item: Any) -> np.ndarray:
    """The :func:`pixels` in three colours: uint8 (T, H, W, 3).

    Example:
        >>> frames(np.eye(3)).shape
        (1, 3, 3, 3)
    """
    found = pixels(item)
    return found if found.ndim == 4 else np.repeat(found[..., None], 3, axis=3)


def grey(array: np.ndarray) -> np.ndarray:
    """uint8 (H, W): white where a table of numbers is least, black where it is greatest."""
    above = array.astype(float)
    above -= above.min()
    return (255 * (1 - above / max(above.max(), 1e-9))).astype(np.uint8)


def picture(item: Any) -> np.ndarray:
    """The first of the :func:`frames`: uint8 (H, W, 3).

    Example:
        >>> picture(np.eye(3))[0, :, 0]
        array([  0, 255, 255], dtype=uint8)
    """
    return frames(item)[0]


def sound(item: Any) -> tuple[np.ndarray, int]:
    """Samples of one channel, float32 from -1 to 1, and how many there are a second.

    Args:
        item: an encoded sound, or int16 samples at 8 kHz.

    Raises:
        ValueError: something else, or bytes that can't be decoded.

    Example:
        >>> samples, rate = sound(np.array([0, 16384], np.int16))
        >>> samples.tolist(), rate
        ([0.0, 0.5], 8000)
    """
    array = np.asarray(item)
    if array.ndim == 1 and array.dtype == np.int16:
        return array.astype(np.float32) / 32768, RATE
    kind = mime(array)
    if not (kind and kind.startswith("audio/")):
        told = f"an array of shape {array.shape} and type {array.dtype}"
        raise ValueError(f"{told} is no sound: expected FLAC, Ogg or WAV bytes, or int16 samples")
    soundfile = require("soundfile")
    try:
        samples, rate = soundfile.read(io.BytesIO(array.tobytes()), dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"can't decode a sound of {len(array)} bytes: {error}") from None
    return samples.mean(axis=1), rate


def _decoded(array: np.ndarray, kind: str) -> np.ndarray:
    Image = require("PIL.Image", "pillow")
    sequence = require("PIL.ImageSequence", "pillow")
    pictures = []
    try:
        with Image.open(io.BytesIO(array.tobytes())) as file:
            for frame in sequence.Iterator(file):
                layer = frame.convert("RGBA")
                ground = Image.new("RGBA", layer.size, "white")
                pictures.append(np.asarray(Image.alpha_composite(ground, layer).convert("RGB")))
    except Exception as error:  # damaged files raise all kinds of errors
        told = f"can't decode {kind} of {len(array)} bytes"
        raise ValueError(f"{told}: {error or type(error).__name__}") from None
    return np.stack(pictures)

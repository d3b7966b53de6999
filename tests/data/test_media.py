"""Encoded pictures, animations and sounds come back as pixels and samples."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from drcl_mini.data.media import frames, mime, picture, sound

RED = np.zeros((4, 6, 4), np.uint8)
RED[:, :3] = (255, 0, 0, 255)  # the right half is transparent


def encoded(kind, *pictures, **how):
    file = io.BytesIO()
    first, *others = map(Image.fromarray, pictures)
    more = {"save_all": True, "append_images": others} if others else {}
    first.save(file, kind, **more, **how)
    return np.frombuffer(file.getvalue(), np.uint8)


def wav(samples, rate=16000):
    file = io.BytesIO()
    wavfile.write(file, rate, samples)
    return np.frombuffer(file.getvalue(), np.uint8)


@pytest.mark.parametrize(("kind", "how"), [("PNG", {}), ("WEBP", {"lossless": True})])
def test_what_is_transparent_is_white(kind, how):
    pixels = picture(encoded(kind, RED, **how))
    assert pixels.shape == (4, 6, 3)
    assert (pixels[:, :3] == (255, 0, 0)).all()
    assert (pixels[:, 3:] == 255).all()


def test_an_animation_has_all_its_frames():
    clip = [np.full((4, 4, 3), grey, np.uint8) for grey in (0, 128, 255)]
    assert frames(encoded("GIF", *clip, duration=90))[:, 0, 0, 0].tolist() == [0, 128, 255]


def test_transparency_is_refused_in_arrays():
    with pytest.raises(ValueError, match=r"shape \(4, 6, 4\) and type uint8 is no picture"):
        frames(RED)


@pytest.mark.parametrize("item", [RED[..., :3], np.zeros((5, 8, 8), np.uint8), np.zeros((2, 4, 4, 3), np.uint8)])
def test_pixels_are_frames(item):
    found = frames(item)
    assert found.ndim == 4
    assert found.shape[3] == 3
    assert len(found) == (1 if item.shape == (4, 6, 3) else len(item))


def test_sounds_have_one_channel_and_a_rate():
    both = np.array([[16384, 0], [-16384, -16384]], np.int16)
    samples, rate = sound(wav(both))
    assert rate == 16000
    assert samples.dtype == np.float32
    assert samples.tolist() == [0.25, -0.5]


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("image/jpeg", encoded("JPEG", RED[..., :3])),
        ("image/webp", encoded("WEBP", RED)),
        ("audio/wav", wav(np.zeros(9, np.int16))),
        (None, np.zeros(9, np.uint8)),
        (None, np.zeros((4, 4), np.uint8)),
        (None, "a word"),
    ],
)
def test_the_first_bytes_tell_the_kind(kind, item):
    assert mime(item) == kind


@pytest.mark.parametrize("read", [picture, sound])
def test_damaged_bytes_are_refused_with_their_size(read):
    whole = encoded("PNG", RED) if read is picture else wav(np.zeros(99, np.int16))
    with pytest.raises(ValueError, match=r"can't decode .* of 20 bytes"):
        read(whole[:20])


@pytest.mark.parametrize("read", [picture, sound])
def test_something_else_is_refused_with_what_is_expected(read):
    with pytest.raises(ValueError, match=r"array of shape \(3, 3, 3\) and type float64 is no .*: expected"):
        read(np.zeros((3, 3, 3)))

"""What people see and hear of raw items: decode the HTML again and compare."""

import base64
import io
import re
import wave

import numpy as np
import pytest
from PIL import Image

from drcl_mini.app.show import as_html, show
from drcl_mini.data.media import RATE

SOURCE = np.random.default_rng(0)
PICTURE = SOURCE.integers(0, 256, (32, 32, 3), dtype=np.uint8)
CLIP = SOURCE.integers(0, 256, (5, 16, 16), dtype=np.uint8)
SOUND = SOURCE.integers(-9000, 9000, 800, dtype=np.int16)
CLOUD = SOURCE.normal(size=(50, 3)).astype(np.float32)


def payload(html):
    kind, data = re.search(r"data:([\w/+]+);base64,([\w+/=]+)", html).groups()
    return kind, io.BytesIO(base64.b64decode(data))


def test_a_picture_keeps_its_pixels():
    kind, file = payload(as_html(PICTURE))
    assert kind == "image/png"
    assert (np.asarray(Image.open(file)) == PICTURE).all()


def test_a_grey_picture_is_dark_where_it_is_great():
    kind, file = payload(as_html(np.array([[0.0, 16.0], [8.0, 4.0]])))
    assert kind == "image/png"
    assert np.asarray(Image.open(file)).tolist() == [[255, 0], [127, 191]]


@pytest.mark.parametrize(("item", "frames"), [(CLIP, 5), (CLOUD, 12)])
def test_clips_and_shapes_move(item, frames):
    still, moving = as_html(item).split("<img", 1)
    kind, file = payload(moving)
    assert kind == "image/gif"
    assert Image.open(file).n_frames == frames
    assert '<source media="(prefers-reduced-motion: reduce)"' in still
    assert payload(still)[0] == "image/png"


def test_a_sound_can_be_played():
    kind, file = payload(as_html(SOUND))
    assert kind == "audio/wav"
    with wave.open(file) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (RATE, 1, 800)
        assert (np.frombuffer(sound.readframes(800), "<i2") == SOUND).all()


def test_a_caption_is_shown_as_it_is_written():
    assert "&lt;b&gt; cat" in as_html("<b> cat")
    assert "<b>" not in as_html(PICTURE, '<b>" onload="x')
    assert show("a cat").data == as_html("a cat")


@pytest.mark.parametrize("item", [PICTURE, CLIP, SOUND, CLOUD])
def test_a_screen_reader_reads_the_caption(item):
    html = as_html(item, "a cat")
    assert 'alt="a cat"' in html or 'aria-label="a cat"' in html


@pytest.mark.parametrize("item", [np.zeros(3), np.zeros((2, 2, 2, 2)), np.zeros((4, 4, 3))])
def test_something_else_is_an_error(item):
    with pytest.raises(ValueError, match="can't show this: an array of shape"):
        show(item)


def file_bytes(kind, *pictures):
    file = io.BytesIO()
    first, *others = map(Image.fromarray, pictures)
    more = {"save_all": True, "append_images": others} if others else {}
    first.save(file, kind, **more)
    return np.frombuffer(file.getvalue(), np.uint8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_encoded_picture_is_shown_as_it_is(kind):
    item = file_bytes(kind, PICTURE)
    shown, file = payload(as_html(item, "a cat"))
    assert shown == f"image/{kind.lower()}"
    assert file.getvalue() == item.tobytes()


def test_an_encoded_clip_moves_unless_reduced_motion_is_asked_for():
    item = file_bytes("GIF", *CLIP)
    still, moving = as_html(item).split("<img", 1)
    assert payload(moving)[1].getvalue() == item.tobytes()
    assert payload(still)[0] == "image/png"


def test_a_pen_writes_through_its_points():
    kind, file = payload(as_html(np.array([[0, 0], [100, 0], [100, 50]])))
    points = re.search(r'points="([^"]+)"', file.getvalue().decode())[1]
    assert kind == "image/svg+xml"
    assert [tuple(map(int, p.split(","))) for p in points.split()] == [(10, 70), (90, 70), (90, 30)]
    assert b"prefers-reduced-motion: no-preference" in file.getvalue()


def test_a_lit_shape_shows_its_colours_and_lights_what_faces_the_light():
    up, down = (
        np.column_stack([SOURCE.uniform(-100, 100, (400, 2)), np.full(400, z), np.tile([0, 0, z], (400, 1))])
        for z in (120, -120)
    )
    colour = np.tile([127, 0, 0], (800, 1))
    surface = np.hstack([np.vstack([up, down]), colour]).astype(np.int8)
    kind, file = payload(as_html(surface).split("<img", 1)[1])
    frame = np.asarray(Image.open(file).convert("RGB")).astype(int)
    drawn = frame[(frame != 255).any(axis=2)]
    assert kind == "image/gif"
    assert len(drawn) > 200
    assert (drawn[:, 0] > drawn[:, 1:].max(axis=1)).mean() > 0.8

import io

import numpy as np
import pytest
from PIL import Image

from drcl_mini.data.features import clip_features, picture_features


def gif(frames):
    first, *others = (Image.fromarray(frame) for frame in frames)
    file = io.BytesIO()
    first.save(file, "GIF", save_all=True, append_images=others, duration=100, loop=0)
    return np.frombuffer(file.getvalue(), np.uint8)


@pytest.fixture
def moving():
    """A black square of 16 pixels that jumps from the upper left to the lower right corner."""
    frames = np.full((4, 64, 64, 3), 255, np.uint8)
    frames[:2, :16, :16] = 0
    frames[2:, 48:, 48:] = 0
    return frames


def test_motion_is_where_and_when_something_moves(moving):
    fields, moments = np.split(clip_features([moving])[0, -72:], [64])
    fields = fields.reshape(8, 8)
    expected = np.zeros((8, 8))
    expected[:2, :2] = expected[6:, 6:] = 1 / 3  # one of three steps
    np.testing.assert_allclose(fields, expected, atol=1e-6)
    np.testing.assert_allclose(moments, [0, 0, 0, 1 / 8, 1 / 8, 1 / 8, 0, 0], atol=1e-6)


def test_the_mean_frame_is_described_as_a_picture_is(moving):
    mean = np.round(moving.mean(axis=0)).astype(np.uint8)
    assert np.array_equal(clip_features([moving])[0, :-72], picture_features([mean])[0])


def test_an_animation_and_its_frames_have_the_same_features(moving):
    moving[[1, 3], 24:40, 24:40] = 0
    found = clip_features([gif(moving), moving])
    assert found.shape == (2, 444)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)


def test_a_still_picture_moves_nowhere():
    assert not clip_features([np.zeros((5, 5, 3), np.uint8)])[0, -72:].any()


def test_what_is_no_clip_is_refused():
    with pytest.raises(ValueError, match="can't decode image/gif"):
        clip_features([np.frombuffer(b"GIF89a and nothing more", np.uint8)])

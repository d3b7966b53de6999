"""Pictures: the same features for pixels and for files, colours where they are, edges without colours."""

import io

import numpy as np
import pytest
from PIL import Image

from drcl_mini.data.features import picture_features
from drcl_mini.data.features.picture import square


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8)


def test_files_and_pixels_give_the_same(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    encoded = np.frombuffer(file.getvalue(), np.uint8)
    both = picture_features([pixels, encoded])
    assert both.shape == (2, 372)
    assert both.dtype == np.float32
    assert np.array_equal(both[0], both[1])
    assert np.array_equal(picture_features([pixels], colour=False)[0], both[0, :324])


def test_colours_are_means_of_fields_from_top_left():
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[:16, 16:32] = [255, 0, 0]
    colours = picture_features([picture])[0, 324:].reshape(4, 4, 3)
    expected = np.ones((4, 4, 3))
    expected[0, 1, 1:] = 0
    assert np.allclose(colours, expected)


def test_pictures_are_fitted_into_white(pixels):
    fitted = square(pixels, 64)
    assert fitted.shape == (64, 64, 3)
    empty = (fitted == 255).all(axis=(1, 2))
    assert empty.sum() == 64 - round(50 * 64 / 90)
    assert empty[:14].all()
    assert empty[-14:].all()


def test_what_is_no_picture_is_told(complains):
    with complains("is no picture: expected the bytes of a file"):
        picture_features([np.arange(9)])

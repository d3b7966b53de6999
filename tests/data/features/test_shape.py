import numpy as np
import pytest

from drcl_mini.data.features import shape_features

GRID, BINS = 12, 32


def solid(points, colour=(127, 0, 0)):
    """A shape whose normals lead away from the middle."""
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    parts = [points, points / lengths, np.tile(np.array(colour) / 127, (len(points), 1))]
    return np.round(127 * np.concatenate(parts, axis=1)).astype(np.int8)


@pytest.fixture
def ball():
    points = np.random.default_rng(0).normal(size=(1024, 3))
    return solid(points / np.linalg.norm(points, axis=1, keepdims=True))


def test_what_each_part_says(ball):
    flat = ball.copy()
    flat[:, 1] = 0
    flat[:, 6:] = [0, 0, 127]
    both = shape_features([ball, flat])
    assert both.shape == (2, 537)
    assert both.dtype == np.float32
    distances, reach, views, faced, shades = np.split(both, np.cumsum([BINS, 3, 3 * GRID**2, 6]), axis=1)
    np.testing.assert_allclose(distances.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(reach, [[1, 1, 1], [1, 0, 1]], atol=0.01)
    np.testing.assert_allclose((views**2).sum(axis=1), 3, rtol=1e-5)
    np.testing.assert_allclose(faced[0], 0.25, atol=0.03)
    assert shades[0, 48] == shades[1, 3] == 1
    assert np.count_nonzero(shades) == 2


def test_views_are_seen_from_the_front_the_side_and_above():
    """A plate that stands in the x-y plane fills the front view and is a line from the side and above."""
    plate = np.random.default_rng(1).uniform(-1, 1, size=(1024, 3)) * [1, 1, 0.01]
    front, side, above = shape_features([solid(plate)])[0, BINS + 3 : BINS + 3 + 3 * GRID**2].reshape(3, GRID, GRID)
    assert (front > 0).mean() > 0.95
    assert (side > 0).mean() <= 2 / GRID
    assert (above > 0).mean() <= 2 / GRID


def test_distances_against_plain_loops(ball):
    points, found = ball[:, :3] / 127, []
    for step in (101, 211, 307, 401, 503):
        for i in range(1024):
            found.append(np.sqrt(((points[i] - points[i - step]) ** 2).sum()))
    expected = np.histogram(found, BINS, (0, 2 * np.sqrt(3)))[0] / len(found)
    np.testing.assert_allclose(shape_features([ball])[0, :BINS], expected, rtol=1e-6)


def test_an_item_has_the_same_features_whatever_stands_beside_it(ball):
    other = ball[:, [1, 0, 2, 4, 3, 5, 8, 7, 6]] // 2
    assert np.array_equal(shape_features([other, ball])[1], shape_features([ball])[0])
    assert shape_features([]).shape == (0, 537)


@pytest.mark.parametrize("form", [(1024, 3), (9,), (0, 9)])
def test_other_forms_are_refused(form):
    with pytest.raises(ValueError, match=r"expected \(points, 9\)"):
        shape_features([np.zeros(form, np.int8)])

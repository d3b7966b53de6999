"""Black and white pictures: edges by direction, each picture for itself."""

import numpy as np
import pytest

from drcl_mini.data.features import bit_features


def test_nothing_has_no_edges_and_others_do_not_matter():
    pictures = np.random.default_rng(0).integers(0, 2, (5, 16, 16), dtype=np.uint8)
    pictures[2] = 0
    table = bit_features(pictures)
    assert table.shape == (5, 324)
    assert table.dtype == np.float32
    assert not table[2].any()
    assert np.array_equal(table[3], bit_features(pictures[3:4])[0])


def test_directions_of_edges_are_told_apart():
    upright, flat = np.zeros((2, 16, 16))
    upright[:, 8:] = flat[8:] = 1
    strongest = [bit_features(one[None]).reshape(-1, 9).sum(axis=0).argmax() for one in (upright, flat)]
    assert abs(strongest[0] - strongest[1]) == 4, "of 9 directions over 180 degrees"


@pytest.mark.parametrize("shape", [(16, 16), (3, 4, 16), (2, 3, 16, 16)])
def test_another_shape_is_told(complains, shape):
    with complains(str(shape), "expected (n, H, W)"):
        bit_features(np.zeros(shape))

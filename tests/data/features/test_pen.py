"""Pen movements: points and directions, against plain loops."""

import math
from itertools import pairwise

import numpy as np
import pytest

from drcl_mini.data.features import pen_features


def test_points_and_directions_are_those_of_a_loop():
    ways = np.random.default_rng(0).integers(0, 101, (6, 8, 2), dtype=np.uint8)
    ways[1, 3] = ways[1, 4]
    for way, row in zip(ways.tolist(), pen_features(ways), strict=True):
        points = [2 * value / 100 - 1 for point in way for value in point]
        directions = []
        for (x, y), (u, v) in pairwise(way):
            length = math.hypot(u - x, v - y)
            directions += [(u - x) / length, (v - y) / length] if length else [0.0, 0.0]
        assert np.allclose(row, points + directions, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 2), (3, 1, 2), (3, 8, 3)])
def test_another_shape_is_told(complains, shape):
    with complains(str(shape), "expected (n, P, 2)"):
        pen_features(np.zeros(shape))

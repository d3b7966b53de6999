import numpy as np
import pytest
import torch

import drcl_mini.search
from drcl_mini import nearest_neighbours

SOURCE = np.random.default_rng(0)
ONCE = SOURCE.normal(size=(12, 33))
GALLERY = np.concatenate([ONCE, ONCE[::2], ONCE[:7]])  # each item up to three times: ties
QUERIES = SOURCE.normal(size=(9, 33))


@pytest.fixture(params=[1, 2, 5, 4096])
def rows(request, monkeypatch):
    monkeypatch.setattr(drcl_mini.search, "ROWS", request.param)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("k", [1, 3, 25, 1000])
def test_equals_brute_force_whatever_the_blocks(k, rank_order):
    order, cosines = rank_order(QUERIES, GALLERY)
    found = nearest_neighbours(QUERIES, GALLERY, k)
    assert found.indices.tolist() == [row[:k] for row in order]
    best = [[cosines[i][j] for j in row[:k]] for i, row in enumerate(order)]
    assert found.scores == pytest.approx(np.array(best), abs=1e-6)
    assert (found.indices.dtype, found.scores.dtype) == (np.int64, np.float32)


@pytest.mark.usefixtures("rows")
def test_ties_over_block_borders_go_by_index():
    gallery = np.zeros((11, 2))
    gallery[:, 1] = 1
    gallery[[3, 7]] = [1, 0]
    assert nearest_neighbours([[1, 0]], gallery, 5).indices.tolist() == [[3, 7, 0, 1, 2]]
    assert nearest_neighbours([[0, 3]], gallery, 11).indices.tolist() == [[0, 1, 2, 4, 5, 6, 8, 9, 10, 3, 7]]


def test_lengths_of_rows_do_not_matter():
    lengths = 2.0 ** SOURCE.integers(-20, 20, (len(GALLERY), 1))
    assert np.array_equal(
        nearest_neighbours(QUERIES, GALLERY, 25)[0], nearest_neighbours(QUERIES, GALLERY * lengths, 25)[0]
    )


@pytest.mark.parametrize("convert", [np.float32, np.asfortranarray, np.ndarray.tolist, torch.from_numpy])
def test_takes_any_array(convert):
    found = nearest_neighbours(convert(QUERIES), convert(GALLERY), 4)
    assert np.array_equal(found.indices, nearest_neighbours(QUERIES, GALLERY, 4).indices)


def test_dimensions_that_differ_are_told_without_speaking_of_a_model(complains):
    with pytest.raises(ValueError, match=r"3.*2") as caught:
        nearest_neighbours([[1.0, 2.0]], [[1.0, 2.0, 3.0]], 1)
    assert "model" not in str(caught.value)


@pytest.mark.parametrize("k", [0, -1, 2.0, True, None, "3"])
def test_k_is_an_integer_of_at_least_one(k, complains):
    with complains("k is", repr(k), "at least 1"):
        nearest_neighbours(QUERIES, GALLERY, k)

import numpy as np
import pytest
import torch

import drcl_mini.retrieval.search
from drcl_mini import Neighbours, nearest_neighbours
from drcl_mini.retrieval.search import recall

SOURCE = np.random.default_rng(0)
ONCE = SOURCE.normal(size=(12, 33))
GALLERY = np.concatenate([ONCE, ONCE[::2], ONCE[:7]])  # each item up to three times: ties
QUERIES = SOURCE.normal(size=(9, 33))


MEMORIES = [1, 20_000, 200_000, 2**26]  # row by row and item by item, …, all at once


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("k", [1, 3, 25, 1000])
def test_equals_brute_force_whatever_the_blocks(k, memory, rank_order):
    order, cosines = rank_order(QUERIES, GALLERY)
    found = nearest_neighbours(QUERIES, GALLERY, k, memory=memory)
    assert found.indices.tolist() == [row[:k] for row in order]
    best = [[cosines[i][j] for j in row[:k]] for i, row in enumerate(order)]
    assert found.scores == pytest.approx(np.array(best), abs=1e-6)
    assert (found.indices.dtype, found.scores.dtype) == (np.int64, np.float32)


@pytest.mark.parametrize("memory", MEMORIES)
def test_ties_over_block_borders_go_by_index(memory):
    gallery = np.zeros((11, 2))
    gallery[:, 1] = 1
    gallery[[3, 7]] = [1, 0]
    assert nearest_neighbours([[1, 0]], gallery, 5, memory=memory).indices.tolist() == [[3, 7, 0, 1, 2]]
    order = [0, 1, 2, 4, 5, 6, 8, 9, 10, 3, 7]
    assert nearest_neighbours([[0, 3]], gallery, 11, memory=memory).indices.tolist() == [order]


def reference(query, gallery, k):
    """All cosines at once in float64, rounded, and a stable sort."""
    lengths = [np.linalg.norm(np.float64(x), axis=1, keepdims=True) for x in (query, gallery)]
    unit = [x / np.where(length > 0, length, 1) for x, length in zip((query, gallery), lengths, strict=True)]
    cosines = (np.round(unit[0] @ unit[1].T * 2**36) / 2**36).astype(np.float32)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
    return Neighbours(order, np.take_along_axis(cosines, order, axis=1))


def nasty():
    """Queries and galleries of several blocks that a filter of candidates may get wrong."""
    source = np.random.default_rng(1)

    def rows(*shape):
        return source.normal(size=shape).astype(np.float32)

    once, query = rows(50, 8), rows(20, 8)
    lengths = (10.0 ** source.uniform(-30, 17, (3000, 1))).astype(np.float32)
    ascending = rows(3000, 8)
    return {
        "random": (query, rows(3001, 8)),
        "more ties than k": (query, once[source.integers(0, 50, 3000)]),
        "all equal": (query, np.ones((3000, 8), np.float32)),
        "equal but one, last": (query, np.concatenate([np.ones((2999, 8), np.float32), query[:1]])),
        "nearly equal": (query, 1 + 1e-6 * rows(3000, 8)),
        "tiny and huge rows": (query, rows(3000, 8) * lengths),
        "zeros": (query * (np.arange(20) % 2)[:, None], rows(3000, 8) * (np.arange(3000) % 3 == 0)[:, None]),
        "best last": (query[:1], ascending[np.argsort(ascending @ query[0])]),
        "best first": (query[:1], ascending[np.argsort(-ascending @ query[0])]),
        "one dimension": (rows(20, 1), rows(3000, 1)),
        "few values": (np.sign(query), np.sign(rows(3000, 8))),
        "a prime number of items": (query, rows(1031, 8)),
        "fewer items than a group": (query, rows(5, 8)),
    }


@pytest.mark.parametrize("memory", [100_000, 2**26])
@pytest.mark.parametrize("k", [1, 10, 700, 5000])
@pytest.mark.parametrize("case", nasty().values(), ids=nasty())
def test_equals_a_full_sort_in_nasty_cases(case, k, memory):
    found, expected = nearest_neighbours(*case, k, memory=memory), reference(*case, k)
    assert np.array_equal(found.indices, expected.indices)
    assert np.array_equal(found.scores, expected.scores)


def test_a_device_out_of_memory_gets_smaller_blocks(monkeypatch):
    search, seen = drcl_mini.retrieval.search.best_keys, []

    def short_of_memory(queries, *rest):
        seen.append(len(queries))
        if len(queries) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return search(queries, *rest)

    monkeypatch.setattr(drcl_mini.retrieval.search, "best_keys", short_of_memory)
    assert np.array_equal(nearest_neighbours(QUERIES, GALLERY, 4)[0], reference(QUERIES, GALLERY, 4)[0])
    assert seen == [9, 4, 2, 2, 2, 2, 1]


def test_recall_counts_the_exact_items_found(complains):
    exact = nearest_neighbours(QUERIES, GALLERY, 4)
    assert recall(exact, exact) == 1
    other = exact.indices.copy()
    other[:, 0], other[0] = -1, [-1, -1, -1, -1]
    assert recall(Neighbours(other, exact.scores), exact) == pytest.approx(8 * 3 / (9 * 4))
    with complains("(9, 4)", "(9, 3)"):
        recall(exact, nearest_neighbours(QUERIES, GALLERY, 3))


def test_lengths_of_rows_do_not_matter():
    lengths = 2.0 ** SOURCE.integers(-20, 20, (len(GALLERY), 1))
    assert np.array_equal(
        nearest_neighbours(QUERIES, GALLERY, 25)[0], nearest_neighbours(QUERIES, GALLERY * lengths, 25)[0]
    )


@pytest.mark.parametrize("convert", [np.float32, np.asfortranarray, np.ndarray.tolist, torch.from_numpy])
def test_takes_any_array(convert):
    found = nearest_neighbours(convert(QUERIES), convert(GALLERY), 4)
    assert np.array_equal(found.indices, nearest_neighbours(QUERIES, GALLERY, 4).indices)


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        *(({"k": k}, [f"k is {k!r}", "at least 1"]) for k in (0, -1, 2.0, True, None, "3")),
        *(
            ({"memory": memory}, [f"memory (bytes) is {memory!r}", "at least 1"])
            for memory in (0, -1, 1.5, True, None, "1 GB")
        ),
        *(({"device": d}, [f"device '{d}' can't be used"]) for d in ("gpu", "cuda:99", None, "meta")),
        ({"gallery": [[1.0, 2.0]]}, ["the queries have 33 dimensions, the gallery has 2"]),
    ],
)
def test_what_does_not_fit_is_named(arguments, fragments, complains):
    with complains(*fragments):
        nearest_neighbours(**{"query": QUERIES, "gallery": GALLERY, "k": 1} | arguments)


def test_equal_items_tie_even_where_the_cosine_is_nearly_zero():
    source = np.random.default_rng(4)
    item, queries = source.normal(size=(1, 257)), source.normal(size=(60, 257))
    queries -= queries @ item.T / (item @ item.T) * item  # orthogonal, but for rounding
    found = nearest_neighbours(queries, np.repeat(item, 1031, axis=0), 1031)
    assert (found.indices == np.arange(1031)).all()


def test_k_may_be_a_small_integer_type():
    assert nearest_neighbours([[1, 0]], np.ones((300, 2)), np.int8(100)).indices.shape == (1, 100)

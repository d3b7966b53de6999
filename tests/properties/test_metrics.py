"""Metrics and search against an exact reference, in fractions, on small integers: full of ties, twins and zeros."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drcl_mini import Split, evaluate, mean_average_precision, nearest_neighbours, precision_at_k, precision_recall

MEMORIES = st.sampled_from([1, 3000, 2**27])
CUTS = st.one_of(st.none(), st.integers(1, 16))


def rows(n, dim):
    return arrays(np.int8, (n, dim), elements=st.integers(-2, 2))


@st.composite
def multi_hot(draw, n, classes):
    y = draw(arrays(np.int64, (n, classes), elements=st.integers(0, 1)))
    y[np.arange(n), draw(arrays(np.int64, n, elements=st.integers(0, classes - 1)))] = 1
    return y


@st.composite
def retrieval(draw):
    """Queries, their labels, a gallery, its labels: some classes may be absent, or the only one."""
    m, n, dim = draw(st.integers(1, 6)), draw(st.integers(1, 12)), draw(st.integers(1, 4))
    classes = draw(st.integers(1, 4))
    if classes == 1 or draw(st.booleans()):
        labels = [draw(arrays(np.int64, size, elements=st.integers(0, classes - 1))) for size in (m, n)]
    else:
        labels = [draw(multi_hot(size, classes)) for size in (m, n)]
    return draw(rows(m, dim)), labels[0], draw(rows(n, dim)), labels[1]


def ranked(query, gallery):
    """Gallery indices of each query, by exact descending cosine, ties by index."""

    def key(q, g):
        dot = int(np.dot(q, g))
        return Fraction(dot * abs(dot), max(1, int(np.dot(g, g))))  # signed square: sorts as the cosine does

    query, gallery = query.astype(int), gallery.astype(int)
    return [sorted(range(len(gallery)), key=lambda j, q=q: (-key(q, gallery[j]), j)) for q in query]


def relevance(query, query_labels, gallery, gallery_labels):
    def relevant(a, b):
        return int(a == b if query_labels.ndim == 1 else (a & b).any())

    orders = ranked(query, gallery)
    return [[relevant(y, gallery_labels[j]) for j in order] for y, order in zip(query_labels, orders, strict=True)]


def average_precision(row, k):
    hits = [sum(row[: j + 1]) / (j + 1) for j, relevant in enumerate(row[:k]) if relevant]
    return sum(hits) / len(hits) if hits else 0.0


def interpolated(row, recall):
    found = [sum(row[: j + 1]) for j in range(len(row))]
    return max(hits / (j + 1) for j, hits in enumerate(found) if hits / found[-1] >= recall - 1e-9)


@given(retrieval(), CUTS, MEMORIES)
def test_map(case, k, memory):
    expected = np.mean([average_precision(row, k) for row in relevance(*case)])
    assert mean_average_precision(*case, k, memory=memory) == pytest.approx(expected, abs=1e-12)


@given(retrieval(), st.integers(1, 16), MEMORIES)
def test_precision_at_k(case, k, memory):
    expected = np.mean([sum(row[:k]) / k for row in relevance(*case)])
    assert precision_at_k(*case, k, memory=memory) == pytest.approx(expected, abs=1e-12)


@given(retrieval(), st.integers(2, 7), MEMORIES)
def test_precision_recall(case, points, memory):
    recall, precision = precision_recall(*case, points, memory=memory)
    found = [row for row in relevance(*case) if any(row)]
    expected = [np.mean([interpolated(row, r) for row in found]) if found else 0 for r in recall]
    assert precision == pytest.approx(np.array(expected), abs=1e-9)


@given(retrieval(), st.integers(1, 16), MEMORIES)
def test_search(case, k, memory):
    query, _, gallery, _ = case
    found = nearest_neighbours(query, gallery, k, memory=memory)
    assert found.indices.tolist() == [order[:k] for order in ranked(query, gallery)]
    assert (np.diff(found.scores) <= 0).all()
    assert (np.abs(found.scores) <= 1 + 1e-6).all()


@given(retrieval(), st.randoms(use_true_random=False))
def test_names_of_classes_and_order_of_queries_do_not_matter(case, chance):
    query, query_labels, gallery, gallery_labels = case
    order, names = list(range(len(query))), list(range(4))
    chance.shuffle(order)
    chance.shuffle(names)

    def renamed(y):
        return np.array(names)[y] if y.ndim == 1 else y[:, sorted(range(y.shape[1]), key=lambda c: names[c])]

    turned = query[order], renamed(query_labels)[order], gallery, renamed(gallery_labels)
    assert mean_average_precision(*turned) == pytest.approx(mean_average_precision(*case), abs=1e-12)


@given(retrieval(), st.randoms(use_true_random=False))
def test_order_of_the_gallery_matters_to_ties_alone(case, chance):
    query, query_labels, gallery, gallery_labels = case
    assume(gallery.shape[1] > 1 and query.any(axis=1).all())  # in one dimension, and to zero, all cosines tie
    apart = gallery + np.random.default_rng(chance.randrange(99)).normal(size=gallery.shape)
    order = list(range(len(gallery)))
    chance.shuffle(order)
    expected = mean_average_precision(query, query_labels, apart, gallery_labels)
    turned = mean_average_precision(query, query_labels, apart[order], gallery_labels[order])
    assert turned == pytest.approx(expected, abs=1e-12)


@given(st.data())
def test_the_order_of_modalities_does_not_matter(data):
    names = data.draw(st.permutations(["image", "text", "3d"]))
    source = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = {name: source.normal(size=(size, 3)) for name, size in (("image", 7), ("text", 5), ("3d", 4))}
    y = {name: np.arange(len(rows)) % 3 for name, rows in x.items()}
    there = evaluate(x, Split(x, y), [None, 2])
    turned = {name: x[name] for name in names}
    again = evaluate(turned, Split(turned, {name: y[name] for name in reversed(names)}), [None, 2])
    assert again.scores == there.scores
    assert again.mean() == pytest.approx(there.mean(), abs=1e-12)

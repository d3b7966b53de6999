"""Recasting on random ranks, shapes and scales; augmentation on random shares."""

import warnings

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from drcl_mini.method.augmentation import augment
from drcl_mini.method.recasting import pseudo_inverse, recast


@st.composite
def priors(draw, full=False):
    """W (D, C) in float64 of a known rank, with singular values within a factor of 100, of any scale."""
    classes = draw(st.integers(1, 8))
    dim = draw(st.integers(classes if full else 1, 12))
    rank = min(dim, classes) if full else draw(st.integers(1, min(dim, classes)))
    source = np.random.default_rng(draw(st.integers(0, 10**6)))
    left, right = (np.linalg.qr(source.normal(size=(n, rank)))[0] for n in (dim, classes))
    values = 10.0 ** (draw(st.integers(-8, 8)) + source.uniform(0, 2, rank))
    return torch.from_numpy(left * values @ right.T), rank


def quiet(prior):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pseudo_inverse(prior)


def near(a, b, tolerance=1e-8):
    return bool((a - b).norm() <= tolerance * max(float(b.norm()), 1e-300))


@given(priors(), st.sampled_from([torch.float64, torch.float32]))
def test_penrose_conditions(drawn, dtype):
    prior = drawn[0].to(dtype)
    inverse, tolerance = quiet(prior), 1e-8 if dtype == torch.float64 else 1e-2
    assert inverse.dtype == dtype
    w, p = prior.double(), inverse.double()
    assert near(w @ p @ w, w, tolerance)
    assert near(p @ w @ p, p, tolerance)
    assert near((w @ p).T, w @ p, tolerance)
    assert near((p @ w).T, p @ w, tolerance)


@given(priors(full=True))
def test_full_column_rank_reads_every_label_back(drawn):
    prior, rank = drawn
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inverse = pseudo_inverse(prior)
    assert rank == prior.shape[1]
    assert near(inverse @ prior, torch.eye(rank, dtype=torch.float64))


@given(priors(full=True), st.integers(0, 99))
def test_any_labels_survive_the_way_there_and_back(drawn, seed):
    labels = torch.from_numpy(np.random.default_rng(seed).dirichlet(np.ones(drawn[1]), 5))
    assert near(recast(labels, drawn[0]) @ drawn[0], labels)


@given(priors())
def test_a_warning_comes_with_a_lost_rank_and_only_then(drawn):
    prior, rank = drawn
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pseudo_inverse(prior)
    assert len(caught) == (rank < prior.shape[1])


@given(priors(), st.sampled_from([-1.0, 2.0**-20, 2.0**20]))
def test_a_scaled_prior_has_the_inverse_scaled_back(drawn, scale):
    assert near(quiet(scale * drawn[0]), quiet(drawn[0]) / scale)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(0, 99), st.booleans())
def test_mixing_keeps_row_sums_and_stays_between(n, classes, seed, own):
    source = np.random.default_rng(seed)
    features, labels = (torch.from_numpy(source.random((n, width))) for width in (3, classes))
    gamma = torch.from_numpy(source.random((n, 1))) if own else float(source.random())
    partners = torch.from_numpy(source.permutation(n))
    mixed, blended = augment(features, labels, gamma, partners)
    share = gamma if own else torch.full((n, 1), gamma, dtype=torch.float64)
    sums = labels.sum(dim=1, keepdim=True)
    assert torch.allclose(blended.sum(dim=1, keepdim=True), share * sums + (1 - share) * sums[partners], atol=1e-12)
    for got, rows in ((mixed, features), (blended, labels)):
        low, high = torch.minimum(rows, rows[partners]), torch.maximum(rows, rows[partners])
        assert ((got >= low - 1e-12) & (got <= high + 1e-12)).all()


@given(st.integers(1, 9), st.integers(1, 5), st.floats(0, 1), st.integers(0, 99))
def test_rows_that_sum_to_one_still_do(n, classes, gamma, seed):
    source = np.random.default_rng(seed)
    labels = torch.from_numpy(np.eye(classes)[source.integers(0, classes, n)])
    _, blended = augment(torch.zeros(n, 2).double(), labels, gamma, torch.from_numpy(source.permutation(n)))
    assert torch.allclose(blended.sum(dim=1), torch.ones(n).double(), atol=1e-12)

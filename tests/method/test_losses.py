import math

import pytest
import torch

from drcl_mini.many.training import LEAST_Q
from drcl_mini.method.losses import (
    generalized_cross_entropy,
    inter_modal_consistency,
    intra_modal_consistency,
    recast_mse,
)

LABELS = {
    "one-hot": [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    "multi-hot": [[1, 1, 0, 0], [0, 1, 1, 1], [1, 1, 1, 1]],
    "mixed": [[0.9, 0.1, 0, 0], [0, 0.25, 0.75, 0], [0, 0, 0, 1]],
}
labels = pytest.mark.parametrize("targets", [torch.tensor(y).double() for y in LABELS.values()], ids=LABELS)
exponents = pytest.mark.parametrize("q", [0, 1e-3, 0.01, 0.5, 0.99, 1])


def numbers(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def hit(logits, targets):
    """The probability that softmax gives to the labels of one row."""
    weights = [math.exp(z) for z in logits]
    return sum(y * w for y, w in zip(targets, weights, strict=True)) / sum(weights)


def gce_loops(logits, targets, q):
    hits = [hit(z, y) for z, y in zip(logits.tolist(), targets.tolist(), strict=True)]
    return sum(-math.log(p) if q == 0 else (1 - p**q) / q for p in hits) / len(hits)


def double_cosine(a, b):
    return 2 * sum(x * y for x, y in zip(a, b, strict=True)) / (math.hypot(*a) * math.hypot(*b))


def intra_loops(r, f):
    r, f, n = r.tolist(), f.tolist(), len(r)
    return sum((double_cosine(r[i], r[j]) - double_cosine(f[i], f[j])) ** 2 for i in range(n) for j in range(n)) / n**2


def inter_loops(r, f):
    r, f, n = r.tolist(), f.tolist(), len(r)
    return sum((double_cosine(r[i], f[j]) - double_cosine(r[j], f[i])) ** 2 for i in range(n) for j in range(n)) / n**2


def mse_loops(r, f):
    r, f = r.flatten().tolist(), f.flatten().tolist()
    return sum((x - y) ** 2 for x, y in zip(r, f, strict=True)) / len(r)


PAIRED = [(intra_modal_consistency, intra_loops), (inter_modal_consistency, inter_loops), (recast_mse, mse_loops)]
paired = pytest.mark.parametrize(("loss", "loops"), PAIRED, ids=lambda function: function.__name__)


@labels
@exponents
def test_gce_equals_loops(targets, q):
    logits = 3 * numbers(3, 4)
    assert generalized_cross_entropy(logits, targets, q).item() == pytest.approx(gce_loops(logits, targets, q), 1e-12)


@labels
@exponents
def test_gce_gradients(targets, q):
    assert torch.autograd.gradcheck(lambda z: generalized_cross_entropy(z, targets, q), numbers(3, 4).requires_grad_())


def test_gce_has_cross_entropy_as_its_limit():
    logits, targets = 3 * numbers(3, 4), torch.tensor(LABELS["one-hot"]).double()
    limit = torch.nn.functional.cross_entropy(logits, targets.argmax(dim=1)).item()
    assert [generalized_cross_entropy(logits, targets, q).item() for q in (0, 1e-12)] == pytest.approx(
        [limit] * 2, 1e-10
    )


@exponents
def test_gce_takes_q_as_a_tensor_above_0(q):
    logits, targets = numbers(3, 4), torch.tensor(LABELS["mixed"]).double()
    expected, least = generalized_cross_entropy(logits, targets, q), torch.tensor(q or LEAST_Q, dtype=torch.float64)
    assert generalized_cross_entropy(logits, targets, least).item() == pytest.approx(expected.item())


@pytest.mark.parametrize(("q", "expected"), [(0, 4000.0), (0.01, 100.0), (0.5, 2.0), (1, 1.0)])
def test_gce_where_the_probability_underflows(q, expected):
    logits = torch.tensor([[-2000.0, 2000.0]], requires_grad=True)
    loss = generalized_cross_entropy(logits, torch.tensor([[1.0, 0.0]]), q)
    loss.backward()
    assert loss.item() == pytest.approx(expected)
    assert logits.grad.isfinite().all()
    assert q > 0 or logits.grad.tolist() == [[-1.0, 1.0]]


@paired
def test_paired_losses_equal_loops(loss, loops):
    r, f = numbers(5, 3), numbers(5, 3, seed=1)
    assert loss(r, f).item() == pytest.approx(loops(r, f), 1e-12)
    assert loss(r, f).item() > 0.1


@paired
def test_paired_losses_gradients(loss, loops):
    rows = numbers(5, 3).requires_grad_(), numbers(5, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(loss, rows)


@paired
def test_paired_losses_vanish_on_their_targets_and_survive_zero_rows(loss, loops):
    r = numbers(5, 3)
    assert loss(r, r).item() == pytest.approx(0, abs=1e-15)
    zero = torch.zeros(5, 3, dtype=torch.float64, requires_grad=True)
    loss(r, zero).backward()
    assert zero.grad.isfinite().all()


def test_cosine_terms_ignore_lengths_and_mse_does_not():
    r, f = numbers(5, 3), numbers(5, 3, seed=1)
    for loss in (intra_modal_consistency, inter_modal_consistency):
        assert loss(7 * r, f / 3).item() == pytest.approx(loss(r, f).item(), 1e-12)
    assert recast_mse(7 * r, f / 3).item() > 2 * recast_mse(r, f).item()


def test_class_weights_are_a_mean_over_the_classes_of_a_sample():
    logits, labels = torch.zeros(2, 3), torch.tensor([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    weights = torch.tensor([1.0, 3.0, 5.0])
    expected = -(2 * math.log(2 / 3) + 1 * math.log(1 / 3)) / 2  # weights (1 + 3) / 2 and 1
    assert generalized_cross_entropy(logits, labels, 0, weights).item() == pytest.approx(expected)
    even = generalized_cross_entropy(logits, labels, 0.5, torch.ones(3)).item()
    assert even == pytest.approx(generalized_cross_entropy(logits, labels, 0.5).item())

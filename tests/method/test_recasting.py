import re
import warnings
from itertools import combinations

import pytest
import torch

from drcl_mini.method.prior import orthogonal_prior
from drcl_mini.method.recasting import pseudo_inverse, recast

I3 = torch.eye(3, dtype=torch.float64)


def random(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def near(a, b, tolerance=1e-12):
    return (a - b).abs().max().item() < tolerance


def rank_two():
    return random(7, 2) @ torch.tensor([[1.0, 0, 1], [0, 1, 1]], dtype=torch.float64)


def quiet_inverse(prior):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pseudo_inverse(prior)


@pytest.mark.parametrize("shape", [(7, 3), (3, 3), (64, 3)])
def test_full_rank_gives_the_identity_without_a_warning(shape):
    prior = random(*shape)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert near(pseudo_inverse(prior) @ prior, I3)


def test_inverse_of_an_orthogonal_prior_is_its_transpose():
    q, _ = torch.linalg.qr(random(7, 3))
    assert near(pseudo_inverse(q), q.T)
    w = orthogonal_prior(7, 3, torch.Generator().manual_seed(0))
    assert near(pseudo_inverse(w), w.T, 1e-6)


@pytest.mark.parametrize("prior", [random(7, 3), rank_two(), random(2, 3)], ids=["full", "deficient", "wide"])
def test_penrose_conditions(prior):
    inverse = quiet_inverse(prior)
    assert inverse.shape == prior.T.shape
    assert near(prior @ inverse @ prior, prior)
    assert near(inverse @ prior @ inverse, inverse)
    assert near((prior @ inverse).T, prior @ inverse)
    assert near((inverse @ prior).T, inverse @ prior)


def test_precision_is_float64_inside_and_the_type_stays():
    prior = random(7, 3).float()
    assert pseudo_inverse(prior).dtype == torch.float32
    assert torch.equal(pseudo_inverse(prior), pseudo_inverse(prior.double()).float())


DEFICIENT = {
    "twins": [[1, 0, 0], [0, 1, 1]],
    "first and last": [[1, 0, 1], [0, 1, 0]],
    "a sum of others": [[1, 0, 1], [0, 1, 1]],
    "simplex": (torch.eye(3) - 1 / 3).tolist(),
    "nothing": [[0, 0, 0]],
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("columns", DEFICIENT.values(), ids=DEFICIENT)
def test_a_rank_deficient_prior_warns_and_what_the_warning_says_is_true(columns, dtype):
    prior = (random(7, len(columns)) @ torch.tensor(columns, dtype=torch.float64)).to(dtype)
    with pytest.warns(UserWarning, match=r"rank \d for 3 classes") as caught:
        back = recast(I3, prior) @ prior
    (message,) = [str(warning.message) for warning in caught]
    targets = quiet_inverse(prior)
    assert f"rank {torch.linalg.matrix_rank(prior, rtol=1e-5)} for" in message
    assert "is not the identity" in message
    assert not near(back, I3.to(dtype), 0.1)
    twins = [f"classes {a} and {b}" for a, b in combinations(range(3), 2) if near(targets[a], targets[b], 1e-6)]
    assert re.findall(r"classes \d and \d", message) == twins[:1]
    assert bool(twins) == ("told apart" in message)


@pytest.mark.parametrize("labels", [I3, 1 - I3, 0.9 * I3 + 0.1 * I3[[1, 2, 0]]], ids=["one-hot", "multi-hot", "mixed"])
def test_labels_survive_the_round_trip(labels):
    prior = random(7, 3)
    targets = recast(labels, prior)
    assert targets.shape == (3, 7)
    assert near(targets @ prior, labels)
    assert near(recast(labels.long(), prior), labels.long().double() @ pseudo_inverse(prior))

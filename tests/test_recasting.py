import warnings

import pytest
import torch

from drcl_mini.prior import orthogonal_prior, simplex_prior
from drcl_mini.recasting import pseudo_inverse, recast

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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_rank_deficient_prior_warns_and_the_warning_is_true(dtype):
    prior = random(7, 3).to(dtype)
    prior[:, 2] = prior[:, 1]
    with pytest.warns(UserWarning, match="rank 2 for 3 classes") as caught:
        inverse = pseudo_inverse(prior)
    message = str(caught[0].message)
    assert not near(inverse @ prior, I3.to(dtype), 0.1) == ("is not the identity" in message)
    assert near(inverse[1], inverse[2], 1e-6) == ("share directions" in message)


def test_the_warning_is_true_of_a_simplex_prior_too():
    prior = simplex_prior(7, 3, torch.Generator().manual_seed(0))
    with pytest.warns(UserWarning, match="rank 2 for 3 classes") as caught:
        back = recast(I3, prior) @ prior
    assert back.argmax(dim=1).tolist() == [0, 1, 2]  # labels can be read back: the greatest logit is theirs
    assert "can't be read back" not in str(caught[0].message)


@pytest.mark.parametrize("labels", [I3, 1 - I3, 0.9 * I3 + 0.1 * I3[[1, 2, 0]]], ids=["one-hot", "multi-hot", "mixed"])
def test_labels_survive_the_round_trip(labels):
    prior = random(7, 3)
    targets = recast(labels, prior)
    assert targets.shape == (3, 7)
    assert near(targets @ prior, labels)
    assert near(recast(labels.long(), prior), labels.long().double() @ pseudo_inverse(prior))

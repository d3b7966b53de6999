import pytest
import torch

from drcl_mini.method.augmentation import augment

FEATURES = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)).double(), dim=1)
LABELS = torch.eye(3).double()[[0, 1, 2, 0, 1, 2]]
PARTNERS = torch.tensor([3, 2, 5, 1, 4, 0])


@pytest.mark.parametrize("gamma", [0.9, 0.5, 0.0, torch.tensor(0.9, dtype=torch.float64)])
def test_equals_loops(gamma):
    mixed = augment(FEATURES, LABELS, gamma, PARTNERS)
    for got, rows in zip(mixed, (FEATURES.tolist(), LABELS.tolist()), strict=True):
        for i, partner in enumerate(PARTNERS.tolist()):
            expected = [float(gamma) * a + (1 - float(gamma)) * b for a, b in zip(rows[i], rows[partner], strict=True)]
            assert got[i].tolist() == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("labels", [LABELS, torch.ones(6, 3).double()], ids=["one-hot", "multi-hot"])
def test_keeps_row_sums_of_labels(labels):
    mixed = augment(FEATURES, labels, 0.9, PARTNERS)[1]
    assert mixed.sum(dim=1).tolist() == pytest.approx(labels.sum(dim=1).tolist(), 1e-15)


def test_gamma_one_is_the_identity():
    features, labels = augment(FEATURES, LABELS, 1, PARTNERS)
    assert torch.equal(features, FEATURES)
    assert torch.equal(labels, LABELS)


def test_does_not_normalise_again():
    lengths = augment(FEATURES, LABELS, 0.9, PARTNERS)[0].norm(dim=1)
    moved = torch.arange(6) != PARTNERS
    assert (lengths[moved] < 0.999).all()
    assert (lengths[~moved] - 1).abs().max() < 1e-12

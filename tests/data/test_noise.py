import torch

from drcl_mini.data.noise import with_label_noise


def test_label_noise_changes_the_share_that_was_asked_for():
    labels = torch.eye(4).repeat(25, 1)
    for share in (0, 0.2, 1):
        noisy = with_label_noise(labels, share, torch.Generator().manual_seed(0))
        assert (noisy != labels).any(dim=1).sum() == round(share * 100)
        assert torch.equal(noisy.sum(dim=1), torch.ones(100))
    assert noisy.sum(dim=0).min() > 10  # every class takes part

"""Label noise: training labels made wrong on purpose."""

import torch
from torch import Tensor


def with_label_noise(
    labels: Tensor,
    share: float,
    source: torch.Generator,
) -> Tensor:
    """Give a share of the samples another class, each other class as likely (symmetric noise).

    The true class is never drawn. MRL's published protocol draws from all C classes, the true one
    among them: a noise of r there makes a share of r · (C − 1) / C wrong, which is the ``share``
    here.

    Args:
        labels: Y, one-hot (n, C).
        share: in [0, 1]; round(share · n) samples change.
        source: where samples and classes are drawn from.

    Example:
        >>> y = torch.eye(3).repeat(4, 1)
        >>> noisy = with_label_noise(y, 0.25, torch.Generator().manual_seed(0))
        >>> int((noisy != y).any(dim=1).sum()), noisy.sum(dim=1).unique().tolist()
        (3, [1.0])
    """
    samples, classes = labels.shape
    changed = torch.randperm(samples, generator=source)[: round(share * samples)]
    steps = torch.randint(1, classes, (len(changed),), generator=source)
    wrong = (labels[changed].argmax(dim=1).cpu() + steps) % classes
    noisy = labels.clone()
    noisy[changed] = torch.nn.functional.one_hot(wrong, classes).to(labels)
    return noisy

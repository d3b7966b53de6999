"""Feature augmentation (FA): mix each sample a little with another, features and labels alike."""

import numpy as np
import torch
from torch import Tensor


def augment(
    features: Tensor, labels: Tensor, gamma: float | Tensor, permutation: Tensor
) -> tuple[Tensor, Tensor]:
    r"""Mixed features and labels.

    .. math:: F' = \gamma F + (1-\gamma) F_\pi, \qquad Y' = \gamma Y + (1-\gamma) Y_\pi

    F' is not normalised again.

    Args:
        features: F, (n, D).
        labels: Y, (n, C).
        gamma: γ, the share of the sample itself, a number or (n, 1); 1 switches it off.
        permutation: π, (n,), each sample's partner.

    Example:
        >>> import torch
        >>> augment(torch.eye(2), torch.eye(2), 0.75, torch.tensor([1, 0]))[0].tolist()
        [[0.75, 0.25], [0.25, 0.75]]
    """

    def mix(rows: Tensor) -> Tensor:
        return gamma * rows + (1 - gamma) * rows[permutation]

    return mix(features), mix(labels)


def shares(samples: int, gamma: float, mixup: float, seed: int) -> Tensor:
    """Each sample's share γ in an epoch, (n, 1): fixed, or from Beta(a, a) with a = ``mixup`` > 0.

    Source of the drawn shares: Zhang, Cisse, Dauphin and Lopez-Paz, mixup, ICLR 2018.

    Example:
        >>> shares(3, 0.9, 0.0, seed=0).tolist() == [[0.8999999761581421]] * 3
        True
        >>> bool(((drawn := shares(1000, 0.9, 0.2, seed=0)) < 0.01).any() and (drawn > 0.99).any())
        True
    """
    if not mixup:
        return torch.tensor(gamma, dtype=torch.float32).expand(samples, 1)
    drawn = np.random.default_rng(seed).beta(mixup, mixup, (samples, 1))
    return torch.from_numpy(drawn.astype(np.float32))

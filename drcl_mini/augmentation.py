"""Feature augmentation (FA): mix each sample a little with another one, features and labels alike."""

from torch import Tensor


def augment(features: Tensor, labels: Tensor, gamma: float | Tensor, permutation: Tensor) -> tuple[Tensor, Tensor]:
    r"""Mixed features and labels.

    .. math:: F' = \gamma F + (1-\gamma) F_\pi, \qquad Y' = \gamma Y + (1-\gamma) Y_\pi

    F' is not normalised again.

    Args:
        features: F, (n, D).
        labels: Y, (n, C).
        gamma: share of the sample itself; 1 switches the augmentation off.
        permutation: π, (n,), each sample's partner.

    Example:
        >>> import torch
        >>> augment(torch.eye(2), torch.eye(2), 0.75, torch.tensor([1, 0]))[0].tolist()
        [[0.75, 0.25], [0.25, 0.75]]
    """

    def mix(rows: Tensor) -> Tensor:
        return gamma * rows + (1 - gamma) * rows[permutation]

    return mix(features), mix(labels)

"""Recasting (MRR): labels become representations through the prior's pseudo-inverse, W⁺."""

import torch
from torch import Tensor

from .checks import warn


def pseudo_inverse(prior: Tensor) -> Tensor:
    r"""The Moore–Penrose inverse :math:`W^+` (C, D) of the prior W (D, C), computed in float64.

    When rank(W) = C, :math:`W^+ W = I_C`: labels → representation → labels loses nothing.

    Warns:
        UserWarning: W is rank-deficient, so that classes share a direction and can't be told apart again.

    Example:
        >>> pseudo_inverse(torch.tensor([[2.0, 0.0], [0.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.5, 0.0, 0.0], [0.0, 0.25, 0.0]]
    """
    # Singular values below float32's resolution are rounding, whatever precision W is stored in.
    tolerance = max(prior.shape) * torch.finfo(torch.float32).eps
    rank = int(torch.linalg.matrix_rank(prior.detach().double(), rtol=tolerance))
    if rank < prior.shape[1]:
        warn(
            f"the prior has rank {rank} for {prior.shape[1]} classes: W⁺W is not the identity, so recast "
            "labels can't be read back and some classes share directions; use another prior or a larger dim"
        )
    return torch.linalg.pinv(prior.double(), rtol=tolerance).to(prior.dtype)


def recast(labels: Tensor, prior: Tensor) -> Tensor:
    r"""Modality-invariant targets :math:`R = Y W^+`, (n, D), from labels Y (n, C) and the prior W (D, C).

    Example:
        >>> w = torch.tensor([[2.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
        >>> r = recast(torch.eye(2), w)
        >>> (r @ w).tolist()  # and back again
        [[1.0, 0.0], [0.0, 1.0]]
    """
    return labels.to(prior.dtype) @ pseudo_inverse(prior)

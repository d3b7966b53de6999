"""Recasting (MRR): labels become representations through the prior's pseudo-inverse, W⁺."""

import torch
from torch import Tensor

from ..core.checks import warn


def pseudo_inverse(prior: Tensor) -> Tensor:
    r"""The Moore–Penrose inverse :math:`W^+` (C, D) of the prior W (D, C), computed in float64.

    When rank(W) = C, :math:`W^+ W = I_C`: labels → representation → labels loses nothing.

    Warns:
        UserWarning: W is rank-deficient: :math:`W^+ W \ne I_C`; says which classes, if any, become
            one.

    Example:
        >>> pseudo_inverse(torch.tensor([[2.0, 0.0], [0.0, 4.0], [0.0, 0.0]])).tolist()
        [[0.5, 0.0, 0.0], [0.0, 0.25, 0.0]]
    """
    # Singular values below float32's resolution are rounding, however W is stored.
    tolerance = max(prior.shape) * torch.finfo(torch.float32).eps
    rank = int(torch.linalg.matrix_rank(prior.detach().double(), rtol=tolerance))
    inverse = torch.linalg.pinv(prior.double(), rtol=tolerance)
    classes = prior.shape[1]
    if rank < classes:
        near = torch.cdist(inverse, inverse) <= 1e-6 * inverse.norm(dim=1).max()
        pairs = near.triu(diagonal=1).nonzero().tolist()
        meaning = "each class still has a target of its own"
        if pairs:
            one, other = pairs[0]
            twins = f"classes {one} and {other} have one target"
            meaning = f"{twins} and can't be told apart: use another prior"
        told = f"the prior has rank {rank} for {classes} classes: W⁺W is not the identity"
        warn(f"{told}, so recast labels can't be read back exactly; {meaning}")
    return inverse.to(prior.dtype)


def recast(labels: Tensor, prior: Tensor, inverse: Tensor | None = None) -> Tensor:
    r"""Modality-invariant targets :math:`R = Y W^+`, (n, D), from labels Y and the prior W.

    Args:
        labels: Y, (n, C): one-hot, multi-hot or mixed rows.
        prior: W, (D, C).
        inverse: W⁺, (C, D), where it is at hand already.

    Example:
        >>> w = torch.tensor([[2.0, 0.0], [0.0, 4.0], [0.0, 0.0]])
        >>> r = recast(torch.eye(2), w)
        >>> (r @ w).tolist()  # and back again
        [[1.0, 0.0], [0.0, 1.0]]
    """
    if inverse is None:
        inverse = pseudo_inverse(prior)
    return labels.to(inverse.dtype) @ inverse

"""The four losses of DRCL: one batch in, a scalar out. Shapes: R and F (n, D), Y (n, C)."""

import torch
import torch.nn.functional as nnf
from torch import Tensor


def generalized_cross_entropy(
    logits: Tensor,
    targets: Tensor,
    q: float | Tensor,
    class_weights: Tensor | None = None,
) -> Tensor:
    r"""Generalised cross entropy, between cross entropy (q → 0) and mean absolute error (q = 1).

    .. math:: \mathrm{GCE}_q(Z, Y) = \frac1n \sum_i
        \frac{1 - \big(\sum_c Y_{ic}\, \mathrm{softmax}(Z_i)_c\big)^q}{q}

    A wrong label can cost at most 1/q, so q > 0 bounds the harm of label noise.

    Args:
        logits: Z = F W, (n, C).
        targets: Y, (n, C): one-hot, multi-hot or mixed rows.
        q: in [0, 1], a tensor above 0; 0 is the limit, :math:`-\log \sum_c
            Y_{ic}\,\mathrm{softmax}(Z_i)_c`.
        class_weights: (C,), how much a sample of each class counts; ``None``: all alike.

    Source: Zhang and Sabuncu, NeurIPS 2018.

    Example:
        >>> z, y = torch.tensor([[0.0, 0.0]]), torch.tensor([[1.0, 0.0]])
        >>> [round(generalized_cross_entropy(z, y, q).item(), 4) for q in (0, 0.5, 1)]
        [0.6931, 0.5858, 0.5]
    """
    log_hit = torch.logsumexp(nnf.log_softmax(logits, dim=1) + targets.log(), dim=1)
    gain = log_hit
    if isinstance(q, Tensor) or q > 0:
        gain = torch.expm1(q * log_hit) / q
    if class_weights is not None:
        gain = gain * (targets @ class_weights) / targets.sum(dim=1)
    return -gain.mean()


def balanced_weights(labels: Tensor) -> Tensor:
    r"""Class weights (C,) by which every class counts as much: :math:`w_c = n / (C\, n_c)`.

    Classes without a sample have weight 0.

    Example:
        >>> balanced_weights(torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).tolist()
        [0.75, 1.5]
    """
    counts = labels.sum(dim=0)
    return torch.where(counts > 0, counts.sum() / (len(counts) * counts), 0)


def similarity(a: Tensor, b: Tensor) -> Tensor:
    """S(A, B), (n, m), with S_ij = 2 cos(A_i, B_j): twice the cosine of each pair of rows.

    Example:
        >>> similarity(torch.eye(2), torch.tensor([[3.0, 0.0]])).tolist()
        [[2.0], [0.0]]
    """
    return 2 * nnf.normalize(a, dim=1) @ nnf.normalize(b, dim=1).T


def intra_modal_consistency(recast: Tensor, features: Tensor) -> Tensor:
    r"""Features should be as similar among themselves as their recast targets are.

    .. math:: \frac1{n^2} \sum_{ij} \big(S(R, R)_{ij} - S(F, F)_{ij}\big)^2

    Example:
        >>> round(intra_modal_consistency(torch.eye(2), torch.ones(2, 2)).item(), 4)
        2.0
    """
    difference = similarity(recast, recast) - similarity(features, features)
    return difference.square().mean()


def inter_modal_consistency(recast: Tensor, features: Tensor) -> Tensor:
    r"""Target i should see feature j as target j sees feature i: the cross similarity is symmetric.

    .. math:: \frac1{n^2} \sum_{ij} \big(S(R, F)_{ij} - S(R, F)_{ji}\big)^2

    Example:
        >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
        >>> round(inter_modal_consistency(torch.eye(2), features).item(), 4)
        2.0
    """
    cross = similarity(recast, features)
    return (cross - cross.T).square().mean()


def recast_mse(recast: Tensor, features: Tensor) -> Tensor:
    r"""Mean squared distance to the recast targets, over all entries.

    .. math:: \frac1{nD} \sum_{id} (R_{id} - F_{id})^2

    Example:
        >>> recast_mse(torch.eye(2), torch.zeros(2, 2)).item()
        0.5
    """
    return nnf.mse_loss(features, recast)

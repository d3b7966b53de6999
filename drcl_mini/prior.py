"""Priors W (D, C): fixed ones, and selective prior learning (SPL), which learns one on each modality."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .encoder import build_encoder, embed
from .losses import generalized_cross_entropy
from .settings import Settings
from .training import Report, generator, train


def orthogonal_prior(dim: int, classes: int, source: torch.Generator) -> Tensor:
    """The first C columns of a random orthogonal D × D matrix: orthonormal class directions.

    Raises:
        ValueError: more classes than dimensions.

    Example:
        >>> w = orthogonal_prior(8, 3, torch.Generator().manual_seed(0))
        >>> torch.allclose(w.T @ w, torch.eye(3), atol=1e-6)
        True
    """
    if dim < classes:
        raise ValueError(f"dim is {dim} for {classes} classes: a prior needs at least as many dimensions as classes")
    # The first C columns of Q need the first C columns of the Gaussian matrix alone.
    q, r = torch.linalg.qr(torch.randn(dim, classes, generator=source, dtype=torch.float64))
    return (q * r.diagonal().sign()).float()  # the sign makes Q uniform over orthogonal matrices


def simplex_prior(dim: int, classes: int, source: torch.Generator) -> Tensor:
    r"""A simplex equiangular tight frame: unit columns, every pairwise cosine -1/(C-1).

    .. math:: W = \sqrt{\tfrac{C}{C-1}}\; U \left(I - \tfrac1C \mathbf 1 \mathbf 1^\top\right)

    with U a random orthogonal prior. Its columns add up to zero, so its rank is C - 1.

    Source: Papyan, Han and Donoho, PNAS 2020.

    Example:
        >>> w = simplex_prior(8, 3, torch.Generator().manual_seed(0))
        >>> (w.T @ w).round(decimals=4).tolist()
        [[1.0, -0.5, -0.5], [-0.5, 1.0, -0.5], [-0.5, -0.5, 1.0]]
    """
    if classes < 2:
        raise ValueError(f"a simplex prior needs at least 2 classes, not {classes}")
    u = orthogonal_prior(dim, classes, source)
    return (classes / (classes - 1)) ** 0.5 * (u - u.mean(dim=1, keepdim=True))


def quality_score(features: Tensor, labels: Tensor, prior: Tensor) -> float:
    r"""How sure the prior is of the right labels, in [0, 1].

    .. math:: s = \frac1n \sum_i \sum_c Y_{ic}\, \mathrm{softmax}(F_i W)_c

    Args:
        features: F, (n, D), unit rows.
        labels: Y, (n, C).
        prior: W, (D, C).

    Example:
        >>> quality_score(torch.eye(2), torch.eye(2), torch.zeros(2, 2))
        0.5
    """
    return ((features @ prior).softmax(dim=1) * labels).sum(dim=1).mean().item()


class LearnedPrior(NamedTuple):
    """What SPL finds on one modality."""

    prior: Tensor
    """W, (D, C)."""
    score: float
    """Best quality score over the epochs, on the split that the settings name."""
    history: list[dict[str, Any]]
    """One record an epoch: epoch, q, loss (``total``) and quality ``score``."""


def learn_prior(
    features: Tensor,
    labels: Tensor,
    start: Tensor,
    settings: Settings,
    modality: str,
    scored: tuple[Tensor, Tensor] | None = None,
    report: Report = lambda record: None,
) -> LearnedPrior:
    r"""SPL on one modality: encoder and W together learn to classify.

    .. math:: \min_{f, W}\; \mathrm{GCE}_{q_e}(f(X) W, Y), \qquad q_e = \min(1, q_{rate} \cdot e)

    Args:
        features: X, (n, d).
        labels: Y, (n, C), float.
        start: W⁰, (D, C), the same for every modality.
        settings: encoder, epochs, rates.
        modality: its name, which seeds its randomness.
        scored: features and labels that the quality score is taken on; ``None``: the training data.
        report: told each epoch's record.

    Example:
        >>> x, y = torch.eye(4), torch.eye(2).repeat(2, 1)
        >>> settings = Settings(hidden=(8,), dim=4, prior_epochs=20, prior_learning_rate=0.05)
        >>> start = orthogonal_prior(4, 2, torch.Generator().manual_seed(0))
        >>> learn_prior(x, y, start, settings, "toy").score > 0.9
        True
    """
    source = generator(settings.seed, "prior", modality)
    encoder = build_encoder(features, settings, source)
    prior = start.to(features.device).clone().requires_grad_()
    scored_features, scored_labels = (features, labels) if scored is None else scored

    def losses(index: Tensor, _: Tensor, epoch: int) -> dict[str, Tensor]:
        logits = encoder(features[index]) @ prior
        if epoch == 0:  # as released: q = 0 there, and the gradient of x⁰ is 0
            return {"total": 0 * logits.sum()}
        return {"total": generalized_cross_entropy(logits, labels[index], settings.q(epoch))}

    def after_epoch(epoch: int) -> dict[str, float]:
        score = quality_score(embed(encoder, scored_features), scored_labels, prior)
        return {"q": settings.q(epoch), "score": score}

    first = settings.prior_first_epoch
    history = train(
        [*encoder.parameters(), prior],
        losses,
        len(features),
        after_epoch,
        epochs=range(first, first + settings.prior_epochs),
        batch_size=settings.batch_size,
        drop_last=settings.drop_last,
        learning_rate=settings.prior_learning_rate,
        betas=settings.betas,
        source=source,
        report=report,
        rank=(lambda record: record["score"]) if settings.keep_best_prior else None,
    )
    scores = [record["score"] for record in history] or [after_epoch(first)["score"]]
    return LearnedPrior(prior.detach(), max(scores), history)


def select_prior(scores: Mapping[str, float]) -> str:
    """The modality with the greatest quality score, v* = argmax s_v; the first one on a tie.

    Example:
        >>> select_prior({"image": 0.9, "text": 0.7})
        'image'
    """
    if not scores:
        raise ValueError("no scores to select a prior from")
    return max(scores, key=scores.__getitem__)

"""Priors W (D, C): fixed ones, and selective prior learning (SPL), one on each modality."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..training.batches import batches, generator
from ..training.optimiser import adam
from ..training.progress import Phase
from ..training.rows import in_pieces
from ..training.settings import Settings
from ..training.watch import Report, Watch
from .encoder import Encoder, build_encoder
from .losses import balanced_weights, generalized_cross_entropy


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
        raise ValueError(f"dim is {dim} for {classes} classes, expected {classes} or more")
    # Q's first C columns need those of the Gaussian matrix alone.
    gaussian = torch.randn(dim, classes, generator=source, dtype=torch.float64)
    q, r = torch.linalg.qr(gaussian)
    # The sign makes Q uniform over orthogonal matrices. QR gives columns; rows, as a
    # file has them, round alike.
    return (q * r.diagonal().sign()).float().contiguous()


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


FIXED = {"orthogonal": orthogonal_prior, "simplex": simplex_prior}
"""Priors that no data shape, by the name that the setting ``prior`` gives them."""


def starting_prior(settings: Settings, classes: int) -> Tensor:
    """The prior that a fit begins with, (D, C): W⁰ of SPL, or the fixed one of the settings."""
    make = FIXED.get(settings.prior, orthogonal_prior)
    return make(settings.dim, classes, generator(settings.seed, "start"))


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
    return quality(features @ prior, labels).item()


def quality(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean probability of the right labels, from logits Z = F W (n, C) and labels Y (n, C)."""
    return (logits.softmax(dim=1) * labels).sum(dim=1).mean()


class LearnedPrior(NamedTuple):
    """What SPL finds on one modality."""

    prior: Tensor
    """W, (D, C)."""
    score: float
    """Best quality score over the epochs, on the split that the settings name."""
    encoder: Encoder
    """The encoder that learned with it, which the method throws away."""
    history: list[dict[str, Any]]
    """One record an epoch: epoch, q, loss (``total``) and quality ``score``."""


class Classifier(nn.Module):
    """An encoder and a prior that learn together: features (n, d) → logits F W, (n, C)."""

    def __init__(self, encoder: Encoder, prior: Tensor) -> None:
        super().__init__()
        self.encoder, self.prior = encoder, nn.Parameter(prior)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x) @ self.prior


def learn_prior(
    features: Tensor,
    labels: Tensor,
    start: Tensor,
    settings: Settings,
    modality: str,
    scored: tuple[Tensor, Tensor] | None = None,
    report: Report | None = None,
    phase: Phase | None = None,
) -> LearnedPrior:
    r"""SPL on one modality: an encoder and W learn together to classify.

    .. math:: \min_{f, W}\; \mathrm{GCE}_{q_e}(f(X) W, Y), \qquad q_e = \min(1, q_{rate} \cdot e)

    Args:
        features: X, (n, d).
        labels: Y, (n, C), float.
        start: W⁰, (D, C), the same for every modality.
        settings: encoder, epochs, rates.
        modality: its name, which seeds its randomness.
        scored: features and labels that the quality score is taken on; ``None``: those of training.
        report: called with each epoch's record.
        phase: the part of a file that keeps where this training stands.

    Raises:
        TrainingDiverged: a loss or a weight became NaN or infinite.

    Example:
        >>> x, y = torch.eye(4), torch.eye(2).repeat(2, 1)
        >>> settings = Settings(hidden=(8,), dim=4, prior_epochs=20, prior_learning_rate=0.05)
        >>> start = orthogonal_prior(4, 2, torch.Generator().manual_seed(0))
        >>> learned = learn_prior(x, y, start, settings, "toy")
        >>> learned.prior.shape, learned.score > 0.9, len(learned.history)
        (torch.Size([4, 2]), True, 20)
    """
    X, Y, s = features, labels, settings
    source = generator(s.seed, "prior", modality)
    network = Classifier(build_encoder(X, s, source), start.to(X.device).clone())
    optimiser = adam(network.parameters(), s.prior_learning_rate, s)
    balance = balanced_weights(Y) if s.class_weight == "balanced" else None
    epochs = range(s.prior_first_epoch, s.prior_first_epoch + s.prior_epochs)
    best = (lambda record: record["score"]) if s.keep_best_prior else None

    with Watch(network, optimiser, source, epochs, best, None, report, phase) as watch:
        for epoch in watch:
            q = s.q(epoch)
            for i, _ in batches(len(X), s.batch_size, s.drop_last, source, X.device):
                Z = network(X[i])
                loss = generalized_cross_entropy(Z, Y[i], q, balance)
                if epoch == 0:
                    loss = 0 * Z.sum()  # as released: no gradient at q = 0
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                watch.add(len(i), total=loss)
            means = watch.means()
            score = _score(network, *(scored or (X, Y)))
            watch.end_epoch(epoch=epoch, **means, q=q, score=score)

    scores = [record["score"] for record in watch.records]
    scores = scores or [_score(network, *(scored or (X, Y)))]
    W = network.prior.detach()
    return LearnedPrior(W, max(scores), network.encoder, watch.records)


@torch.no_grad()
def _score(network: Classifier, X: Tensor, Y: Tensor) -> float:
    """The quality score of a classifier's own prior on items of the classes that it has."""
    Z = in_pieces(network, X)
    Y = Y[:, : Z.shape[1]]
    known = Y.any(dim=1)
    return (quality(Z, Y) if known.all() else quality(Z[known], Y[known])).item()


def select_prior(scores: Mapping[str, float]) -> str:
    """The modality with the greatest quality score, v* = argmax s_v; the first one on a tie.

    Example:
        >>> select_prior({"image": 0.9, "text": 0.7})
        'image'
    """
    if not scores:
        raise ValueError("no scores to select a prior from")
    return max(scores, key=scores.__getitem__)

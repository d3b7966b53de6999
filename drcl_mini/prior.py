"""Priors W (D, C): fixed ones, and selective prior learning (SPL), which learns one on each modality."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .encoder import Encoder, build_encoder, in_pieces
from .losses import generalized_cross_entropy
from .progress import Keeper
from .settings import Settings
from .stack import Stack, Terms
from .training import Report, Run, TrainingDiverged, generator, train


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
    # The sign makes Q uniform over orthogonal matrices. QR gives columns; rows, as a file has them, round alike.
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
    return _quality(features @ prior, labels).item()


def _quality(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.softmax(dim=1) * labels).sum(dim=1).mean()


class LearnedPrior(NamedTuple):
    """What SPL finds on one modality."""

    prior: Tensor
    """W, (D, C)."""
    score: float
    """Best quality score over the epochs, on the split that the settings name."""
    history: list[dict[str, Any]]
    """One record an epoch: epoch, q, loss (``total``) and quality ``score``."""


class Classifier(nn.Module):
    """An encoder and a prior that learn together: features (n, d) → logits F W, (n, C)."""

    def __init__(self, encoder: Encoder, prior: Tensor) -> None:
        super().__init__()
        self.encoder, self.prior = encoder, nn.Parameter(prior)

    def forward(self, x: Tensor) -> Tensor:
        return self.encoder(x) @ self.prior


def learn_priors(
    features: Tensor,
    labels: Sequence[Tensor],
    starts: Sequence[Tensor],
    settings: Sequence[Settings],
    modality: str,
    scored: tuple[Tensor, Tensor] | None = None,
    reports: Sequence[Report] | None = None,
    keeper: Keeper | None = None,
) -> list[LearnedPrior | TrainingDiverged]:
    r"""SPL on one modality, for one run or many at once: encoder and W together learn to classify.

    .. math:: \min_{f, W}\; \mathrm{GCE}_{q_e}(f(X) W, Y), \qquad q_e = \min(1, q_{rate} \cdot e)

    Args:
        features: X, (n, d).
        labels: Y, (n, C), float, of each run.
        starts: W⁰, (D, C), of each run, the same for every modality.
        settings: encoder, epochs, rates of each run.
        modality: its name, which seeds its randomness.
        scored: features and labels that the quality score is taken on where a run's settings say
            ``selection="validation"``.
        reports: told each epoch's record, one for each run.
        keeper: keeps the progress of a run that is alone.

    Returns:
        What each run found, or why it diverged.

    Example:
        >>> x, y = torch.eye(4), torch.eye(2).repeat(2, 1)
        >>> settings = Settings(hidden=(8,), dim=4, prior_epochs=20, prior_learning_rate=0.05)
        >>> start = orthogonal_prior(4, 2, torch.Generator().manual_seed(0))
        >>> learned, = learn_priors(x, [y], [start], [settings], "toy")
        >>> learned.score > 0.9
        True
    """
    runs = []
    for y, start, s, report in zip(
        labels, starts, settings, reports or [lambda record: None] * len(labels), strict=True
    ):
        source = generator(s.seed, "prior", modality)
        network = Classifier(build_encoder(features, s, source), start.to(features.device).clone())
        first, rank = s.prior_first_epoch, (lambda record: record["score"]) if s.keep_best_prior else None
        epochs = range(first, first + s.prior_epochs)
        runs.append(Run(network, s, source, s.prior_learning_rate, epochs, {"labels": y}, rank=rank, report=report))
        runs[-1].keeper = keeper

    def losses(network: nn.Module, index: Tensor, _: Tensor, own: Terms) -> Terms:
        logits = network(features[index])
        loss = generalized_cross_entropy(logits, own["labels"][index], own["q"])
        # as released: in an epoch 0 the gradient is 0
        return {"total": torch.where(own["epoch"] == 0, 0 * logits.sum(), loss)}

    def score(network: nn.Module, own: Terms) -> Terms:
        x, y = (features, own["labels"]) if scored is None else scored
        return {"score": _quality(in_pieces(network, x), y)}

    def after_epoch(stack: Stack, own: Terms) -> Terms:
        with torch.no_grad():
            return stack.map(score, own)

    train(runs, losses, len(features), after_epoch)
    return [run.error or _outcome(run, after_epoch) for run in runs]


def learn_prior(
    features: Tensor,
    labels: Tensor,
    start: Tensor,
    settings: Settings,
    modality: str,
    scored: tuple[Tensor, Tensor] | None = None,
    report: Report | None = None,
) -> LearnedPrior:
    """SPL on one modality, one run of :func:`learn_priors`, where the formula is.

    Args:
        features: X, (n, d).
        labels: Y, (n, C), float.
        start: W⁰, (D, C).
        settings: encoder, epochs, rates.
        modality: its name, which seeds its randomness.
        scored: features and labels that the quality score is taken on; ``None``: those of training.
        report: told each epoch's record.

    Raises:
        TrainingDiverged: a loss stopped being finite.

    Example:
        >>> x, y = torch.eye(4), torch.eye(2).repeat(2, 1)
        >>> start = orthogonal_prior(4, 2, torch.Generator().manual_seed(0))
        >>> learned = learn_prior(x, y, start, Settings(hidden=(8,), dim=4, prior_epochs=3), "toy")
        >>> learned.prior.shape, len(learned.history)
        (torch.Size([4, 2]), 3)
    """
    reports = None if report is None else [report]
    (found,) = learn_priors(features, [labels], [start], [settings], modality, scored, reports)
    if isinstance(found, TrainingDiverged):
        raise found
    return found


def _outcome(run: Run, after_epoch: Callable[[Stack, Terms], Terms]) -> LearnedPrior:
    scores = [record["score"] for record in run.records]
    scores = scores or after_epoch(Stack([run.network]), {k: v[None] for k, v in run.own.items()})["score"].tolist()
    return LearnedPrior(run.network.prior.detach(), max(scores), run.records)


def select_prior(scores: Mapping[str, float]) -> str:
    """The modality with the greatest quality score, v* = argmax s_v; the first one on a tie.

    Example:
        >>> select_prior({"image": 0.9, "text": 0.7})
        'image'
    """
    if not scores:
        raise ValueError("no scores to select a prior from")
    return max(scores, key=scores.__getitem__)

"""Reversible semantic consistency (RSC): an encoder learns to meet the frozen prior's targets."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..core.devices import autocast
from ..training.batches import batches, generator
from ..training.monitor import RANKS, monitored_map
from ..training.optimiser import adam
from ..training.progress import Phase
from ..training.rows import in_pieces
from ..training.settings import Settings
from ..training.watch import Record, Report, Terms, Watch
from .augmentation import augment, shares
from .encoder import Encoder
from .losses import (
    balanced_weights,
    generalized_cross_entropy,
    inter_modal_consistency,
    intra_modal_consistency,
    recast_mse,
)
from .recasting import pseudo_inverse, recast


def consistency_losses(
    features: Tensor,
    labels: Tensor,
    prior: Tensor,
    inverse: Tensor,
    q: float | Tensor,
    weights: Mapping[str, float | Tensor],
    class_weights: Tensor | None = None,
) -> Terms:
    r"""The terms of one batch and their weighted sum, ``total``.

    .. math:: \alpha\,(\mathrm{intra} + \mathrm{inter}) + \beta\,\mathrm{mse}
        + \eta\,\mathrm{GCE}_q(F W, Y), \qquad R = Y W^+

    Args:
        features: F, (n, D), encoder outputs, augmented in training.
        labels: Y, (n, C), augmented likewise.
        prior: W, (D, C), frozen.
        inverse: W⁺, (C, D).
        q: exponent of the generalised cross entropy.
        weights: by term: ``intra``, ``inter``, ``mse``, ``label``, as :attr:`.Settings.weights`
            gives them. A term that is not there is not computed.
        class_weights: (C,), of the label term; ``None``: all classes alike.

    Example:
        >>> import torch
        >>> w = torch.eye(2)
        >>> terms = consistency_losses(torch.eye(2), torch.eye(2), w, w, 1.0, Settings().weights)
        >>> terms["intra"].item(), terms["mse"].item()  # features that are their own targets
        (0.0, 0.0)
    """
    targets = recast(labels, prior, inverse)
    gce = generalized_cross_entropy
    formulas = {
        "intra": lambda: intra_modal_consistency(targets, features),
        "inter": lambda: inter_modal_consistency(targets, features),
        "mse": lambda: recast_mse(targets, features),
        "label": lambda: gce(features @ prior, labels, q, class_weights),
    }
    terms = {name: formulas[name]() for name in weights}
    return {**terms, "total": sum(weights[k] * term for k, term in terms.items())}


def fit_encoder(
    encoder: Encoder,
    features: Tensor,
    labels: Tensor,
    prior: Tensor,
    settings: Settings,
    modality: str,
    validation: tuple[Tensor, Tensor] | None = None,
    report: Report | None = None,
    phase: Phase | None = None,
) -> list[Record]:
    """RSC on one modality: train its encoder, in place, against the frozen prior.

    Each batch is augmented (FA), its labels are recast to targets (MRR), and the weighted losses of
    :func:`consistency_losses` pull the encoder there.

    Args:
        encoder: fresh, from :func:`drcl_mini.method.encoder.build_encoder`.
        features: X, (n, d).
        labels: Y, (n, C), float.
        prior: W, (D, C).
        settings: epochs, rates, weights.
        modality: its name, which seeds its randomness and may have a learning rate of its own.
        validation: features and labels that ``settings.monitor`` picks the epoch on; ``None``: the
            last epoch.
        report: called with each epoch's record.
        phase: the part of a file that keeps where this training stands.

    Returns:
        One record an epoch: the losses, q, and validation scores.

    Raises:
        TrainingDiverged: a loss or a weight became NaN or infinite; the encoder has its last good
            weights.

    Example:
        >>> import torch
        >>> from drcl_mini.method.encoder import build_encoder
        >>> x, y, w = torch.eye(4), torch.eye(2).repeat(2, 1), torch.eye(4)[:, :2]
        >>> settings = Settings(hidden=(8,), dim=4, epochs=20, learning_rate=0.05)
        >>> encoder = build_encoder(x, settings, generator(0))
        >>> records = fit_encoder(encoder, x, y, w, settings, "toy")
        >>> (encoder(x) @ w).argmax(dim=1).tolist()
        [0, 1, 0, 1]
    """
    X, Y, W, s = features, labels, prior, settings
    W_plus = pseudo_inverse(W)
    source = generator(s.seed, "batches", modality)
    n = len(X)
    fixed = {"prior": W, "inverse": W_plus, "weights": s.weights}
    if s.class_weight == "balanced":
        fixed["class_weights"] = balanced_weights(Y)
    optimiser = adam(encoder.parameters(), s.rate(modality), s)
    epochs = range(1, s.epochs + 1)
    best = RANKS[s.monitor if validation else None]
    watch = Watch(encoder, optimiser, source, epochs, best, s.patience, report, phase)

    with watch:
        for epoch in watch:
            q = s.q(epoch)
            gamma = epoch_shares(n, s, modality, epoch).to(X.device)
            for i, j in batches(n, s.batch_size, s.drop_last, source, X.device):
                F, Y_mixed = augment(encoder(X[i]), Y[i], gamma[i], j)
                with autocast(s.precision, X.device):
                    losses = consistency_losses(F, Y_mixed, q=q, **fixed)
                optimiser.zero_grad()
                losses["total"].backward()
                optimiser.step()
                watch.add(len(i), **losses)
            means = watch.means()
            scores = {}
            if validation:
                scores = validate(encoder, *validation, W, W_plus, q, s)
            watch.end_epoch(epoch=epoch, **means, q=q, **scores)
    return watch.records


@torch.no_grad()
def validate(
    encoder: Encoder,
    features: Tensor,
    labels: Tensor,
    prior: Tensor,
    inverse: Tensor,
    q: float,
    settings: Settings,
) -> dict[str, float]:
    """Loss of validation items, without augmentation, and their mAP where it picks the epoch.

    Where some are of classes that training lacks (columns of Y beyond C), there is no loss, and the
    mAP is that of items searched by items.
    """
    F = in_pieces(encoder, features)
    Y = labels[:, : prior.shape[1]]
    known = Y.any(dim=1)  # items of a class that training lacks have no target
    scores = {}
    if known.all():
        losses = consistency_losses(F, Y, prior, inverse, q, settings.weights)
        scores["validation_loss"] = losses["total"].item()
    if settings.monitor == "map":
        scores["validation_map"] = monitored_map(F, labels, inverse).item()
    return scores


def epoch_shares(samples: int, settings: Settings, modality: str, epoch: int) -> Tensor:
    """Each sample's share γ in an epoch, (n, 1), on the CPU; drawn anew where ``mixup`` says so."""
    seed = generator(settings.seed, "shares", modality, str(epoch)).initial_seed()
    return shares(samples, settings.gamma, settings.mixup, seed)

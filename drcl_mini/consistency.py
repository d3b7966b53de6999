"""Reversible semantic consistency (RSC): one modality's encoder learns to meet the frozen prior's targets."""

from typing import Any

from torch import Tensor

from .augmentation import augment
from .encoder import Encoder, embed
from .losses import (
    generalized_cross_entropy,
    inter_modal_consistency,
    intra_modal_consistency,
    recast_mse,
)
from .metrics import mean_average_precision
from .recasting import pseudo_inverse, recast
from .settings import Settings
from .training import Report, generator, train


def consistency_losses(
    features: Tensor, labels: Tensor, prior: Tensor, inverse: Tensor, q: float, settings: Settings
) -> dict[str, Tensor]:
    r"""All four terms of one batch and their weighted sum, ``total``.

    .. math:: \alpha\,(\mathrm{intra} + \mathrm{inter}) + \beta\,\mathrm{mse} + \eta\,\mathrm{GCE}_q(F W, Y),
        \qquad R = Y W^+

    A term whose weight is 0 is not computed.

    Args:
        features: F, (n, D), encoder outputs, augmented in training.
        labels: Y, (n, C), augmented likewise.
        prior: W, (D, C), frozen.
        inverse: W⁺, (C, D).
        q: exponent of the generalised cross entropy.
        settings: the weights alpha, beta, eta.

    Example:
        >>> import torch
        >>> w = torch.eye(2)
        >>> terms = consistency_losses(torch.eye(2), torch.eye(2), w, w, 1.0, Settings())
        >>> terms["intra"].item(), terms["mse"].item()  # features that are their own targets
        (0.0, 0.0)
    """
    targets = recast(labels, prior, inverse)
    terms = {}
    if settings.alpha:
        terms["intra"] = intra_modal_consistency(targets, features)
        terms["inter"] = inter_modal_consistency(targets, features)
    if settings.beta:
        terms["mse"] = recast_mse(targets, features)
    if settings.eta:
        terms["label"] = generalized_cross_entropy(features @ prior, labels, q)
    weights = {"intra": settings.alpha, "inter": settings.alpha, "mse": settings.beta, "label": settings.eta}
    return {**terms, "total": sum(weights[name] * term for name, term in terms.items())}


def target_map(features: Tensor, labels: Tensor, inverse: Tensor) -> float:
    """mAP with each recast label as a query and a modality's items as gallery.

    A perfect second modality would query like that. The score needs one modality only, so it can watch an
    encoder that is trained alone.

    Args:
        features: F, (n, D).
        labels: Y, (n, C); every different row is one query.
        inverse: W⁺, (C, D).

    Example:
        >>> import torch
        >>> target_map(torch.eye(2), torch.eye(2), torch.eye(2))
        1.0
    """
    queries = labels.unique(dim=0)
    return mean_average_precision(queries @ inverse, queries.long(), features, labels.long())


def fit_encoder(
    encoder: Encoder,
    features: Tensor,
    labels: Tensor,
    prior: Tensor,
    settings: Settings,
    modality: str,
    validation: tuple[Tensor, Tensor] | None = None,
    report: Report = lambda record: None,
) -> list[dict[str, Any]]:
    """RSC for one modality: train its encoder, in place, against the frozen prior.

    Args:
        encoder: fresh, from :func:`drcl_mini.encoder.build_encoder`.
        features: X, (n, d).
        labels: Y, (n, C), float.
        prior: W, (D, C).
        settings: epochs, rates, weights.
        modality: its name, which seeds its randomness and may have a learning rate of its own.
        validation: features and labels that ``settings.monitor`` picks the epoch on; ``None``: the last one.
        report: told each epoch's record.

    Returns:
        One record an epoch: the losses, q, and validation scores.
    """
    inverse = pseudo_inverse(prior)

    def losses(index: Tensor, partner: Tensor, epoch: int) -> dict[str, Tensor]:
        mixed = augment(encoder(features[index]), labels[index], settings.gamma, partner)
        return consistency_losses(*mixed, prior, inverse, settings.q(epoch), settings)

    def after_epoch(epoch: int) -> dict[str, float]:
        record = {"q": settings.q(epoch)}
        if validation is not None:
            outputs = embed(encoder, validation[0])
            terms = consistency_losses(outputs, validation[1], prior, inverse, settings.q(epoch), settings)
            record["validation_loss"] = terms["total"].item()
            if settings.monitor == "map":
                record["validation_map"] = target_map(outputs, validation[1], inverse)
        return record

    def rank(record: dict[str, float]) -> float:
        return -record["validation_loss"] if settings.monitor == "loss" else record["validation_map"]

    return train(
        list(encoder.parameters()),
        losses,
        len(features),
        after_epoch,
        epochs=range(1, settings.epochs + 1),
        batch_size=settings.batch_size,
        drop_last=settings.drop_last,
        learning_rate=settings.rate(modality),
        betas=settings.betas,
        source=generator(settings.seed, "batches", modality),
        rank=None if validation is None or settings.monitor is None else rank,
        patience=settings.patience,
        report=report,
    )

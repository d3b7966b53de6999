"""Reversible semantic consistency (RSC): one modality's encoder learns to meet the frozen prior's targets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from .augmentation import augment, shares
from .encoder import Encoder, in_pieces
from .losses import (
    generalized_cross_entropy,
    inter_modal_consistency,
    intra_modal_consistency,
    recast_mse,
)
from .metrics import BLOCK, average_precision
from .progress import Keeper
from .ranking import ranking_keys, rounded, row_sorter, unit_rows
from .recasting import pseudo_inverse, recast
from .settings import Settings
from .stack import Stack, Terms
from .training import Report, Run, TrainingDiverged, generator, train


def consistency_losses(
    features: Tensor,
    labels: Tensor,
    prior: Tensor,
    inverse: Tensor,
    q: float | Tensor,
    weights: Mapping[str, float | Tensor],
) -> Terms:
    r"""The terms of one batch and their weighted sum, ``total``.

    .. math:: \alpha\,(\mathrm{intra} + \mathrm{inter}) + \beta\,\mathrm{mse} + \eta\,\mathrm{GCE}_q(F W, Y),
        \qquad R = Y W^+

    Args:
        features: F, (n, D), encoder outputs, augmented in training.
        labels: Y, (n, C), augmented likewise.
        prior: W, (D, C), frozen.
        inverse: W⁺, (C, D).
        q: exponent of the generalised cross entropy.
        weights: by term: ``intra``, ``inter``, ``mse``, ``label``, as :attr:`.Settings.weights` gives them. A term
            that is not there is not computed.

    Example:
        >>> import torch
        >>> w = torch.eye(2)
        >>> terms = consistency_losses(torch.eye(2), torch.eye(2), w, w, 1.0, Settings().weights)
        >>> terms["intra"].item(), terms["mse"].item()  # features that are their own targets
        (0.0, 0.0)
    """
    targets = recast(labels, prior, inverse)
    formulas = {
        "intra": lambda: intra_modal_consistency(targets, features),
        "inter": lambda: inter_modal_consistency(targets, features),
        "mse": lambda: recast_mse(targets, features),
        "label": lambda: generalized_cross_entropy(features @ prior, labels, q),
    }
    terms = {name: formulas[name]() for name in weights}
    return {**terms, "total": sum(weights[name] * term for name, term in terms.items())}


def target_map(features: Tensor, labels: Tensor, inverse: Tensor) -> Tensor:
    """mAP with each recast label as a query and a modality's items as gallery.

    A perfect second modality would query like that. The score needs one modality only, so it can watch an
    encoder that is trained alone.

    Args:
        features: F, (…, n, D), of one run or of many.
        labels: Y, (n, C); every different row is one query.
        inverse: W⁺, (…, C, D).

    Returns:
        float64 (…).

    Example:
        >>> import torch
        >>> target_map(torch.eye(2), torch.eye(2), torch.eye(2)).item()
        1.0
    """
    queries = labels.unique(dim=0)
    gallery = unit_rows(features).mT
    sort, index, scores = row_sorter(features.device), torch.arange(len(labels), device=features.device) << 1, []
    for part in queries.split(max(1, BLOCK // (32 * gallery[..., 0, :].numel()))):
        cosines = unit_rows(part @ inverse) @ gallery
        # The key's last bit is the relevance, so that sorting the keys ranks it.
        keys = ranking_keys(rounded(cosines), index | (part @ labels.T > 0))
        scores.append(average_precision(sort(keys.flatten(0, -2)).view(keys.shape) & 1))
    return torch.cat(scores, dim=-1).mean(dim=-1)


def fit_encoders(
    encoders: Sequence[Encoder],
    features: Tensor,
    labels: Sequence[Tensor],
    priors: Sequence[Tensor],
    settings: Sequence[Settings],
    modality: str,
    validation: tuple[Tensor, Tensor] | None = None,
    reports: Sequence[Report] | None = None,
    keeper: Keeper | None = None,
) -> list[list[dict[str, Any]] | TrainingDiverged]:
    """RSC for one modality, for one run or many at once: train each encoder, in place, against its frozen prior.

    Args:
        encoders: fresh, from :func:`drcl_mini.encoder.build_encoder`, one for each run.
        features: X, (n, d).
        labels: Y, (n, C), float, of each run.
        priors: W, (D, C), of each run.
        settings: epochs, rates, weights of each run.
        modality: its name, which seeds its randomness and may have a learning rate of its own.
        validation: features and labels that ``settings.monitor`` picks the epoch on; ``None``: the last one.
        reports: told each epoch's record, one for each run.
        keeper: keeps the progress of a run that is alone.

    Returns:
        For each run one record an epoch (the losses, q, and validation scores), or why it diverged.
    """
    used = [name for name in TERMS if any(name in s.weights for s in settings)]
    runs = []
    for encoder, y, w, s, report in zip(
        encoders, labels, priors, settings, reports or [lambda record: None] * len(labels), strict=True
    ):
        own = {"labels": y, "prior": w, "inverse": pseudo_inverse(w), "gamma": _shares(len(features), s, modality)}
        own |= {name: torch.tensor(s.weights.get(name, 0.0), dtype=w.dtype, device=w.device) for name in used}
        source, rank = generator(s.seed, "batches", modality), RANKS[s.monitor if validation else None]
        unused = {*used, "validation_map"} - {*s.weights, f"validation_{s.monitor}"}
        epochs = range(1, s.epochs + 1)
        runs.append(Run(encoder, s, source, s.rate(modality), epochs, own, unused, rank, s.patience, report))
        runs[-1].keeper = keeper

    def losses(network: nn.Module, index: Tensor, partner: Tensor, own: Terms) -> Terms:
        mixed = augment(network(features[index]), own["labels"][index], own["gamma"][index], partner)
        weights = {name: own[name] for name in used}
        with torch.autocast(index.device.type, torch.bfloat16, enabled=settings[0].precision == "bfloat16"):
            return consistency_losses(*mixed, own["prior"], own["inverse"], own["q"], weights)

    def validate(network: nn.Module, own: Terms) -> Terms:
        f, weights = in_pieces(network, validation[0]), {name: own[name] for name in used}
        terms = consistency_losses(f, validation[1], own["prior"], own["inverse"], own["q"], weights)
        return {"features": f, "validation_loss": terms["total"]}

    def after_epoch(stack: Stack, own: Terms) -> Terms:
        if validation is None:
            return {}
        with torch.no_grad():
            seen = stack.map(validate, own)
        f = seen.pop("features")
        if any(s.monitor == "map" for s in settings):
            seen["validation_map"] = target_map(f, validation[1], own["inverse"])
        return seen

    train(runs, losses, len(features), after_epoch)
    return [run.error or run.records for run in runs]


def _shares(samples: int, settings: Settings, modality: str) -> Callable[[int], Tensor]:
    def of_epoch(epoch: int) -> Tensor:
        seed = generator(settings.seed, "shares", modality, str(epoch)).initial_seed()
        return shares(samples, settings.gamma, settings.mixup, seed)

    return of_epoch


TERMS = ("intra", "inter", "mse", "label")
RANKS = {
    None: None,
    "loss": lambda record: -record["validation_loss"],
    "map": lambda record: round(record["validation_map"], 9),  # a GPU adds in any order: equal ones stay equal
}
"""What ``settings.monitor`` makes of a record: the greatest picks the epoch."""

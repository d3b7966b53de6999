"""SPL and RSC for many runs at once: what ``prior`` and ``consistency`` do for one, on a stack of networks."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..core.devices import autocast
from ..method.augmentation import augment
from ..method.consistency import consistency_losses, epoch_shares
from ..method.encoder import Encoder, build_encoder, in_pieces
from ..method.losses import generalized_cross_entropy
from ..method.prior import Classifier, LearnedPrior, quality
from ..method.recasting import pseudo_inverse
from ..training.batches import generator
from ..training.monitor import RANKS, target_map
from ..training.settings import Settings
from ..training.watch import Record, Report, Terms, TrainingDiverged
from .stack import Stack
from .training import Run, train

TERMS = ("intra", "inter", "mse", "label")


def learn_priors(
    features: Tensor,
    labels: Sequence[Tensor],
    starts: Sequence[Tensor],
    settings: Sequence[Settings],
    modality: str,
    scored: tuple[Tensor, Tensor] | None,
    reports: Sequence[Report],
) -> list[LearnedPrior | TrainingDiverged]:
    """What :func:`drcl_mini.method.prior.learn_prior` does, for many runs: a result for each, or why it diverged."""
    runs = []
    for y, start, s, report in zip(labels, starts, settings, reports, strict=True):
        source = generator(s.seed, "prior", modality)
        network = Classifier(build_encoder(features, s, source), start.to(features.device).clone())
        rank = (lambda record: record["score"]) if s.keep_best_prior else None
        epochs = range(s.prior_first_epoch, s.prior_first_epoch + s.prior_epochs)
        rate = s.prior_learning_rate
        runs.append(Run(network, s, source, rate, epochs, {"labels": y}, rank=rank, report=report))

    def losses(network: nn.Module, index: Tensor, _: Tensor, own: Terms) -> Terms:
        logits = network(features[index])
        loss = generalized_cross_entropy(logits, own["labels"][index], own["q"])
        # As released: in an epoch 0 the gradient is 0.
        return {"total": torch.where(own["epoch"] == 0, 0 * logits.sum(), loss)}

    def score(network: nn.Module, own: Terms) -> Terms:
        x, y = (features, own["labels"]) if scored is None else scored
        return {"score": quality(in_pieces(network, x), y)}

    @torch.no_grad()
    def after_epoch(stack: Stack, own: Terms) -> Terms:
        return stack.map(score, own)

    def outcome(run: Run) -> LearnedPrior:
        scores = [record["score"] for record in run.records]
        if not scores:
            own = {name: value[None] for name, value in run.own.items()}
            scores = after_epoch(Stack([run.network]), own)["score"].tolist()
        return LearnedPrior(run.network.prior.detach(), max(scores), run.records)

    train(runs, losses, len(features), after_epoch)
    return [run.error or outcome(run) for run in runs]


def fit_encoders(
    encoders: Sequence[Encoder],
    features: Tensor,
    labels: Sequence[Tensor],
    priors: Sequence[Tensor],
    settings: Sequence[Settings],
    modality: str,
    validation: tuple[Tensor, Tensor] | None,
    reports: Sequence[Report],
) -> list[list[Record] | TrainingDiverged]:
    """What :func:`drcl_mini.method.consistency.fit_encoder` does, for many runs: records, or why it diverged."""
    used = [name for name in TERMS if any(name in s.weights for s in settings)]
    runs = []
    for encoder, y, w, s, report in zip(encoders, labels, priors, settings, reports, strict=True):

        def gamma(epoch: int, s: Settings = s) -> Tensor:
            return epoch_shares(len(features), s, modality, epoch)

        own = {"labels": y, "prior": w, "inverse": pseudo_inverse(w), "gamma": gamma}
        for name in used:
            own[name] = torch.tensor(s.weights.get(name, 0.0), dtype=w.dtype, device=w.device)
        source, rank = (
            generator(s.seed, "batches", modality),
            RANKS[s.monitor if validation else None],
        )
        unused = {*used, "validation_map"} - {*s.weights, f"validation_{s.monitor}"}
        epochs = range(1, s.epochs + 1)
        rate = s.rate(modality)
        runs.append(Run(encoder, s, source, rate, epochs, own, unused, rank, s.patience, report))

    def losses(network: nn.Module, index: Tensor, partner: Tensor, own: Terms) -> Terms:
        mixed = augment(
            network(features[index]), own["labels"][index], own["gamma"][index], partner
        )
        weights = {name: own[name] for name in used}
        with autocast(settings[0].precision, index.device):
            return consistency_losses(*mixed, own["prior"], own["inverse"], own["q"], weights)

    def validate(network: nn.Module, own: Terms) -> Terms:
        f, weights = in_pieces(network, validation[0]), {name: own[name] for name in used}
        terms = consistency_losses(
            f, validation[1], own["prior"], own["inverse"], own["q"], weights
        )
        return {"features": f, "validation_loss": terms["total"]}

    @torch.no_grad()
    def after_epoch(stack: Stack, own: Terms) -> Terms:
        if validation is None:
            return {}
        seen = stack.map(validate, own)
        f = seen.pop("features")
        if any(s.monitor == "map" for s in settings):
            seen["validation_map"] = target_map(f, validation[1], own["inverse"])
        return seen

    train(runs, losses, len(features), after_epoch)
    return [run.error or run.records for run in runs]

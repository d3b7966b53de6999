"""SPL and RSC for many runs at once: what ``prior`` and ``consistency`` do for one run."""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from ..core.devices import autocast
from ..method.augmentation import augment
from ..method.consistency import consistency_losses, epoch_shares
from ..method.encoder import Encoder, build_encoder
from ..method.losses import generalized_cross_entropy
from ..method.prior import Classifier, LearnedPrior, quality
from ..method.recasting import pseudo_inverse
from ..training.batches import generator
from ..training.monitor import RANKS, target_map
from ..training.rows import in_pieces
from ..training.settings import TERMS, Settings
from ..training.watch import Record, Report, Terms, TrainingDiverged
from .stack import Stack
from .training import Run, train


def learn_priors(
    features: Tensor,
    labels: Sequence[Tensor],
    starts: Sequence[Tensor],
    settings: Sequence[Settings],
    modality: str,
    scored: tuple[Tensor, Tensor] | None,
    reports: Sequence[Report | None],
) -> list[LearnedPrior | TrainingDiverged]:
    """What :func:`drcl_mini.method.prior.learn_prior` does, for many runs at once.

    Returns:
        The prior of each run, or why it diverged.
    """
    runs = []
    for y, start, s, report in zip(labels, starts, settings, reports, strict=True):
        source = generator(s.seed, "prior", modality)
        network = Classifier(build_encoder(features, s, source), start.to(features.device).clone())
        epochs = range(s.prior_first_epoch, s.prior_first_epoch + s.prior_epochs)
        rate, inputs = s.prior_learning_rate, {"labels": y}
        best = (lambda record: record["score"]) if s.keep_best_prior else None
        runs.append(Run(network, s, source, rate, epochs, inputs, rank=best, report=report))

    def losses(network: nn.Module, index: Tensor, _: Tensor, inputs: Terms) -> Terms:
        logits = network(features[index])
        loss = generalized_cross_entropy(logits, inputs["labels"][index], inputs["q"])
        # As released: in an epoch 0 the gradient is 0.
        return {"total": torch.where(inputs["epoch"] == 0, 0 * logits.sum(), loss)}

    def score(network: nn.Module, inputs: Terms) -> Terms:
        x, y = scored or (features, inputs["labels"])
        return {"score": quality(in_pieces(network, x), y)}

    @torch.no_grad()
    def after_epoch(stack: Stack, inputs: Terms) -> Terms:
        return stack.map(score, inputs)

    @torch.no_grad()
    def outcome(run: Run) -> LearnedPrior:
        scores = [record["score"] for record in run.records]
        scores = scores or [score(run.network, run.inputs)["score"].item()]
        network = run.network
        return LearnedPrior(network.prior.detach(), max(scores), network.encoder, run.records)

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
    reports: Sequence[Report | None],
    losses: Callable[..., Terms] = consistency_losses,
) -> list[list[Record] | TrainingDiverged]:
    """What :func:`drcl_mini.method.consistency.fit_encoder` does, for many runs at once.

    Args:
        encoders: one for each run, of one shape; trained in place.
        features: X, (n, d), of all runs.
        labels: Y, (n, C), of each run.
        priors: W, (D, C), of each run.
        settings: of each run.
        modality: its name.
        validation: features and labels that the epoch is picked on; ``None``: the last epoch.
        reports: called with the records of each run.
        losses: what is minimised, with the parameters of :func:`.consistency_losses`.

    Returns:
        The records of each run, or why it diverged.
    """
    used = [name for name in TERMS if any(name in s.weights for s in settings)]
    runs = []
    for encoder, y, w, s, report in zip(encoders, labels, priors, settings, reports, strict=True):
        gamma = partial(epoch_shares, len(features), s, modality)
        inputs = {"labels": y, "prior": w, "inverse": pseudo_inverse(w), "gamma": gamma}
        for name in used:
            inputs[name] = torch.tensor(s.weights.get(name, 0.0), dtype=w.dtype, device=w.device)
        unused = {*used, "validation_map"} - {*s.weights, f"validation_{s.monitor}"}
        watched = {"rank": RANKS[s.monitor if validation else None], "patience": s.patience}
        source, epochs = generator(s.seed, "batches", modality), range(1, s.epochs + 1)
        rate = s.rate(modality)
        run = Run(encoder, s, source, rate, epochs, inputs, unused, report=report, **watched)
        runs.append(run)

    def terms(features: Tensor, labels: Tensor, inputs: Terms) -> Terms:
        weights = {name: inputs[name] for name in used}
        return losses(features, labels, inputs["prior"], inputs["inverse"], inputs["q"], weights)

    def step_losses(network: nn.Module, index: Tensor, partner: Tensor, inputs: Terms) -> Terms:
        y, gamma = inputs["labels"][index], inputs["gamma"][index]
        mixed = augment(network(features[index]), y, gamma, partner)
        with autocast(settings[0].precision, index.device):
            return terms(*mixed, inputs)

    def validate(network: nn.Module, inputs: Terms) -> Terms:
        f = in_pieces(network, validation[0])
        return {"features": f, "validation_loss": terms(f, validation[1], inputs)["total"]}

    @torch.no_grad()
    def after_epoch(stack: Stack, inputs: Terms) -> Terms:
        if validation is None:
            return {}
        scores = stack.map(validate, inputs)
        f = scores.pop("features")
        if any(s.monitor == "map" for s in settings):
            scores["validation_map"] = target_map(f, validation[1], inputs["inverse"])
        return scores

    train(runs, step_losses, len(features), after_epoch)
    return [run.error or run.records for run in runs]

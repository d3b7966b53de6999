"""Many models fitted at once: the two stages of DRCL, each for a stack of runs."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..core.devices import check_precision, free_memory, out_of_memory, resolve_device, tf32
from ..data.split import Split
from ..method.encoder import ROWS, build_encoder
from ..method.prior import FIXED, select_prior, starting_prior
from ..retrieval.ranking import check_memory
from ..training.batches import generator
from ..training.fitting import (
    Tensors,
    advice,
    diverged,
    interruptible,
    mark,
    noisy,
    progress_bar,
    reporter,
    tensors,
)
from ..training.preflight import check_fit, check_prior
from ..training.settings import Settings
from ..training.watch import TrainingDiverged
from .stages import fit_encoders, learn_priors
from .steps import REPLAYED

if TYPE_CHECKING:
    from ..method.estimator import DRCL

SHAPING = (
    "hidden", "dim", "standardise", "selection", "prior_first_epoch", "betas", "batch_size", "drop_last", "precision",
)  # fmt: skip
"""Settings that models of one stack share; the others may differ from run to run."""


def fit_many(
    models: Sequence["DRCL"],
    train: Split,
    validation: Split | None = None,
    priors: Sequence[Any] | None = None,
    memory: int | None = None,
    checkpoint: str | os.PathLike | None = None,
    every: int = 10,
) -> None:
    """Fit many models at once, in place, each as its own ``fit`` would: a run in a batch equals the run alone.

    Equal means: but for float32's last digits. Where two epochs are that close on ``monitor``, the other may be kept.

    Models whose settings differ in shapes (see :data:`.SHAPING`) or in the device are trained one group after
    another; a group too big for the memory is split.

    Args:
        models: unfitted :class:`drcl_mini.DRCL`, each with its own seed and settings.
        train: what to learn from.
        validation: what picks the epochs.
        priors: for each model a given prior W (D, C), or ``None`` to learn one.
        memory: bytes that one stack may take, about; by default half of what is free now.
        checkpoint: a file that keeps the progress of one model, see :meth:`drcl_mini.DRCL.fit`; no step is replayed
            then.
        every: epochs between two writes of it.

    Raises:
        ValueError: data or settings that don't fit; nothing has changed then.
        TrainingDiverged: losses of some models stopped being finite; the others are fitted. A model whose first
            stage diverged has no ``prior_``; what else it lacks stands in its ``partial_`` and ``encoders_``.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> models = [drcl_mini.DRCL(seed=seed, prior_epochs=2, epochs=2) for seed in range(3)]
        >>> fit_many(models, data.train, data.validation)
        >>> [len(model.history_) for model in models]
        [8, 8, 8]
    """
    if not isinstance(models, Iterable):
        raise ValueError(
            f"models is {type(models).__name__}, expected a list of DRCL models: fit_many([model], …)"
        )
    models, memory = list(models), None if memory is None else check_memory(memory)
    for model in models:
        if not isinstance(getattr(model, "settings", None), Settings):
            raise ValueError(f"models hold {type(model).__name__}, expected a list of DRCL models")
    priors = [None] * len(models) if priors is None else list(priors)
    if len(set(map(id, models))) < len(models) or len(priors) != len(models):
        raise ValueError(
            f"{len(models)} models and {len(priors)} priors, expected different models, one prior for each"
        )
    if checkpoint is not None and len(models) != 1:
        raise ValueError(
            f"checkpoint keeps the progress of one model, got {len(models)}: fit them one by one"
        )
    if checkpoint is not None or (len(models) == 1 and not REPLAYED.get()):
        models[0].fit(train, validation, priors[0], checkpoint=checkpoint, every=every)
        return
    groups: dict[tuple, list[DRCL]] = defaultdict(list)
    given: dict[DRCL, Tensor] = {}
    for model, prior in zip(models, priors, strict=True):
        s, device = model.settings, resolve_device(model.settings.device)
        check_precision(s.precision, device)
        classes = check_fit(train, validation, s)
        if prior is not None:
            given[model] = check_prior(prior, s.dim, classes).to(device)
        groups[device, *(getattr(s, name) for name in SHAPING)].append(model)
    for model in models:
        model.reset(classes)
    errors: dict[DRCL, TrainingDiverged] = {}
    data: dict[torch.device, list[Tensors]] = {}
    with interruptible(models):
        for (device, *_), group in groups.items():
            if device not in data:
                data[device] = [tensors(split, classes, device) for split in (train, validation)]
            stages = Stages(group, *data[device], memory, errors)
            with tf32(group[0].settings.precision == "tf32"):
                stages.choose_priors(given)
                for name in train.modalities:
                    stages.fit_modality(name)
            mark(group, False)
    if errors:
        raise _all_errors(models, errors)


class Stages:
    """SPL and RSC for a group of models of one shape, modality by modality.

    Args:
        models: what to fit.
        data: training features and labels (X, Y), by modality.
        held: those of validation.
        memory: bytes that one stack may take; ``None``: half of what is free.
        errors: where models that diverge are noted; they take no further part.
    """

    def __init__(
        self,
        models: Sequence["DRCL"],
        data: Tensors,
        held: Tensors,
        memory: int | None,
        errors: dict["DRCL", TrainingDiverged],
    ) -> None:
        self.models, self.data, self.held, self.memory, self.errors = (
            models,
            data,
            held,
            memory,
            errors,
        )

    def choose_priors(self, given: dict["DRCL", Tensor]) -> None:
        """Give each model its ``prior_``: the given one, a fixed one, or the one that SPL selects."""
        device = next(iter(self.data.values()))[0].device
        first: dict[DRCL, Tensor] = {}
        for model in self.models:
            s = model.settings
            if model in given:
                model.prior_, model.prior_source_ = given[model], "given"
            else:
                first[model] = starting_prior(s, model.n_classes_).to(device)
                if s.prior in FIXED:
                    model.prior_, model.prior_source_ = s.prior_scale * first[model], s.prior
        learning = [model for model in self.models if not hasattr(model, "prior_")]
        for name, (x, y) in self.data.items():

            def learn(part: list["DRCL"], name: str = name, x: Tensor = x, y: Tensor = y) -> None:
                settings = [model.settings for model in part]
                scored = self.held[name] if settings[0].selection == "validation" else None
                with progress_bar(
                    settings[0],
                    f"prior {name} × {len(part)}",
                    sum(s.prior_epochs for s in settings),
                ) as bar:
                    reports = [reporter(model, "prior", name, bar) for model in part]
                    labels = [noisy(y, s, name) for s in settings]
                    starts = [first[model] for model in part]
                    found = learn_priors(x, labels, starts, settings, name, scored, reports)
                for model, learned in zip(
                    part, self._without_errors(part, found, "prior", name), strict=True
                ):
                    if learned is not None:
                        model.priors_[name], model.quality_scores_[name] = (
                            learned.prior,
                            learned.score,
                        )

            self._in_parts(
                [model for model in learning if model.settings.prior in ("selected", name)],
                name,
                learn,
            )
        for model in learning:
            if model not in self.errors:
                chosen = select_prior(model.quality_scores_)
                model.prior_, model.prior_source_ = model.priors_[chosen], chosen

    def fit_modality(self, name: str) -> None:
        """Train one modality's encoder of each model against its prior."""
        x, y = self.data[name]

        def fit(part: list["DRCL"]) -> None:
            settings = [model.settings.but(dim=len(model.prior_)) for model in part]
            encoders = [build_encoder(x, s, generator(s.seed, "encoder", name)) for s in settings]
            priors = [model.prior_ for model in part]
            try:
                with progress_bar(
                    settings[0],
                    f"consistency {name} × {len(part)}",
                    sum(s.epochs for s in settings),
                ) as bar:
                    pairs = zip(part, encoders, strict=True)
                    reports = [
                        reporter(model, "consistency", name, bar, encoder)
                        for model, encoder in pairs
                    ]
                    labels, held = [noisy(y, s, name) for s in settings], self.held.get(name)
                    found = fit_encoders(encoders, x, labels, priors, settings, name, held, reports)
            finally:
                for encoder in encoders:
                    encoder.requires_grad_(False)
            for model, encoder, whole in zip(
                part, encoders, self._without_errors(part, found, "consistency", name), strict=True
            ):
                if whole is not None:
                    model.encoders_[name] = encoder  # there is no report without an epoch
                    model.partial_ = [other for other in model.partial_ if other != name]

        self._in_parts(self.models, name, fit)

    def _in_parts(
        self, models: Sequence["DRCL"], name: str, work: Callable[[list["DRCL"]], None]
    ) -> None:
        """Do the work on as many models at a time as the memory holds."""
        live = [model for model in models if model not in self.errors]
        if not live:
            return
        x, y = self.data[name]
        held = len(self.held[name][0]) if name in self.held else 0
        need, most, done = run_bytes(live[0].settings, x.shape, y.shape[1], held), len(live), 0
        while done < len(live):
            room = (
                self.memory or free_memory(x.device) // 2
            )  # less each time: what was trained stays
            part = live[done : done + max(1, min(most, room // need))]
            known = [len(model.history_) for model in live]
            try:
                work(part)
                done += len(part)
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                if len(part) == 1:
                    with advice(part[0], "", name, x.device):
                        raise
                for model, length in zip(live, known, strict=True):
                    del model.history_[length:]
                most = len(part) // 2

    def _without_errors(
        self, models: Sequence["DRCL"], found: Sequence[Any], stage: str, name: str
    ) -> list[Any]:
        for model, result in zip(models, found, strict=True):
            if isinstance(result, TrainingDiverged):
                self.errors[model] = diverged(model, stage, name, result)
        return [None if isinstance(result, TrainingDiverged) else result for result in found]


def run_bytes(settings: Settings, shape: Sequence[int], classes: int, held: int) -> int:
    """About how much memory one run takes in a stack.

    Weights seven times (value, gradient, Adam's two moments, the best epoch's, room for the next best, and while a
    stack is made), activations with their gradients, and the similarities of a batch's pairs.

    Args:
        settings: of the run.
        shape: of the features, (n, d).
        classes: C, how many there are.
        held: samples of the validation split.
    """
    widths, pairs = [shape[1], *settings.hidden, settings.dim], max(settings.batch_size, held)
    rows = max(pairs, min(shape[0], ROWS))
    weights = sum(a * b for a, b in pairwise(widths)) + settings.dim * classes
    return 4 * (7 * weights + 3 * rows * sum(widths) + 8 * pairs * pairs)


def _all_errors(
    models: Sequence["DRCL"], errors: dict["DRCL", TrainingDiverged]
) -> TrainingDiverged:
    if len(models) == 1:
        return errors[models[0]]
    each = [
        f"model {i} (seed {model.settings.seed}): {errors[model]}"
        for i, model in enumerate(models)
        if model in errors
    ]
    others = (
        "; the others are fitted"
        if len(each) < len(models) and not any(m.interrupted_ for m in models)
        else ""
    )
    return TrainingDiverged(f"{len(each)} of {len(models)} models{others}. {' | '.join(each)}")

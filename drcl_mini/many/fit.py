"""Many models fitted at once: the two stages of DRCL, each for a stack of runs."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ..core.checks import check_integer, warn
from ..core.devices import check_precision, free_memory, out_of_memory, resolve_device
from ..core.lazy import LazyTable
from ..data.split import Split
from ..method.encoder import build_encoder
from ..method.estimator import DRCL
from ..method.prior import FIXED, select_prior, starting_prior
from ..training import fitting
from ..training.batches import generator
from ..training.preflight import Checked, check_fit, check_prior
from ..training.rows import ROWS
from ..training.settings import Settings
from ..training.watch import TrainingDiverged
from .stages import fit_encoders, learn_priors
from .steps import REPLAYED

SHAPING = ("hidden", "dim", "standardise", "selection", "prior_first_epoch", "betas", "batch_size")
SHAPING += ("weight_decay",)
SHAPING += ("drop_last", "precision", "threads")
"""Settings that models of one stack share; the others may differ from run to run."""


def fit_many(
    models: Sequence[DRCL],
    train: Split,
    validation: Split | None = None,
    priors: Sequence[Any] | None = None,
    memory: int | None = None,
    checkpoint: str | os.PathLike | None = None,
    every: int = 10,
) -> None:
    """Fit many models at once, in place: each learns what its own ``fit`` would, in less time.

    Results match separate fits up to float32 rounding. Where two epochs are that close on
    ``monitor``, the other one may be kept.

    Models that differ in the device or in a setting of :data:`.SHAPING` are trained one group after
    another; a group too big for the memory is split. Features that lie in files, class weights and
    validation classes that training lacks make it train the models one after another.

    Args:
        models: unfitted :class:`drcl_mini.DRCL`, each with its own seed and settings.
        train: what to learn from.
        validation: what picks the epochs.
        priors: for each model a given prior W (D, C), or ``None`` to learn one.
        memory: bytes that one stack may take, about; by default half of what is free now.
        checkpoint: a file that keeps the progress of one model, see :meth:`drcl_mini.DRCL.fit`; no
            step is replayed then.
        every: epochs between two writes of it.

    Raises:
        ValueError: data or settings that don't fit; nothing has changed then.
        TrainingDiverged: a loss or a weight of some models became NaN or infinite; the others are
            fitted. A model whose first stage diverged has no ``prior_``; ``partial_`` and
            ``encoders_`` say what else a model lacks.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> models = [drcl_mini.DRCL(seed=seed, prior_epochs=2, epochs=2) for seed in range(3)]
        >>> fit_many(models, data.train, data.validation)
        >>> [len(model.history_) for model in models]
        [8, 8, 8]
    """
    if not isinstance(models, Iterable):
        told = "expected a list of DRCL models: fit_many([model], …)"
        raise ValueError(f"models is {type(models).__name__}, {told}")
    models, memory = list(models), check_integer(memory, "memory (bytes)", optional=True)
    for model in models:
        if not isinstance(model, DRCL):
            raise ValueError(f"models hold {type(model).__name__}, expected a list of DRCL models")
    priors = [None] * len(models) if priors is None else list(priors)
    if len(set(models)) < len(models) or len(priors) != len(models):
        got = f"{len(models)} models and {len(priors)} priors"
        raise ValueError(f"{got}, expected different models, one prior for each")
    if checkpoint is not None and len(models) != 1:
        told = f"checkpoint keeps the progress of one model, got {len(models)}"
        raise ValueError(f"{told}: fit them one by one")
    if checkpoint is not None or (len(models) == 1 and not REPLAYED.get()):
        models[0].fit(train, validation, priors[0], checkpoint=checkpoint, every=every)
        return
    if not models:
        return
    groups: dict[tuple, list[DRCL]] = defaultdict(list)
    given: dict[DRCL, Tensor] = {}
    for model, prior in zip(models, priors, strict=True):
        s, device = model.settings, resolve_device(model.settings.device)
        check_precision(s.precision, device)
        checked = check_fit(train, validation, s)
        if prior is not None:
            given[model] = check_prior(prior, s.dim, checked.classes).to(device)
        groups[device, *(getattr(s, name) for name in SHAPING)].append(model)
    if not _stackable(checked, models):
        _one_by_one(models, train, validation, priors)
        return
    train, validation, classes = checked.train, checked.validation, checked.classes
    for model in models:
        model.reset(checked)
    errors: dict[DRCL, TrainingDiverged] = {}
    data: dict[torch.device, list[fitting.Tensors]] = {}
    with fitting.interruptible(models):
        for (device, *_), group in groups.items():
            if device not in data:
                splits = train, validation
                data[device] = [fitting.tensors(split, classes, device) for split in splits]
            with fitting.computing(group[0].settings, train, len(group)):
                stages = Stages(group, *data[device], memory, errors)
                stages.choose_priors(given)
                stages.fit_encoders()
            fitting.mark(group, False)
    if errors:
        raise _all_errors(models, errors)


def _stackable(data: Checked, models: Sequence[DRCL]) -> bool:
    """Whether runs can be one stack: data in memory, no new classes, no class weights."""
    splits = [split for split in (data.train, data.validation) if split]
    lazy = any(isinstance(x, LazyTable) for split in splits for x in split.features.values())
    labels = [y for split in splits for y in split.labels.values() if y.ndim == 1]
    new = any(y.max() >= data.classes for y in labels)
    return not (lazy or new or any(model.settings.class_weight for model in models))


def _one_by_one(
    models: Sequence[DRCL], train: Split, validation: Split | None, priors: Sequence[Any]
) -> None:
    """Fit models one after another; those that diverge don't keep the others from it."""
    errors = {}
    for model, prior in zip(models, priors, strict=True):
        try:
            model.fit(train, validation, prior)
        except TrainingDiverged as error:
            errors[model] = error
        if model.interrupted_:
            break
    late = models[models.index(model) + 1 :]
    fitting.mark(late, True)
    if late:
        warn(f"training interrupted: {len(late)} of {len(models)} models were not begun")
    if errors:
        raise _all_errors(models, errors)


@dataclass
class Stages:
    """SPL and RSC for a group of models of one shape, modality by modality.

    Args:
        models: what to fit.
        data: training features and labels (X, Y), by modality.
        held: those of validation.
        memory: bytes that one stack may take; ``None``: half of what is free.
        errors: where models that diverge are noted; they take no further part.
    """

    models: Sequence[DRCL]
    data: fitting.Tensors
    held: fitting.Tensors
    memory: int | None
    errors: dict[DRCL, TrainingDiverged]

    def choose_priors(self, given: dict[DRCL, Tensor]) -> None:
        """Give each model its ``prior_``: a given one, a fixed one, or the one SPL selects."""
        device = next(iter(self.data.values()))[0].device
        self.starts: dict[DRCL, Tensor] = {}
        for model in self.models:
            s = model.settings
            start = starting_prior(s, model.n_classes_).to(device)
            if model in given:
                model.prior_, model.prior_source_ = given[model], "given"
            elif s.prior in FIXED:
                model.prior_, model.prior_source_ = s.prior_scale * start, s.prior
            else:
                self.starts[model] = start
        for name in self.data:
            learning = [m for m in self.starts if m.settings.prior in ("selected", name)]
            self._in_parts(learning, name, self._learn_priors)
        for model in self.starts:
            if model not in self.errors:
                model.prior_source_ = select_prior(model.quality_scores_)
                model.prior_ = model.priors_[model.prior_source_]

    def _learn_priors(self, models: Sequence[DRCL], name: str) -> None:
        """SPL on one modality, as one stack."""
        x, y = self.data[name]
        settings = [model.settings for model in models]
        scored = self.held[name] if settings[0].selection == "validation" else None
        labels = [fitting.noisy(y, s, name) for s in settings]
        starts = [self.starts[model] for model in models]
        epochs = sum(s.prior_epochs for s in settings)
        with fitting.progress_bar(settings[0], f"prior {name} × {len(models)}", epochs) as bar:
            reports = [fitting.reporter(model, "prior", name, bar) for model in models]
            found = learn_priors(x, labels, starts, settings, name, scored, reports)
        for model, learned in zip(models, found, strict=True):
            if isinstance(learned, TrainingDiverged):
                self.errors[model] = fitting.diverged(model, "prior", name, learned)
            else:
                model.priors_[name], model.quality_scores_[name] = learned.prior, learned.score

    def fit_encoders(self) -> None:
        """Train the encoders of each model against its prior."""
        for name in self.data:
            self._in_parts(self.models, name, self._fit_encoders)

    def _fit_encoders(self, models: Sequence[DRCL], name: str) -> None:
        """RSC on one modality, as one stack."""
        x, y = self.data[name]
        settings = [model.settings for model in models]
        encoders = [build_encoder(x, s, generator(s.seed, "encoder", name)) for s in settings]
        labels = [fitting.noisy(y, s, name) for s in settings]
        priors = [model.prior_ for model in models]
        held, epochs = self.held.get(name), sum(s.epochs for s in settings)
        pairs = list(zip(models, encoders, strict=True))
        title = f"consistency {name} × {len(models)}"
        try:
            with fitting.progress_bar(settings[0], title, epochs) as bar:
                reports = [fitting.reporter(m, "consistency", name, bar, e) for m, e in pairs]
                found = fit_encoders(encoders, x, labels, priors, settings, name, held, reports)
        finally:
            for encoder in encoders:
                encoder.requires_grad_(False)
        for (model, encoder), outcome in zip(pairs, found, strict=True):
            if isinstance(outcome, TrainingDiverged):
                self.errors[model] = fitting.diverged(model, "consistency", name, outcome)
            else:
                model.encoders_[name] = encoder  # without epochs no report has done so
                model.partial_ = [other for other in model.partial_ if other != name]

    def _in_parts(
        self, models: Iterable[DRCL], name: str, work: Callable[[Sequence[DRCL], str], None]
    ) -> None:
        """Do the work on as many models at a time as the memory holds."""
        left = [model for model in models if model not in self.errors]
        (x, y), most = self.data[name], len(left)
        held = len(self.held[name][0]) if name in self.held else 0
        while left:
            need = run_bytes(left[0].settings, x.shape, y.shape[1], held)
            # Less each time: what was trained stays.
            room = self.memory or free_memory(x.device) // 2
            part = left[: max(1, min(most, room // need))]
            known = [len(model.history_) for model in part]
            try:
                work(part, name)
                left = left[len(part) :]
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                if len(part) == 1:
                    with fitting.advice(part[0], "", name, x.device):
                        raise
                for model, length in zip(part, known, strict=True):
                    del model.history_[length:]
                most = len(part) // 2


def run_bytes(settings: Settings, shape: Sequence[int], classes: int, held: int) -> int:
    """About how much memory one run takes in a stack.

    Counted are weights seven times (value, gradient, Adam's two moments, the best epoch's, the
    buffer for the next best, and the copy that making a stack takes), activations with their
    gradients, and the similarities of a batch's pairs.

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


def _all_errors(models: Sequence[DRCL], errors: dict[DRCL, TrainingDiverged]) -> TrainingDiverged:
    """One error for the models that diverged."""
    if len(models) == 1:
        return errors[models[0]]
    each = [
        f"model {i} (seed {model.settings.seed}): {errors[model]}"
        for i, model in enumerate(models)
        if model in errors
    ]
    whole = len(each) == len(models) or any(model.interrupted_ for model in models)
    others = "" if whole else "; the others are fitted"
    return TrainingDiverged(f"{len(each)} of {len(models)} models{others}. {' | '.join(each)}")

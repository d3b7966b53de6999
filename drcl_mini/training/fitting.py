"""What stands around the two stages of a fit: data, noise, threads, bars, Ctrl-C, advice."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from ..core.checks import warn
from ..core.devices import out_of_memory, room_for, tf32
from ..core.lazy import as_rows
from ..data.labels import one_hot
from ..data.noise import with_label_noise
from ..data.split import Split
from .batches import generator
from .settings import Settings
from .watch import Record, Report, TrainingDiverged


class Model(Protocol):
    """What a fit changes of a :class:`drcl_mini.DRCL`; its attributes are explained there."""

    settings: Settings
    n_classes_: int
    classes_: np.ndarray
    class_names_: tuple[str, ...]
    columns_: dict[str, tuple[str, ...]]
    prior_: Tensor
    prior_source_: str
    priors_: dict[str, Tensor]
    quality_scores_: dict[str, float]
    encoders_: dict[str, nn.Module]
    history_: list[Record]
    partial_: list[str]
    interrupted_: bool

    def reset(self, data: Any) -> None: ...


Tensors = dict[str, tuple[Tensor, Tensor]]
"""{modality: (X, Y)} on a device; a lazy table's X is :class:`.LazyRows`."""


def tensors(split: Split | None, classes: int, device: torch.device) -> Tensors:
    """{modality: (X, Y)} on the device, Y as float rows (n, C).

    Validation data with classes that training lacks have more columns than C.
    """
    if split is None:
        return {}
    found = {}
    with room_for("the data", device):
        for name, x in split.features.items():
            y = split.labels[name]
            width = max(classes, int(y.max()) + 1) if y.ndim == 1 else classes
            found[name] = as_rows(x, device), one_hot(y, width).to(device)
    return found


def noisy(labels: Tensor, settings: Settings, modality: str) -> Tensor:
    """Y (n, C) with the share of wrong labels ``label_noise``; the same ones for the same seed."""
    if not settings.label_noise:
        return labels
    source = generator(settings.seed, "noise", modality)
    return with_label_noise(labels, settings.label_noise, source)


LARGE = 1e8
"""Multiplications in one step's forward pass from which more threads are worth their price.

Measured on two cores by ``tests/benchmarks/bench_threads.py``, two threads against one. At
3 · 10⁷ (the default setting) they take 0.74 times as long alone, for 1.44 times the processor time,
and 2.5 times as long beside a busy loop; at 3 · 10⁸ 0.60, 1.20 and 1.8 times.
"""


def default_threads(settings: Settings, train: Split, runs: int = 1) -> int | None:
    """Threads that a fit computes with where the setting ``threads`` is ``None``.

    One where a step of the largest encoder does fewer than :data:`LARGE` multiplications: there,
    more threads save little time, and they are slower when other programs run. ``None``, PyTorch's
    own number, for a large one.

    Args:
        settings: of the fit.
        train: what it learns from.
        runs: how many runs one step trains at once.
    """
    rows = min(settings.batch_size, max(map(len, train.features.values())))
    widest = max(x.shape[1] for x in train.features.values())
    layers = pairwise([widest, *settings.hidden, settings.dim])
    products = runs * rows * sum(a * b for a, b in layers)
    return 1 if products < LARGE else None


_LOCK = threading.Lock()
_FITS = {"under way": 0, "threads before": 0}
_OWN = threading.local()


@contextmanager
def computing(settings: Settings, train: Split, runs: int = 1) -> Iterator[None]:
    """Within the block PyTorch has the fit's precision and number of threads, and gradients.

    Part of the number counts for the whole process, part for the calling thread alone. So of fits
    that overlap only the last one to end puts back what was set before: else it would disturb the
    others. A thread whose fit ends earlier gets its own number back with its next fit.

    Args:
        settings: of the fit.
        train: what it learns from.
        runs: how many runs one step trains at once.
    """
    with _LOCK:
        if not _FITS["under way"]:
            _FITS["threads before"] = getattr(_OWN, "threads", None) or torch.get_num_threads()
        before = getattr(_OWN, "threads", None) or _FITS["threads before"]
        _FITS["under way"] += 1
    try:
        threads = settings.threads or default_threads(settings, train, runs)
        torch.set_num_threads(threads or before)
        exactly = tf32(settings.precision == "tf32")
        with exactly, torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        with _LOCK:
            _FITS["under way"] -= 1
            last = not _FITS["under way"]
            _OWN.threads = None if last else before
            if last:
                torch.set_num_threads(before)


@contextmanager
def following(
    model: Model,
    stage: str,
    name: str,
    epochs: int,
    device: torch.device,
    encoder: nn.Module | None = None,
) -> Iterator[Report]:
    """Around the training of one modality in one stage: a bar, history, errors that advise."""
    bar = progress_bar(model.settings, f"{stage} {name}", epochs)
    with bar as shown, advice(model, stage, name, device):
        yield reporter(model, stage, name, shown, encoder)


@contextmanager
def progress_bar(settings: Settings, title: str, epochs: int) -> Iterator[Any]:
    """A bar that counts epochs; hidden as the setting ``progress`` says."""
    hidden = None if settings.progress is None else not settings.progress
    with tqdm(total=epochs, desc=title, unit="epoch", disable=hidden, leave=False) as bar:
        yield bar


def reporter(
    model: Model, stage: str, name: str, bar: Any, encoder: nn.Module | None = None
) -> Report:
    """A report that keeps the model's history and moves the bar.

    The first one of an encoder registers it in the model, as one whose training is under way.
    """
    about = {"stage": stage, "modality": name}

    def report(record: Record) -> None:
        if encoder is not None and model.encoders_.get(name) is not encoder:
            others = [r for r in model.history_ if not about.items() <= r.items()]
            model.history_ = others  # without those of an earlier try
            model.partial_ = [*(other for other in model.partial_ if other != name), name]
            model.encoders_[name] = encoder
        model.history_.append({**about, **record})
        bar.set_postfix(loss=f"{record['total']:.3f}", refresh=False)
        bar.update()

    return report


@contextmanager
def advice(model: Model, stage: str, name: str, device: torch.device) -> Iterator[None]:
    """Errors of a training say what was trained, and what to do."""
    try:
        yield
    except TrainingDiverged as error:
        raise diverged(model, stage, name, error) from None
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        raise RuntimeError(
            f"out of memory on {device} while training {name!r}: lower the setting 'batch_size', "
            "'hidden' or 'dim', or give less validation data"
        ) from None


def diverged(model: Model, stage: str, name: str, error: TrainingDiverged) -> TrainingDiverged:
    """The error with stage, modality, setting, and what of the model can be used."""
    rate = "prior_learning_rate" if stage == "prior" else "learning_rate"
    return TrainingDiverged(f"{stage} of {name!r}: {error}, setting {rate!r}; {usable(model)}")


def usable(model: Model) -> str:
    """Which modalities of a model can be used, in words."""
    names = ", ".join(map(repr, model.encoders_))
    return f"usable: {names}" if names else "nothing usable yet"


@contextmanager
def fresh(model: Model, data: Any) -> Iterator[None]:
    """Begin anew. After an error a fitted model is as it was, unless the new fit trained something.

    A ValueError (progress of another fit) always puts it back, :class:`TrainingDiverged` and Ctrl-C
    never.
    """
    before = model.__dict__
    model.reset(data)
    try:
        yield
    except Exception as error:
        nothing = not model.encoders_ and not isinstance(error, TrainingDiverged)
        if isinstance(error, ValueError) or ("prior_" in before and nothing):
            model.__dict__ = before
        raise


@contextmanager
def interruptible(models: Sequence[Model]) -> Iterator[None]:
    """Ctrl-C ends the training, not the models: what was trained is kept, a warning says what."""
    mark(models, True)
    try:
        yield
    except KeyboardInterrupt:
        cut = sum(model.interrupted_ for model in models)
        if len(models) == 1:
            warn(f"training interrupted; {usable(models[0])}")
        else:
            warn(f"training interrupted: {cut} of {len(models)} models are unfinished")
    except BaseException:
        mark(models, False)
        raise
    else:
        mark(models, False)


def mark(models: Sequence[Model], interrupted: bool) -> None:
    """Note that a fit is under way, or that it is over."""
    for model in models:
        model.interrupted_ = interrupted

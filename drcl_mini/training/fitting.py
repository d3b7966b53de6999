"""What stands around the two stages of a fit: data on the device, label noise, progress, Ctrl-C, errors that advise."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ..core.checks import needs, warn
from ..core.devices import on_device, out_of_memory, room_for
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
    prior_: Tensor
    prior_source_: str
    priors_: dict[str, Tensor]
    quality_scores_: dict[str, float]
    encoders_: dict[str, nn.Module]
    history_: list[Record]
    partial_: list[str]
    interrupted_: bool

    def reset(self, classes: int) -> None: ...


Tensors = dict[str, tuple[Tensor, Tensor]]
"""{modality: (X, Y)} on a device."""


def tensors(split: Split | None, classes: int, device: torch.device) -> Tensors:
    """{modality: (X, Y)} on the device, Y as float rows (n, C)."""
    if split is None:
        return {}
    with room_for("the data", device):
        return {
            name: (on_device(x, device), one_hot(split.labels[name], classes).to(device))
            for name, x in split.features.items()
        }


def noisy(labels: Tensor, settings: Settings, modality: str) -> Tensor:
    """Y (n, C) with the share of wrong labels that ``label_noise`` asks for; the same ones for the same seed."""
    if not settings.label_noise:
        return labels
    return with_label_noise(
        labels, settings.label_noise, generator(settings.seed, "noise", modality)
    )


@contextmanager
def progress_bar(settings: Settings, title: str, epochs: int) -> Iterator[Any]:
    """A bar that counts epochs; hidden as the setting ``progress`` says."""
    tqdm = needs("tqdm", "tqdm").tqdm
    hidden = None if settings.progress is None else not settings.progress
    with tqdm(total=epochs, desc=title, unit="epoch", disable=hidden, leave=False) as bar:
        yield bar


def reporter(
    model: Model, stage: str, name: str, bar: Any, encoder: nn.Module | None = None
) -> Report:
    """A report that keeps the model's history, moves the bar, and registers an encoder once it has learned."""
    about = {"stage": stage, "modality": name}

    def report(record: Record) -> None:
        if encoder is not None and model.encoders_.get(name) is not encoder:
            model.history_ = [
                r for r in model.history_ if not about.items() <= r.items()
            ]  # an earlier try's
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
            f"out of memory on {device} while training {name!r}: lower the setting 'batch_size', 'hidden' or 'dim', "
            "or give less validation data"
        ) from None


def diverged(model: Model, stage: str, name: str, error: TrainingDiverged) -> TrainingDiverged:
    """The error with stage, modality, setting, and what of the model can be used."""
    rate = "prior_learning_rate" if stage == "prior" else "learning_rate"
    return TrainingDiverged(f"{stage} of {name!r}: {error}, setting {rate!r}; {usable(model)}")


def usable(model: Model) -> str:
    """Which modalities of a model can be used, in words."""
    return (
        f"usable: {', '.join(map(repr, model.encoders_))}"
        if model.encoders_
        else "nothing usable yet"
    )


@contextmanager
def fresh(model: Model, classes: int) -> Iterator[None]:
    """Begin anew; where a file's progress doesn't fit, a ValueError, the model stays as it was."""
    before = model.__dict__
    model.reset(classes)
    try:
        yield
    except ValueError:
        model.__dict__ = before
        raise


@contextmanager
def interruptible(models: Sequence[Model]) -> Iterator[None]:
    """Ctrl-C ends the training, not the models: what was trained stays usable, and a warning says what."""
    mark(models, True)
    try:
        yield
    except KeyboardInterrupt:
        cut = [model for model in models if model.interrupted_]
        warn(
            f"training interrupted; {usable(models[0])}"
            if len(models) == 1
            else f"{len(cut)} models interrupted"
        )
    except BaseException:
        mark(models, False)
        raise
    else:
        mark(models, False)


def mark(models: Sequence[Model], interrupted: bool) -> None:
    """Note that a fit is under way, or that it is over."""
    for model in models:
        model.interrupted_ = interrupted

"""Checks before any training: data against data, data against settings, data against a model."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from ..core.checks import check_name, suggest, warn
from ..core.classes import check_words
from ..core.lazy import as_features
from ..core.tables import as_numpy, check_columns
from ..data.labels import one_hot
from ..data.split import Split
from .fitting import Model
from .settings import Settings

IMBALANCE = 20
"""A fit warns where a class has more than so many times the samples of the rarest one."""


class Checked(NamedTuple):
    """What a fit learns from, checked."""

    train: Split
    """Its labels are class indices; rows without a class are left out."""
    validation: Split | None
    """Likewise; classes that training lacks follow after C."""
    values: np.ndarray
    """The C classes as the labels named them."""
    names: tuple[str, ...]
    """Their names."""

    @property
    def classes(self) -> int:
        """C, the number of classes."""
        return len(self.values)


def prepare(train: Split, validation: Split | None) -> Checked:
    """Both splits with class indices for labels, without rows that have no class.

    Raises:
        ValueError: what doesn't fit, and what to do.
    """
    check_splits(train, validation)
    check_words(train.labels)
    values, names = train.values, train.names
    train = without_unlabelled(train, "train").encoded(values, names)
    if validation is not None:
        validation = without_unlabelled(validation, "validation")
        check_columns_of(validation, train.columns)
        validation = validation.encoded(values, names, new=True)
    check_against(train, validation, len(values))
    return Checked(train, validation, values, names)


def check_fit(train: Split, validation: Split | None, settings: Settings) -> Checked:
    """Everything that training needs of its data and settings.

    Raises:
        ValueError: what doesn't fit, and what to do.
    """
    checked = prepare(train, validation)
    train, classes = checked.train, checked.classes
    _check_counts(train, classes, settings)
    if settings.dim < classes:
        expected = f"expected at least {classes}"
        raise ValueError(f"setting 'dim' is {settings.dim} for {classes} classes, {expected}")
    priors = ["selected", "orthogonal", "simplex", *train.modalities]
    if settings.prior not in priors:
        near = suggest(settings.prior, priors)
        raise ValueError(f"setting 'prior' is {settings.prior!r}: {near}")
    for modality in train.modalities:
        settings.rate(modality)
        check_noise(train, modality, settings)
    _check_selection(checked, settings)
    check_monitor(checked.validation, classes, settings.monitor)
    return checked


def _check_selection(data: Checked, settings: Settings) -> None:
    """Where validation data select the prior, every modality has some of training's classes."""
    if settings.selection != "validation":
        return
    held = data.validation.labels if data.validation else {}
    missing = [repr(name) for name in data.train.modalities if name not in held]
    if missing:
        needed = f"needs validation data of {', '.join(missing)}"
        raise ValueError(f"selection='validation' {needed}")
    for modality, y in held.items():
        if y.ndim == 1 and y.min() >= data.classes:
            told = f"validation of {modality!r} has no class of training"
            raise ValueError(f"selection='validation', but {told}: use selection='train'")


def check_monitor(validation: Split | None, classes: int, monitor: str | None) -> None:
    """Whether validation data can pick the epoch as ``monitor`` says; warns of what is special.

    Raises:
        ValueError: the loss picks it, but some items have none.
    """
    if validation is None or monitor is None:
        return
    found = sorted(_present(validation.labels.values()))
    if new := [validation.names[place] for place in found if place >= classes]:
        told = f"validation has classes that training lacks: {new[:5]}"
        if monitor == "loss":
            raise ValueError(f"monitor='loss', but {told}, so they have no loss: use 'map'")
        warn(f"{told}; the best epoch is the one in which items best find others of their class")
    for modality, y in validation.labels.items():
        if monitor == "map" and len(_present([y])) == 1:
            told = f"validation of {modality!r} has one class only, so its mAP is always 1"
            warn(f"{told} and picks the first epoch: add other classes, or fit without it")


def _check_counts(train: Split, classes: int, settings: Settings) -> None:
    """Warn of classes without a sample, and of classes that training hardly sees."""
    counts = {name: one_hot(y, classes).sum(dim=0) for name, y in train.labels.items()}
    empty = torch.stack(list(counts.values())).sum(dim=0).eq(0).nonzero().flatten().tolist()
    if empty:
        told = f"class {train.names[empty[0]]!r} has no sample in any modality"
        hint = (
            ""
            if train.classes or empty[0]
            else ": labels begin at 0; if yours begin at 1, subtract 1"
        )
        warn(f"{told} ({len(empty)} of {classes} classes have none){hint}")
    for name, count in counts.items():
        seen = count[count > 0]
        if settings.class_weight is None and seen.max() > IMBALANCE * seen.min():
            rare = int(count.where(count > 0, torch.inf).argmin())
            few = int(seen.min())
            samples = "1 sample" if few == 1 else f"{few} samples"
            told = f"class {train.names[rare]!r} has {samples} of {name!r}"
            warn(
                f"{told}, another one {int(seen.max())}: predict may never give it; "
                "class_weight='balanced' lets every class count as much"
            )


def without_unlabelled(split: Split, part: str) -> Split:
    """The split without multi-hot rows that have no class at all; warns of them."""
    rows, lost = {}, {}
    for name, y in split.labels.items():
        labelled = y.any(axis=1) if y.ndim == 2 else np.full(len(y), True)
        rows[name] = np.flatnonzero(labelled)
        if not labelled.all():
            lost[name] = f"{(~labelled).sum()} of {len(y)} rows of {name!r}"
    if not lost:
        return split
    empty = next((name for name, kept in rows.items() if not len(kept)), None)
    if empty is not None:
        told = f"{part}: no row of {empty!r} has a class"
        raise ValueError(f"{told}: leave the modality out, or give it labels")
    warn(f"{part}: {', '.join(lost.values())} have no class and are left out")
    return split.take(rows)


def check_columns_of(split: Split, fitted: Mapping[str, Sequence[str]]) -> None:
    """Frames have the columns of those in training, in their order."""
    for name, columns in split.columns.items():
        check_columns(columns, fitted.get(name), name)


def check_noise(train: Split, modality: str, settings: Settings) -> None:
    """Label noise needs one class for each sample."""
    if settings.label_noise and train.labels[modality].ndim == 2:
        noise = f"setting 'label_noise' is {settings.label_noise:g}"
        raise ValueError(f"{noise}, but {modality!r} has multi-hot labels: use 0")


def check_splits(train: Split, validation: Split | None) -> None:
    """Training and validation data are splits, whose features are finite still.

    Raises:
        ValueError: what they are instead.
    """
    for name, split in (("train", train), ("validation", validation)):
        if name == "validation" and split is None:
            continue
        if not isinstance(split, Split):
            expected = "expected a drcl_mini.Split(features, labels)"
            raise ValueError(f"{name} is {type(split).__name__}, {expected}")
        for modality, x in split.features.items():
            as_features(x, modality)  # a split shares the caller's array, which may have changed


def check_against(train: Split, validation: Split | None, classes: int) -> None:
    """A training split against C classes, and its validation split against both.

    Args:
        train: what a model is to learn from.
        validation: what its epoch is picked on.
        classes: C, how many the model knows.
    """
    for modality, y in train.labels.items():
        found = _present([y])
        if max(found) >= classes or (y.ndim == 2 and y.shape[1] != classes):
            width = f"{y.shape[1]} columns" if y.ndim == 2 else f"class {max(found)}"
            told = f"modality {modality!r} has labels with {width}"
            raise ValueError(f"{told}, the model knows {classes} classes")
        if len(found) < 2:
            only = train.names[min(found)]
            raise ValueError(
                f"modality {modality!r} has one class only ({only!r}) in {len(y)} samples: "
                "add samples of other classes or leave the modality out"
            )
    for modality in validation.modalities if validation else ():
        if modality not in train.features:
            near = suggest(modality, train.modalities)
            raise ValueError(f"validation has modality {modality!r}: {near}")
        y, own = validation.labels[modality], train.labels[modality]
        given = validation.features[modality].shape[1]
        wanted = train.features[modality].shape[1]
        if given != wanted:
            counts = f"{given} features in validation, {wanted} in training"
            raise ValueError(f"modality {modality!r} has {counts}")
        if y.ndim != own.ndim or (y.ndim == 2 and y.shape[1] != classes):
            shape = "(n,)" if own.ndim == 1 else f"(n, {classes})"
            told = f"validation labels have shape {y.shape}, training has {shape}"
            raise ValueError(f"modality {modality!r}: {told}")


def check_addition(
    model: Model, name: str, data: tuple[Any, Any], validation: tuple[Any, Any] | None
) -> tuple[Split, Split | None]:
    """A modality that is added to a fitted model, as splits of its own.

    Args:
        model: the fitted model.
        name: of the new modality.
        data: features (n, d) and labels to learn from.
        validation: the same two for validation.

    Raises:
        ValueError: what doesn't fit, and what to do.
    """
    check_name(name, "add_modality")
    if name in model.encoders_ and name not in model.partial_:
        advice = f"use another name, or  del model.encoders_[{name!r}]"
        raise ValueError(f"modality {name!r} is there already: {advice}")
    pair = isinstance(validation, (tuple, list)) and len(validation) == 2
    if validation is not None and not pair:
        given = type(validation).__name__
        raise ValueError(f"validation is {given}, expected a pair (features, labels)")
    known = model.classes_, model.class_names_
    train = without_unlabelled(Split({name: data[0]}, {name: data[1]}), "train")
    train, held = train.encoded(*known), None
    if pair:
        held = without_unlabelled(Split({name: validation[0]}, {name: validation[1]}), "validation")
        check_columns_of(held, train.columns)
        held = held.encoded(*known, new=True)
    check_against(train, held, model.n_classes_)
    model.settings.rate(name)
    check_noise(train, name, model.settings)
    check_monitor(held, model.n_classes_, model.settings.monitor)
    return train, held


def check_prior(prior: object, dim: int, classes: int) -> torch.Tensor:
    """A prior given by hand as a float32 tensor (D, C)."""
    if isinstance(prior, str):
        advice = "name 'simplex' and the like in the setting 'prior'"
        raise ValueError(f"the prior is {prior!r}, expected W: {advice}")
    with np.errstate(over="ignore"):
        w = torch.from_numpy(np.array(as_numpy(prior, "the prior"), np.float32, order="C"))
    expected = (dim, classes)
    if w.shape != expected:
        shape = tuple(w.shape)
        raise ValueError(f"the prior has shape {shape}, expected (dim, classes) = {expected}")
    if not w.isfinite().all():
        raise ValueError("the prior has values that are NaN or infinite")
    return w


def _present(labels: Iterable[np.ndarray]) -> set[int]:
    """The classes that occur in labels, indices (n,) or multi-hot rows (n, C)."""
    found: set[int] = set()
    for y in labels:
        found.update(np.unique(y if y.ndim == 1 else y.nonzero()[1]).tolist())
    return found

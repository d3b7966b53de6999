"""Checks before any training: data against data, data against settings, data against a model."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from ..core.checks import as_numpy, check_features, check_name, suggest, warn
from ..data.split import Split
from .fitting import Model
from .settings import Settings


def check_fit(train: Split, validation: Split | None, settings: Settings) -> int:
    """Everything that training needs of its data and settings.

    Returns:
        C, the number of classes.

    Raises:
        ValueError: what doesn't fit, and what to do.
    """
    check_splits(train, validation)
    classes = train.n_classes
    known = _present(train.labels.values())
    check_against(train, validation, classes, known)
    empty = sorted(set(range(classes)) - known)
    if empty:
        count = f"{len(empty)} of {classes} have none"
        warn(f"class {empty[0]} has no sample in any modality ({count}): count from 0?")
    if settings.dim < classes:
        expected = f"expected at least {classes}"
        raise ValueError(f"setting 'dim' is {settings.dim} for {classes} classes, {expected}")
    priors = ["selected", "orthogonal", "simplex", *train.modalities]
    if settings.prior not in priors:
        near = suggest(settings.prior, priors)
        raise ValueError(f"setting 'prior' is {settings.prior!r}: {near}")
    if settings.selection == "validation":
        held = validation.modalities if validation else ()
        missing = [repr(name) for name in train.modalities if name not in held]
        if missing:
            needed = f"needs validation data of {', '.join(missing)}"
            raise ValueError(f"selection='validation' {needed}")
    for modality in train.modalities:
        settings.rate(modality)
        check_noise(train, modality, settings)
    return classes


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
            check_features(x, modality)  # a split shares the caller's array, which may have changed


def check_against(
    train: Split, validation: Split | None, classes: int, known: Iterable[int]
) -> None:
    """A training split against C classes, and its validation split against both.

    Args:
        train: what a model is to learn from.
        validation: what its epoch is picked on.
        classes: C, how many the model knows.
        known: classes that a validation label may be.
    """
    for modality, y in train.labels.items():
        found = _present([y])
        if max(found) >= classes or (y.ndim == 2 and y.shape[1] != classes):
            width = f"{y.shape[1]} columns" if y.ndim == 2 else f"class {max(found)}"
            told = f"modality {modality!r} has labels with {width}"
            raise ValueError(f"{told}, the model knows {classes} classes")
        if len(found) < 2:
            raise ValueError(
                f"modality {modality!r} has one class only ({min(found)}) in {len(y)} samples: "
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
        new = sorted(_present([y]) - set(known))
        if new:
            told = f"validation has class {new[0]}, which training never had"
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
    train = Split({name: data[0]}, {name: data[1]})
    held = Split({name: validation[0]}, {name: validation[1]}) if pair else None
    check_against(train, held, model.n_classes_, range(model.n_classes_))
    model.settings.rate(name)
    check_noise(train, name, model.settings)
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

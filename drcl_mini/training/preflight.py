"""Checks before any training: data against data, data against settings, data against a trained model."""

import numpy as np
import torch

from ..core.checks import as_numpy, check_features, nearest, warn
from ..data.split import Split
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
    check_against(
        train, validation, classes, set().union(*(_present(y) for y in train.labels.values()))
    )
    empty = sorted(set(range(classes)) - set().union(*(_present(y) for y in train.labels.values())))
    if empty:
        warn(
            f"class {empty[0]} has no sample in any modality ({len(empty)} of {classes} have none): count from 0?"
        )
    if settings.dim < classes:
        raise ValueError(
            f"setting 'dim' is {settings.dim} for {classes} classes, expected at least {classes}"
        )
    priors = ["selected", "orthogonal", "simplex", *train.modalities]
    if settings.prior not in priors:
        raise ValueError(
            f"setting 'prior' is {settings.prior!r}: {nearest(settings.prior, priors)}"
        )
    if settings.selection == "validation":
        missing = [
            m for m in train.modalities if validation is None or m not in validation.features
        ]
        if missing:
            raise ValueError(
                f"selection='validation' needs validation data of {', '.join(map(repr, missing))}"
            )
    for modality in train.modalities:
        settings.rate(modality)
        check_noise(train, modality, settings)
    return classes


def check_splits(train: Split, validation: Split | None) -> None:
    """That they are splits, and their features numbers still.

    Raises:
        ValueError: what they are instead.
    """
    for name, split in (("train", train), ("validation", validation)):
        if not (isinstance(split, Split) or (name == "validation" and split is None)):
            raise ValueError(
                f"{name} is {type(split).__name__}, expected a drcl_mini.Split(features, labels)"
            )
        for modality, x in split.features.items() if split else ():
            check_features(x, modality)  # a split shares the caller's array, which may have changed


def check_against(train: Split, validation: Split | None, classes: int, known: set[int]) -> None:
    """A training split against C classes, and its validation split against both.

    Args:
        train: what a model is to learn from.
        validation: what its epoch is picked on.
        classes: C, how many the model knows.
        known: classes that a validation label may be.
    """
    for modality, y in train.labels.items():
        found = _present(y)
        if max(found) >= classes or (y.ndim == 2 and y.shape[1] != classes):
            width = f"{y.shape[1]} columns" if y.ndim == 2 else f"class {max(found)}"
            raise ValueError(
                f"modality {modality!r} has labels with {width}, the model knows {classes} classes"
            )
        if len(found) < 2:
            raise ValueError(
                f"modality {modality!r} has one class only ({min(found)}) in {len(y)} samples: "
                "there is nothing to tell apart; add samples of other classes or leave the modality out"
            )
    for modality in validation.modalities if validation else ():
        if modality not in train.features:
            raise ValueError(
                f"validation has modality {modality!r}: {nearest(modality, train.modalities)}"
            )
        given, wanted = validation.features[modality].shape[1], train.features[modality].shape[1]
        if given != wanted:
            raise ValueError(
                f"modality {modality!r} has {given} features in validation, {wanted} in training"
            )
        y = validation.labels[modality]
        if y.ndim != train.labels[modality].ndim or (y.ndim == 2 and y.shape[1] != classes):
            wanted = "(n,)" if train.labels[modality].ndim == 1 else f"(n, {classes})"
            raise ValueError(
                f"modality {modality!r}: validation labels have shape {y.shape}, training has {wanted}"
            )
        new = sorted(_present(y) - known)
        if new:
            raise ValueError(
                f"modality {modality!r}: validation has class {new[0]}, which training never had"
            )


def check_noise(train: Split, modality: str, settings: Settings) -> None:
    """Label noise needs one class a sample."""
    if settings.label_noise and train.labels[modality].ndim == 2:
        raise ValueError(
            f"setting 'label_noise' is {settings.label_noise:g}, but {modality!r} has multi-hot labels: use 0"
        )


def check_prior(prior: object, dim: int, classes: int) -> torch.Tensor:
    """A prior given by hand as a float32 tensor (D, C)."""
    if isinstance(prior, str):
        raise ValueError(
            f"the prior is {prior!r}, expected W: name 'simplex' and the like in the setting 'prior'"
        )
    with np.errstate(over="ignore"):
        w = torch.from_numpy(np.array(as_numpy(prior, "the prior"), np.float32, order="C"))
    if w.shape != (dim, classes):
        raise ValueError(
            f"the prior has shape {tuple(w.shape)}, expected (dim, classes) = {(dim, classes)}"
        )
    if not w.isfinite().all():
        raise ValueError("the prior has values that are NaN or infinite")
    return w


def _present(labels: np.ndarray) -> set[int]:
    return set(
        np.unique(labels).tolist()
        if labels.ndim == 1
        else np.flatnonzero(labels.any(axis=0)).tolist()
    )

"""Input checks shared by the whole package: each error says what came, what was expected, what to do."""

import difflib
import importlib
import sys
import traceback
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

LARGEST = 1e18
"""Greatest absolute value of a feature: beyond it the squares that a norm needs overflow float32."""


def nearest(name: object, known: Iterable[str]) -> str:
    """A hint for a misspelt name: the close matches, and everything that would have been accepted.

    >>> nearest("txt", ["image", "text"])
    "did you mean 'text'? known: 'image', 'text'"
    """
    names = list(dict.fromkeys(map(str, known)))
    close = difflib.get_close_matches(str(name), names, n=2)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return f"{hint}known: {', '.join(map(repr, names)) or 'none'}"


def as_numpy(array: Any, what: str) -> np.ndarray:
    """Any table of numbers (list, NumPy, pandas, torch on any device) as a NumPy array.

    Raises:
        ValueError: ragged lists, sparse matrices, words, complex numbers, masked or missing values.
    """
    if np.ma.is_masked(array):
        raise ValueError(
            f"{what} has {np.ma.count_masked(array)} masked values: fill them, or drop their rows"
        )
    try:
        if isinstance(array, torch.Tensor):
            dense = array.detach().to_dense().cpu()
            given = (dense.float() if dense.dtype == torch.bfloat16 else dense).numpy()
        else:
            given = np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{what} can't be read as one array: {error}") from None
    if given.dtype == object and given.ndim:
        _check_gaps(np.isin(given.astype(str), ["None", "nan", "<NA>", "NaT"]), what)
    if given.dtype.kind not in "fiub":
        hint = "; a sparse matrix: convert it with .toarray()" if hasattr(array, "toarray") else ""
        raise ValueError(
            f"{what}: expected a table of numbers, not {type(array).__name__} of {given.dtype}{hint}"
        )
    return given


def _check_gaps(missing: np.ndarray, what: str) -> None:
    """An error if values are missing."""
    if missing.any():
        rows = np.flatnonzero(missing.reshape(len(missing), -1).any(axis=1))
        raise ValueError(
            f"{what}: {missing.sum()} values are missing, the first in row {rows[0]}; "
            f"{len(rows)} of {len(missing)} rows lack any: drop or fill them first"
        )


def check_features(array: Any, modality: str, dimension: int | None = None) -> np.ndarray:
    """Features of one modality as a contiguous float32 array (n, d).

    Raises:
        ValueError: not a table of numbers, another dimension than ``dimension``, no rows, or values
            that are not finite as float32.
    """
    given = as_numpy(array, f"modality {modality!r}: features")
    if given.ndim != 2:
        raise ValueError(
            f"modality {modality!r}: features have shape {given.shape}, expected a table (samples, dimensions)"
        )
    if dimension is not None and given.shape[1] != dimension:
        raise ValueError(
            f"modality {modality!r} has {given.shape[1]} features, the model was fitted on {dimension}"
        )
    if 0 in given.shape:
        raise ValueError(f"modality {modality!r} is empty: features have shape {given.shape}")
    with np.errstate(over="ignore", invalid="ignore"):
        features = np.require(given, np.float32, ["C", "W"])
        fine = -LARGEST <= features.min() <= features.max() <= LARGEST  # NaN is not
    if not fine:
        finite = np.isfinite(features)
        if not finite.all():
            rows = np.flatnonzero(~finite.all(axis=1))
            raise ValueError(
                f"modality {modality!r}: {(~finite).sum()} values are NaN or infinite (as float32), the first "
                f"in row {rows[0]}; {len(rows)} of {len(features)} rows have any: drop or fill them first"
            )
        raise ValueError(
            f"modality {modality!r}: a value of {np.abs(features).max():.3g} is too large to square as float32: "
            f"rescale the features, below {LARGEST:g}"
        )
    return features


def check_labels(array: Any, modality: str, samples: int | None = None) -> np.ndarray:
    """Labels of one modality: class indices (n,) as int64, or multi-hot rows (n, C) as int64 of 0 and 1.

    Raises:
        ValueError: another length than ``samples``, missing values, not integers, negative, not 0/1 in multi-hot
            rows, or a row without any label.
    """
    labels = as_numpy(array, f"modality {modality!r}: labels")
    if labels.dtype.kind == "f" and labels.ndim:
        _check_gaps(np.isnan(labels), f"modality {modality!r}: labels")
    if labels.dtype.kind not in "iub":
        raise ValueError(
            f"modality {modality!r}: labels are {labels.dtype}, expected integers: class indices (n,) "
            "or multi-hot rows (n, C); convert them with .astype(int)"
        )
    if labels.ndim == 2 and labels.shape[1] == 1:
        raise ValueError(
            f"modality {modality!r}: labels have shape {labels.shape}, a column: use .ravel()"
        )
    if labels.ndim not in (1, 2) or 0 in labels.shape:
        raise ValueError(
            f"modality {modality!r}: labels have shape {labels.shape}, expected (n,) or (n, C), not empty"
        )
    if samples is not None and len(labels) != samples:
        raise ValueError(f"modality {modality!r} has {samples} samples but {len(labels)} labels")
    if labels.min() < 0:
        first = np.flatnonzero((labels.reshape(len(labels), -1) < 0).any(axis=1))[0]
        raise ValueError(
            f"modality {modality!r}: labels are negative, the first in row {first}; count from 0"
        )
    if labels.ndim == 2:
        if labels.max() > 1:
            raise ValueError(
                f"modality {modality!r}: multi-hot labels {labels.shape} hold {labels.max()}, expected 0 or 1"
            )
        if not labels.any(axis=1).all():
            first = np.flatnonzero(~labels.any(axis=1))[0]
            raise ValueError(
                f"modality {modality!r}: row {first} has no label at all: drop such rows"
            )
    elif labels.max() >= 1_000_000:
        raise ValueError(
            f"modality {modality!r}: the largest label is {labels.max()}; number classes 0..C-1"
        )
    return labels.astype(np.int64)


def needs(module: str, package: str = "") -> Any:
    """An optional module, or an error that names the command that installs it.

    Args:
        module: what to import.
        package: what to install, where its name is another.

    Raises:
        ImportError: it isn't installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = package or module
        raise ImportError(
            f"this needs the package {missing} ({error}): pip install {missing}"
        ) from None


def check_k(k: Any, optional: bool = True) -> int | None:
    """A retrieval cut-off: an integer of at least 1, or where it is optional ``None`` for all."""
    if k is None and optional:
        return None
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise ValueError(
            f"k is {k!r}, expected {'None (all) or ' if optional else ''}an integer of at least 1"
        )
    return int(k)


def check_mapping(value: Any, what: str) -> Mapping[str, Any]:
    """A non-empty mapping from modality names to arrays."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError(
            f"{what} is {type(value).__name__}, expected a mapping {{modality: array}}, not empty"
        )
    for name in value:
        check_name(name, what)
    return value


def check_name(name: Any, what: str) -> str:
    """The name of a modality: a string, not empty, of characters that can be printed: others could forge an output."""
    if not isinstance(name, str) or not name or not name.isprintable():
        raise ValueError(
            f"{what}: modality names are strings, not empty, that can be printed, not {name!r}"
        )
    return name


def plain(value: Any) -> Any:
    """A number or word of NumPy as Python's own, also within a tuple, a list or a mapping; others as they are.

    >>> plain([np.int64(3), np.float32(0.5), True])
    (3, 0.5, True)
    """
    if isinstance(value, Mapping):
        return {name: _plain(x) for name, x in value.items()}
    return tuple(map(_plain, value)) if isinstance(value, (tuple, list)) else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, np.floating):
        return float(value)  # .item() leaves a longdouble as it is
    return value.item() if isinstance(value, np.generic) else value


def warn(message: str) -> None:
    """A warning that points at the caller of the package, not at its inside."""
    inside, level = Path(__file__).parents[1], 1
    for depth, (frame, _) in enumerate(traceback.walk_stack(sys._getframe()), start=1):
        if Path(frame.f_code.co_filename).is_relative_to(inside):
            level = depth
    warnings.warn(message, UserWarning, stacklevel=level + 1)

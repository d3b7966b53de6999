"""Input checks: each error says what is wrong, what was expected and what to do."""

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
"""Largest absolute value of a feature: squares of larger ones overflow float32."""
MOST_CLASSES = 1_000_000
"""No class index reaches this: each class takes a column."""
FILL = "drop or fill them first"


def suggest(name: object, known: Iterable[str]) -> str:
    """The end of an error about an unknown name: close matches, and every name that is known.

    Example:
        >>> suggest("txt", ["image", "text"])
        "did you mean 'text'? known: 'image', 'text'"
    """
    names = list(dict.fromkeys(map(str, known)))
    close = difflib.get_close_matches(str(name), names, n=2)
    hint = f"did you mean {' or '.join(map(repr, close))}? " if close else ""
    return f"{hint}known: {', '.join(map(repr, names)) or 'none'}"


def require(module: str, package: str = "") -> Any:
    """Import an optional module, or say which command installs it.

    Args:
        module: what to import.
        package: what to install, if its name differs.

    Raises:
        ImportError: it isn't installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        missing = package or module
        told = f"this needs the package {missing} ({error}): pip install {missing}"
        raise ImportError(told) from None


def check_integer(
    value: Any, what: str, least: int = 1, most: int | None = None, optional: bool = False
) -> Any:
    """An integer of Python or NumPy as ``int``; where it is ``optional``, ``None`` passes.

    Raises:
        ValueError: out of range, or something else; ``True`` and 2.0 are no integers.

    Example:
        >>> check_integer(np.int64(3), "k")
        3
        >>> check_integer("x", "k")
        Traceback (most recent call last):
        ValueError: k is 'x', expected an integer of at least 1
    """
    if value is None and optional:
        return None
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
        none = "None or " if optional else ""
        raise ValueError(f"{what} is {value!r}, expected {none}an integer {bounds}")
    return int(value)


def check_mapping(value: Any, what: str) -> Mapping[str, Any]:
    """A non-empty mapping from modality names to arrays.

    Raises:
        ValueError: it is empty, something else, or has a name that isn't one.
    """
    if not isinstance(value, Mapping) or not value:
        kind = type(value).__name__
        raise ValueError(f"{what} is {kind}, expected a non-empty mapping {{modality: array}}")
    for name in value:
        check_name(name, what)
    return value


def check_name(name: Any, what: str) -> str:
    """The name of a modality: a non-empty string without control characters, which forge output.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(name, str) or not name or not name.isprintable():
        told = "expected a non-empty string of printable characters"
        raise ValueError(f"{what}: modality name {name!r}, {told}")
    return name


def as_numpy(array: Any, what: str) -> np.ndarray:
    """Any table of numbers (list, NumPy, pandas, torch on any device) as a NumPy array.

    Raises:
        ValueError: ragged lists, sparse matrices, words, complex numbers, missing values.
    """
    if np.ma.is_masked(array):
        _refuse_rows(np.ma.getmaskarray(array), what, "masked values", FILL)
    try:
        if isinstance(array, torch.Tensor):
            dense = array.detach().to_dense().cpu()
            given = (dense.float() if dense.dtype == torch.bfloat16 else dense).numpy()
        else:
            given = np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{what} can't be read as one array: {error}") from None
    if given.dtype == object and given.ndim:
        missing = np.isin(given.astype(str), ["None", "nan", "<NA>", "NaT"])
        _refuse_rows(missing, what, "missing values", FILL)
    if given.dtype.kind not in "fiub":
        kind = f"{type(array).__name__} of {given.dtype}"
        hint = "; convert a sparse matrix with .toarray()" if hasattr(array, "toarray") else ""
        raise ValueError(f"{what}: expected a table of numbers, got {kind}{hint}")
    return given


def check_features(array: Any, modality: str, dimension: int | None = None) -> np.ndarray:
    """Features of one modality as a contiguous float32 array (n, d).

    Raises:
        ValueError: not a table of numbers, empty, not of the ``dimension``, or with values that
            are not finite as float32 or beyond ±10¹⁸.
    """
    what = f"modality {modality!r}: features"
    given = as_numpy(array, what)
    if given.ndim != 2 or not given.size:
        shape = f"shape {given.shape}" if given.size else f"shape {given.shape}: empty"
        raise ValueError(f"{what} have {shape}, expected a table (samples, dimensions)")
    if dimension is not None and given.shape[1] != dimension:
        told = f"{given.shape[1]} features, the model was fitted on {dimension}"
        raise ValueError(f"modality {modality!r} has {told}")
    with np.errstate(over="ignore", invalid="ignore"):
        features = np.require(given, np.float32, ["C", "W"])
        fine = -LARGEST <= features.min() <= features.max() <= LARGEST  # False for NaN
    if not fine:
        _refuse_rows(~np.isfinite(features), what, "NaN or infinite values (as float32)", FILL)
        large = f"values beyond {LARGEST:g}, too large to square as float32,"
        _refuse_rows(np.abs(features) > LARGEST, what, large, "rescale the features")
    return features


def check_labels(array: Any, modality: str, samples: int | None = None) -> np.ndarray:
    """Labels of one modality as int64: class indices (n,), or multi-hot rows (n, C) of 0 and 1.

    Raises:
        ValueError: not as many as ``samples``, missing values, not integers, negative or huge
            ones, multi-hot rows of other numbers than 0 and 1 or without any label.
    """
    what = f"modality {modality!r}: labels"
    labels = as_numpy(array, what)
    if labels.dtype.kind == "f":
        _refuse_rows(np.isnan(labels), what, "missing values", FILL)
    if labels.dtype.kind not in "iub":
        expected = "integers: class indices (n,) or multi-hot rows (n, C)"
        hint = "convert them with .astype(int)"
        raise ValueError(f"{what} are {labels.dtype}, expected {expected}; {hint}")
    if labels.ndim not in (1, 2) or not labels.size or labels.shape[1:] == (1,):
        expected = "(n,) or (n, C > 1), not empty; flatten a column with .ravel()"
        raise ValueError(f"{what} have shape {labels.shape}, expected {expected}")
    if samples is not None and len(labels) != samples:
        raise ValueError(f"modality {modality!r} has {samples} samples but {len(labels)} labels")
    _refuse_rows(labels < 0, what, "negative values", "count classes from 0")
    if labels.ndim == 1:
        _refuse_rows(labels >= MOST_CLASSES, what, "values of 1000000 or more", "number from 0")
    else:
        _refuse_rows(labels > 1, what, "values above 1", "multi-hot labels are 0 or 1")
        _refuse_rows(~labels.any(axis=1), what, "missing labels", "drop such rows")
    return labels.astype(np.int64)


def _refuse_rows(bad: np.ndarray, what: str, trouble: str, advice: str) -> None:
    """An error if any value is bad; it names the first row that has one."""
    bad = np.atleast_1d(bad)
    rows = np.unique(bad.nonzero()[0])
    if len(rows):
        where = f"{len(rows)} of {len(bad)} rows, the first in row {rows[0]}"
        raise ValueError(f"{what}: {bad.sum()} {trouble} in {where}: {advice}")


def check_dimensions(query: int, gallery: int) -> None:
    """That queries and gallery have as many dimensions.

    Raises:
        ValueError: they don't.
    """
    if query != gallery:
        raise ValueError(f"the queries have {query} dimensions, the gallery has {gallery}")


def to_builtin(value: Any) -> Any:
    """NumPy's numbers and words as Python's, also in tuples, lists (as tuples) and mappings.

    Example:
        >>> to_builtin([np.int64(3), np.float32(0.5), True])
        (3, 0.5, True)
    """
    if isinstance(value, Mapping):
        return {name: to_builtin(x) for name, x in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(map(to_builtin, value))
    if isinstance(value, np.floating):
        return float(value)  # .item() leaves a longdouble as it is
    return value.item() if isinstance(value, np.generic) else value


def warn(message: str) -> None:
    """A warning that points at the line outside the package that called it."""
    package, level = Path(__file__).parents[1], 1
    for depth, (frame, _) in enumerate(traceback.walk_stack(sys._getframe()), start=1):
        if Path(frame.f_code.co_filename).is_relative_to(package):
            level = depth
    warnings.warn(message, UserWarning, stacklevel=level + 1)

"""The one place where tables of numbers, in whatever form people have them, become rows of float32.

What fits into memory becomes a NumPy array. :mod:`drcl_mini.core.lazy` has what doesn't.
"""

from collections.abc import Sequence, Set
from typing import Any

import numpy as np
import torch

LARGEST = 1e18
"""Largest absolute value of a feature: squares of larger ones overflow float32."""
FILL = "drop or fill them first"


def as_numpy(array: Any, what: str) -> np.ndarray:
    """Any table of numbers (list, NumPy, pandas, torch on any device) as a NumPy array.

    Raises:
        ValueError: ragged lists, sparse matrices, words, complex numbers, missing values.
    """
    given = as_array(array, what)
    if given.dtype == object and given.ndim:
        refuse_rows(is_missing(given), what, "missing values", FILL)
        given = _numbers(given)
    if given.dtype.kind not in "fiub":
        kind = f"{type(array).__name__} of {given.dtype}"
        hint = "; convert a sparse matrix with .toarray()" if is_sparse(array) else ""
        if odd := _columns_of_words(given, columns_of(array)):
            hint = f"; no numbers are in the columns {odd}"
        raise ValueError(f"{what}: expected a table of numbers, got {kind}{hint}")
    return given


def as_array(array: Any, what: str, advice: str = "give each row as many numbers") -> np.ndarray:
    """Anything array-like as a NumPy array of whatever type it has; a column of arrays is stacked.

    Args:
        array: what it is.
        what: how errors call it.
        advice: what to do about rows of different lengths.

    Raises:
        ValueError: it can't be one, or has masked values.

    Example:
        >>> import pandas as pd
        >>> as_array(pd.Series([[1.0, 2.0], [3.0, 4.0]]), "embeddings").shape
        (2, 2)
    """
    if isinstance(array, (list, tuple)) and any(map(np.ma.is_masked, array)):
        array = np.ma.stack(array)
    if np.ma.is_masked(array):
        refuse_rows(np.ma.getmaskarray(array), what, "masked values", FILL)
    whole = hasattr(array, "__array__") or hasattr(array, "__getitem__") or isinstance(array, Set)
    lazy = isinstance(array, torch.utils.data.Dataset)
    if lazy or (hasattr(array, "__iter__") and not whole):
        told = f"{what}: got {type(array).__name__}, expected a whole table: collect its"
        raise ValueError(f"{told} batches first, as in np.concatenate([x for x, y in loader])")
    try:
        if isinstance(array, torch.Tensor):
            dense = array.detach().to_dense().cpu()
            return (dense.float() if dense.dtype == torch.bfloat16 else dense).numpy()
        given = np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:
        if isinstance(array, Sequence):
            return _stacked(array, what, advice)
        raise ValueError(f"{what} can't be read as one array: {error}") from None
    cells = given[:, 0] if given.ndim == 2 and given.shape[1] == 1 else given
    nested = cells.dtype == object and cells.ndim == 1 and len(cells) and all(map(_is_row, cells))
    return _stacked(cells, what, advice) if nested else given


def _is_row(cell: Any) -> bool:
    """Whether a cell holds several values: a list or an array."""
    return isinstance(cell, (list, tuple)) or getattr(cell, "ndim", 0) > 0


def _stacked(rows: Any, what: str, advice: str) -> np.ndarray:
    """Rows of one shape as one array."""
    parts = [as_array(row, what) for row in rows]
    shape = parts[0].shape
    other = np.array([part.shape != shape for part in parts])
    size = f"length than {shape[0]}" if len(shape) == 1 else f"shape than {shape}"
    told = f"{what} can't be read as one array"
    refuse_rows(other, told, f"rows of another {size}", advice)
    return np.stack(parts)


def is_sparse(array: Any) -> bool:
    """Whether an array is sparse, of SciPy: ``scipy.sparse.issparse`` without the import."""
    return hasattr(array, "tocsr")


def is_missing(array: np.ndarray) -> np.ndarray:
    """Where an array of objects has None, NaN, NaT or pandas' NA.

    Example:
        >>> is_missing(np.array(["a", None, float("nan")], dtype=object)).tolist()
        [False, True, True]
    """
    told = ("None", "nan", "<NA>", "NaT")
    values = array.ravel().tolist()
    missing = [not isinstance(value, str) and str(value) in told for value in values]
    return np.array(missing, dtype=bool).reshape(array.shape)


def _numbers(given: np.ndarray) -> np.ndarray:
    """An array of objects as one of numbers; as it is where something else is among them."""
    other = (str, bytes, complex, np.complexfloating)
    if any(isinstance(value, other) for value in given.ravel().tolist()):
        return given
    try:
        return given.astype(np.float64)
    except (TypeError, ValueError):
        return given


def _columns_of_words(given: np.ndarray, names: tuple[str, ...] | None) -> str:
    """The first names of a frame's columns that hold something else than numbers."""
    if names is None or given.dtype != object or given.ndim != 2:
        return ""
    odd = [n for n, x in zip(names, given.T, strict=True) if _numbers(x).dtype == object]
    return ", ".join(map(repr, odd[:5]))


def columns_of(array: Any) -> tuple[str, ...] | None:
    """The names of a frame's columns, numbers as words; ``None`` where there are none.

    Example:
        >>> import pandas as pd
        >>> columns_of(pd.DataFrame({"a": [1], "b": [2]})), columns_of(np.eye(2))
        (('a', 'b'), None)
    """
    for attribute in ("columns", "column_names"):  # the second one is PyArrow's
        names = getattr(array, attribute, None)
        if names is not None and not callable(names):
            return tuple(map(str, names))
    return None


def are_numbered(names: Sequence[str]) -> bool:
    """Whether names only count: '0', '1' and so on.

    Example:
        >>> are_numbered(["0", "1"]), are_numbered(["1", "0"])
        (True, False)
    """
    return all(name == str(i) for i, name in enumerate(names))


def check_columns(
    given: Sequence[str] | None, fitted: Sequence[str] | None, name: str, of: str = "in training"
) -> None:
    """A frame must have the columns of training, in their order.

    One whose columns only count may have any, and one of a single column of embeddings.

    Args:
        given: columns that came.
        fitted: columns that are expected.
        name: of the modality.
        of: where these are.

    Raises:
        ValueError: it hasn't; names columns that are missing, unknown, or in another place.
    """
    if given is None or fitted is None or tuple(given) == tuple(fitted):
        return
    odd = sorted(set(given) ^ set(fitted))
    if odd and (are_numbered(given) or are_numbered(fitted) or len(given) == 1 < len(fitted)):
        return
    if odd:
        told = f"has other columns than {of}: " + ", ".join(map(repr, odd[:5]))
    else:
        pairs = list(zip(given, fitted, strict=False))
        place = next((i for i, (now, then) in enumerate(pairs) if now != then), len(pairs) - 1)
        now, then = pairs[place]
        where = f"column {place} is {now!r}, not {then!r}"
        told = f"has its columns in another order than {of}: {where}"
    raise ValueError(f"modality {name!r} {told}; give frame[columns] in that order")


def check_features(array: Any, modality: str, dimension: int | None = None) -> np.ndarray:
    """Features of one modality as a contiguous float32 array (n, d).

    Raises:
        ValueError: not a table of numbers, empty, not of the ``dimension``, or with values that
            are not finite as float32 or beyond ±10¹⁸.
    """
    what = f"modality {modality!r}: features"
    given = as_numpy(array, what)
    check_shape(given.shape, modality, dimension)
    with np.errstate(over="ignore", invalid="ignore"):
        features = np.require(given, np.float32, ["C", "W"])
    check_values(features, what)
    return features


def check_shape(shape: tuple[int, ...], modality: str, dimension: int | None) -> None:
    """A table (n, d), not empty, of the ``dimension`` of training where there is one."""
    what = f"modality {modality!r}: features"
    if len(shape) != 2 or 0 in shape:
        told = f"shape {shape}: empty" if 0 in shape else f"shape {shape}"
        hint = "; flatten each item, as in x.reshape(len(x), -1)" if len(shape) > 2 else ""
        raise ValueError(f"{what} have {told}, expected a table (samples, dimensions){hint}")
    if dimension is not None and shape[1] != dimension:
        told = f"{shape[1]} features, the model was fitted on {dimension}"
        raise ValueError(f"modality {modality!r} has {told}")


def are_fine(values: np.ndarray) -> bool:
    """Whether every number is finite and not too large."""
    return bool(-LARGEST <= values.min() <= values.max() <= LARGEST)  # False for NaN


def check_values(features: np.ndarray, what: str, start: int | None = None) -> None:
    """Every number is fine; of a table that is read block by block, this one's first row."""
    if are_fine(features):
        return
    finite = np.isfinite(features)
    refuse_rows(~finite, what, "NaN or infinite values (as float32)", FILL, start)
    large = f"values beyond {LARGEST:g}, too large to square as float32,"
    refuse_rows(np.abs(features) > LARGEST, what, large, "rescale the features", start)


def refuse_rows(
    bad: np.ndarray, what: str, trouble: str, advice: str, start: int | None = None
) -> None:
    """An error if any value is bad; it names the first row that has one.

    Args:
        bad: (n,) or (n, d), where.
        what: has them.
        trouble: what is bad about them.
        advice: what to do.
        start: the first row, where there are more than these.
    """
    bad = np.atleast_1d(bad)
    rows = np.unique(bad.nonzero()[0])
    if len(rows) and start is not None:
        raise ValueError(f"{what}: {trouble} from row {start + rows[0]} on: {advice}")
    if len(rows):
        where = f"{len(rows)} of {len(bad)} rows, the first in row {rows[0]}"
        raise ValueError(f"{what}: {bad.sum()} {trouble} in {where}: {advice}")


def one_or_more(query: Any, what: str) -> Any:
    """Queries as a table; one query (d,) is a table of one row, of a pandas row with its names.

    Example:
        >>> one_or_more([1.0, 2.0], "query").shape
        (1, 2)
    """
    if getattr(query, "ndim", 0) == 2:
        return query
    rows = as_numpy(query, what)
    if rows.ndim == 1 and hasattr(query, "to_frame"):
        return query.to_frame().T
    return rows[None] if rows.ndim == 1 else rows

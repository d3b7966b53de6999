"""The one place where labels, in whatever form people have them, become classes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .tables import FILL, as_array, is_missing, is_sparse, refuse_rows

EXACT = 2**53
"""The greatest number up to which float64 holds every integer."""
MULTI_HOT = "of several classes a sample make multi-hot rows, as MultiLabelBinarizer does"
"""What to do with lists of classes."""


def check_labels(array: Any, modality: str, samples: int | None = None) -> np.ndarray:
    """Labels of one modality: one class a sample (n,), or multi-hot rows (n, C) of 0 and 1.

    Taken are integers, whole floats, words, pandas' categories; a column (n, 1) is (n,), a table
    (n, C) of 0 and 1 of any type, also sparse, is multi-hot. Rows without any class are allowed
    there.

    Returns:
        int64 (n,) or (n, C), or words (n,).

    Raises:
        ValueError: not as many as ``samples``, missing values, shares of classes (soft labels),
            negative numbers, rows of other numbers than 0 and 1.

    Example:
        >>> check_labels(["cat", "dog"], "image").tolist()
        ['cat', 'dog']
        >>> check_labels([[1.0], [0.0]], "image").tolist()
        [1, 0]
    """
    what = f"modality {modality!r}: labels"
    labels = as_array(_with_types(array), what, MULTI_HOT)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim not in (1, 2) or not labels.size:
        told = f"have shape {labels.shape}" if labels.ndim else f"are {type(array).__name__}"
        raise ValueError(f"{what} {told}, expected (n,) or (n, C), not empty")
    if samples is not None and len(labels) != samples:
        raise ValueError(f"modality {modality!r} has {samples} samples but {len(labels)} labels")
    labels = _one_type(labels, what)
    if labels.dtype.kind == "U":
        if labels.ndim == 2:
            raise ValueError(f"{what} are a table of words, expected one a sample: {MULTI_HOT}")
        refuse_rows(labels == "", what, "empty words", "name the class, or drop the rows")
        return labels
    if labels.ndim == 2:
        advice = "multi-hot labels are 0 or 1, as in (y > 0)"
        refuse_rows(labels < 0, what, "negative values", advice)
        refuse_rows(labels > 1, what, "values above 1", advice)
    keep = "leave rows without a class out, as in x[y >= 0], y[y >= 0]"
    refuse_rows(labels < 0, what, "negative values", keep)
    most = EXACT if labels.dtype.kind == "f" else np.iinfo(np.int64).max
    words = "make such ids words, as in y.astype(str)"
    refuse_rows(labels > most, what, f"values beyond {most}", words)
    return labels.astype(np.int64)


def _with_types(array: Any) -> Any:
    """Labels as they came; lists with words keep the type of each cell, sparse ones are dense."""
    if is_sparse(array):
        return array.toarray()
    if not isinstance(array, (list, tuple)):
        return array
    cells = [row[0] if isinstance(row, (list, tuple)) and row else row for row in array]
    worded = any(isinstance(cell, (str, bytes)) for cell in cells)
    return np.array(array, dtype=object) if worded else array


def _one_type(labels: np.ndarray, what: str) -> np.ndarray:
    """Labels as words or as whole numbers."""
    if labels.dtype.kind in "ST":  # bytes, words of any length
        labels = labels.astype(object)
    if labels.dtype.kind in "OfM":
        missing = is_missing(labels) if labels.dtype.kind == "O" else np.isnan(labels)
        refuse_rows(missing, what, "missing values", FILL)
    if labels.dtype.kind == "O":
        words = {isinstance(label, (str, bytes)) for label in labels.ravel().tolist()}
        if words == {True, False}:
            raise ValueError(f"{what} mix words and numbers, expected one kind")
        labels = _as_words(labels, what) if words == {True} else _as_numbers(labels, what)
    if labels.dtype.kind == "f":
        rows = (labels != np.floor(labels)) | np.isinf(labels)
        advice = "expected one class a sample; of soft labels take .argmax(axis=1)"
        refuse_rows(rows, what, "values that aren't whole numbers", advice)
    elif labels.dtype.kind not in "iubU":
        expected = "expected integers or words (n,), or multi-hot rows (n, C)"
        raise ValueError(f"{what} are {labels.dtype}, {expected}; make words by .astype(str)")
    return labels


def _as_words(labels: np.ndarray, what: str) -> np.ndarray:
    """Words of str or, as HDF5 has them, of bytes."""
    try:
        words = [x.decode() if isinstance(x, bytes) else x for x in labels.ravel().tolist()]
    except UnicodeDecodeError as error:
        raise ValueError(f"{what} are words that aren't UTF-8: {error}") from None
    return np.array(words, dtype=str).reshape(labels.shape)


def _as_numbers(labels: np.ndarray, what: str) -> np.ndarray:
    """Numbers in an array of objects: int64 where all are integers, else float64."""
    whole = all(isinstance(x, (int, np.integer)) for x in labels.ravel().tolist())
    try:
        return labels.astype(np.int64 if whole else np.float64)
    except OverflowError:
        told = "integers beyond int64: make such ids words, as in [str(i) for i in y]"
        raise ValueError(f"{what} are {told}") from None
    except (TypeError, ValueError):
        kind = type(labels.ravel()[0]).__name__
        raise ValueError(f"{what} are {kind}, expected integers or words") from None


def class_values(labels: Mapping[str, np.ndarray]) -> np.ndarray:
    """The classes of several modalities, as their labels name them, in the order of the classes.

    Words are sorted. Integers are class indices, 0 … C−1 with C the greatest plus one, if at least
    half of these occur; else they are ids, and the classes are those that occur.

    Example:
        >>> class_values({"a": np.array([0, 2]), "b": np.array([0])}).tolist()
        [0, 1, 2]
        >>> class_values({"a": np.array([17, 940]), "b": np.array([17])}).tolist()
        [17, 940]
    """
    first = next(iter(labels.values()))
    if first.ndim == 2:
        return np.arange(first.shape[1])
    every = np.concatenate(list(labels.values()))
    if first.dtype.kind == "U":
        return np.unique(every)
    count = int(every.max()) + 1
    few = count <= 2 * len(every)  # counting is faster than sorting
    found = np.flatnonzero(np.bincount(every)) if few else np.unique(every)
    return np.arange(count) if 2 * len(found) >= count else found


def check_words(labels: Mapping[str, np.ndarray]) -> None:
    """Class names agree between modalities, of which one may have more than another.

    Raises:
        ValueError: a modality has names of its own and lacks others: misspelt, or to be declared.
    """
    if any(y.dtype.kind != "U" for y in labels.values()):
        return
    words = {name: set(y.tolist()) for name, y in labels.items()}
    for name, own in words.items():
        others = set().union(*(theirs for other, theirs in words.items() if other != name))
        if own - others and others - own:
            mine, theirs = (sorted(x)[:5] for x in (own - others, others - own))
            told = f"only {name!r} has {mine}, and it lacks {theirs}"
            advice = "spell them alike, or declare all with classes=[…]"
            raise ValueError(f"the names of classes differ between modalities: {told}: {advice}")


def positions(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Where each label (n,) stands among the classes, int64; -1 for one that isn't among them.

    Example:
        >>> positions(np.array(["dog", "ape"]), np.array(["cat", "dog"])).tolist()
        [1, -1]
    """
    if labels.dtype.kind != values.dtype.kind and "U" in (labels.dtype.kind, values.dtype.kind):
        return np.full(len(labels), -1)
    order = np.argsort(values, kind="stable")
    place = np.searchsorted(values, labels, sorter=order).clip(max=len(values) - 1)
    found = order[place]
    return np.where(values[found] == labels, found, -1)


def class_names(given: Any) -> tuple[str, ...] | None:
    """Declared names of classes in their order: a sequence, or a mapping from 0 … C−1.

    Raises:
        ValueError: a set, which has no order, or a mapping with other keys.

    Example:
        >>> class_names({1: "dog", 0: "cat"})
        ('cat', 'dog')
    """
    if given is None:
        return None
    if isinstance(given, (set, frozenset)):
        raise ValueError("classes is a set, which has no order: give a list")
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ValueError(f"classes is {given!r}, expected the names of all classes, as a list")
    if isinstance(given, Mapping):
        given = _in_order(given)
    if isinstance(given, np.ndarray):
        given = given.ravel()  # a column, as MATLAB has it
    return tuple(map(_name, given))


def _in_order(given: Mapping[Any, Any]) -> list[Any]:
    """The names of {0: name, …}, {"0": name, …} or {name: 0, …} in the order of the numbers."""
    places = set(range(len(given)))
    for numbers, names in ((given.keys(), given.values()), (given.values(), given.keys())):
        digits = [int(n) if isinstance(n, str) and n.isdecimal() else n for n in numbers]
        if all(isinstance(n, (int, np.integer)) for n in digits) and set(digits) == places:
            named = dict(zip(digits, names, strict=True))
            return [named[i] for i in range(len(given))]
    keys = sorted(map(str, given))[:5]
    raise ValueError(f"classes has the keys {keys}, expected 0 to {len(given) - 1}")


def _name(given: Any) -> str:
    """The name of one class."""
    if isinstance(given, bytes):
        return given.decode()
    if not isinstance(given, (str, int, float, np.generic)):
        told = f"classes holds {type(given).__name__} {given!r}"
        raise ValueError(f"{told}, expected one word or number for each class")
    return str(given)


def check_range(labels: np.ndarray, names: Sequence[str], modality: str) -> None:
    """Labels against C declared names: indices 0 … C−1, or C columns.

    Raises:
        ValueError: they go beyond; says so where they seem to begin at 1.
    """
    count = labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1
    if count <= len(names) and (labels.ndim == 1 or count == len(names)):
        return
    told = f"modality {modality!r} has {count} classes, but {len(names)} are named"
    if labels.ndim == 1 and labels.min() >= 1 and count == len(names) + 1:
        told += ": labels begin at 0, these seem to begin at 1; subtract 1"
    raise ValueError(told)

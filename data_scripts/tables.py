"""Tables of features and labels as a source file holds them: sizes checked, labels counted from zero."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .readers import ConversionError, Variable, read_variables

Table = tuple[np.ndarray, np.ndarray]
"""Features (n, d) and labels (n,) of one modality."""
MOST_COLUMNS = 20_000


def read_mat(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Named variables of a MATLAB file, their shapes checked."""
    found = read_variables(path, shapes)
    for name, shape in shapes.items():
        got = "a cell array" if isinstance(found[name], list) else found[name].shape
        if got != shape:
            raise ConversionError(f"{path.name}: variable {name!r} is {got}, expected {shape}")
    return found


def read_tables(path: Path, layout: Mapping[str, tuple[str, str, int | None]]) -> dict[str, Table]:
    """Features and labels by modality.

    Args:
        path: a MATLAB or HDF5 file.
        layout: for each modality the names of both variables, and the number of rows where it is known.
    """
    found = read_variables(path, [name for features, labels, _ in layout.values() for name in (features, labels)])
    return {
        modality: checked_table(found[features], found[labels], rows, f"{path.name}: {features!r} and {labels!r}")
        for modality, (features, labels, rows) in layout.items()
    }


def checked_table(features: Variable, labels: Variable, rows: int | None, what: str) -> Table:
    """Features of as many rows as expected, and a label for each; the feature dimension is free.

    Raises:
        ConversionError: other shapes, or labels that aren't whole numbers.
    """
    for array in (features, labels):
        if isinstance(array, list):
            raise ConversionError(f"{what}: a cell array, expected numbers")
    wanted = f"{rows or 'n'} rows of features"
    if features.ndim != 2 or not 0 < features.shape[1] <= MOST_COLUMNS or len(features) != (rows or len(features)):
        turned = "; is it transposed?" if features.ndim == 2 and features.shape[1] == rows else ""
        raise ConversionError(f"{what}: features have shape {features.shape}, expected {wanted}{turned}")
    if labels.size != len(features) or max(labels.shape, default=0) != labels.size:
        raise ConversionError(
            f"{what}: labels have shape {labels.shape}, expected one for each of {len(features)} rows"
        )
    with np.errstate(invalid="ignore"):
        whole = labels.ravel().astype(np.int64)
    if not np.array_equal(whole, labels.ravel()):
        raise ConversionError(f"{what}: labels are not whole numbers")
    return features, whole


def cut(table: Table, rows: slice) -> Table:
    """Some rows of a table."""
    return table[0][rows], table[1][rows]


def from_zero(parts: Mapping[str, Mapping[str, Table]], classes: int, what: str) -> dict[str, dict[str, Table]]:
    """The same tables with classes 0 to C−1; files count from 0 or from 1, all of their tables alike.

    Raises:
        ConversionError: the labels don't span C classes.

    Example:
        >>> from_zero({"train": {"a": (np.ones((2, 1)), np.array([1, 2]))}}, 2, "file")["train"]["a"][1].tolist()
        [0, 1]
    """
    labels = [table[1] for tables in parts.values() for table in tables.values()]
    low, high = min(y.min() for y in labels), max(y.max() for y in labels)
    if low not in (0, 1) or high != low + classes - 1:
        raise ConversionError(f"{what}: labels run from {low} to {high}, expected 1 to {classes} or 0 to {classes - 1}")
    return {part: {name: (x, y - low) for name, (x, y) in tables.items()} for part, tables in parts.items()}

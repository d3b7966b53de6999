"""Numbers from MATLAB files (v5; v7.3, which is HDF5) and plain HDF5: only what is named, and nothing but numbers."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drcl_mini.core.checks import require
from drcl_mini.core.files import check_packing

from .mat5 import Mat5, is_mat5

MOST_BYTES = 8 * 2**30
"""Bytes that one variable may declare: the largest published one has 2 GB."""
MOST_CELLS = 1000
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"

Variable = np.ndarray | list[np.ndarray]


class ConversionError(ValueError):
    """A source file doesn't hold what it should."""


def read_variables(path: Path, names: Iterable[str]) -> dict[str, Variable]:
    """Named variables of a file: arrays, and lists of arrays for MATLAB's cell arrays.

    Arrays of a v7.3 file, which stores them transposed, come out as MATLAB shows them.

    Raises:
        FileNotFoundError: there is no such file.
        ConversionError: it is of another kind, damaged, lacks a variable, or a variable isn't numbers.
        ImportError: it is HDF5, and h5py is missing.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no file {str(path)!r}")
    read = _read_hdf5 if is_hdf5(path) else _read_mat5
    try:
        found = read(path, list(names))
        for name, value in found.items():
            for array in _parts(value):
                _check_numbers(name, array)
    except (ConversionError, ImportError, MemoryError) as error:
        raise type(error)(f"{path.name}: {error}") from None
    except Exception as error:  # the readers raise whatever a damaged file makes them stumble on
        raise ConversionError(f"{path.name} can't be read, it may be damaged: {error}") from None
    return found


def hdf5_names(path: Path) -> list[str]:
    """What an HDF5 file calls its variables; nothing where there is none, or a damaged one."""
    if not path.is_file() or not is_hdf5(path):
        return []
    h5py = require("h5py")
    try:
        with h5py.File(path, "r") as file:
            return list(file)
    except Exception:  # whoever reads it says what is wrong
        return []


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5: plain, or MATLAB v7.3 with its 512 bytes in front."""
    with open(path, "rb") as file:
        start = file.read(520)
    return start.startswith(HDF5_SIGNATURE) or start[512:] == HDF5_SIGNATURE


def _read_mat5(path: Path, names: Sequence[str]) -> dict[str, Variable]:
    if not is_mat5(path):
        raise ConversionError("is neither a MATLAB file (v5, v7.3) nor HDF5")
    with open(path, "rb") as file:
        mat = Mat5(file)
        listed = {head.name: (head, sizes, read) for head, sizes, read in mat.heads()}
        for name in names:
            _check_there(name, listed)
            head, _, _ = listed[name]
            if head.kind not in ("numbers", "cell"):
                raise ConversionError(f"variable {name!r} holds {head.kind} data, expected numbers")
            _check_size(name, head.shape, 8)
            if head.kind == "cell":
                _check_cells(name, math.prod(head.shape))
        check_packing(listed[name][1] for name in names)
        found = {name: mat.value(listed[name][2]()) for name in names}
        check_packing((4 * sum(map(np.size, _parts(x))), listed[name][1][1]) for name, x in found.items())
        return found


def _read_hdf5(path: Path, names: Sequence[str]) -> dict[str, Variable]:
    h5py = require("h5py")
    with h5py.File(path, "r") as file:
        found: dict[str, Any] = {}
        for name in names:
            _check_there(name, list(file))
            if not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise ConversionError(f"variable {name!r} is a link to elsewhere, expected numbers")
            found[name] = _plain(h5py, file, name, file[name])
        every = Counter(data for some in found.values() for data in _parts(some))
        size = path.stat().st_size
        check_packing((n * _unpacked(data), min(data.id.get_storage_size(), size)) for data, n in every.items())
        return {name: [_numbers(d) for d in x] if isinstance(x, list) else _numbers(x) for name, x in found.items()}


def _plain(h5py: Any, file: Any, name: str, data: Any, inside: bool = False) -> Any:
    """A data set of numbers, not read yet; a list of them for a cell array."""
    if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
        raise ConversionError(f"variable {name!r} is no plain array, expected numbers")
    _check_size(name, data.shape or (), data.dtype.itemsize)
    if h5py.check_ref_dtype(data.dtype) is h5py.Reference and not inside:
        _check_cells(name, data.size)
        return [_plain(h5py, file, name, file[reference], True) for reference in data[()].ravel()]
    if data.dtype.kind not in "fiub" or data.shape is None:
        raise ConversionError(f"variable {name!r} holds {data.dtype} data, expected numbers")
    return data


def _unpacked(data: Any) -> int:
    """Bytes that an HDF5 data set takes, or one of its chunks, which may be larger; a number counts four at least."""
    return max(data.size, math.prod(data.chunks or ())) * max(data.dtype.itemsize, 4)


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _numbers(data: Any) -> np.ndarray:
    return data[()].T if "MATLAB_class" in data.attrs else data[()]


def _check_there(name: str, names: Iterable[str]) -> None:
    if name not in names:
        listed = ", ".join(sorted(n for n in names if n and not n.startswith("#"))[:20]) or "nothing"
        raise ConversionError(f"variable {name!r} is missing; the file holds {listed}")


def _check_cells(name: str, number: int) -> None:
    if number > MOST_CELLS:
        raise ConversionError(f"variable {name!r} has {number} cells, more than {MOST_CELLS}")


def _check_size(name: str, shape: Sequence[int], itemsize: int) -> None:
    if math.prod(shape) * itemsize > MOST_BYTES:
        raise ConversionError(f"variable {name!r} declares the shape {tuple(shape)}: too large to be the published one")


def _check_numbers(name: str, array: Any) -> None:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ConversionError(f"variable {name!r} holds {kind} data, expected numbers")

"""Numbers from MATLAB files (v5; v7.3, which is HDF5) and plain HDF5: only what is named, and nothing but numbers."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drcl_mini.checks import needs

MOST_BYTES = 8 * 2**30
"""Bytes that one variable may declare: the largest published one has 2 GB."""
HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
NUMBERS = {"double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}

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
            for array in value if isinstance(value, list) else [value]:
                _check_numbers(name, array)
    except (ConversionError, ImportError, MemoryError) as error:
        raise type(error)(f"{path.name}: {error}") from None
    except Exception as error:  # the readers raise whatever a damaged file makes them stumble on
        raise ConversionError(f"{path.name} can't be read, it may be damaged: {error}") from None
    return found


def is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5: plain, or MATLAB v7.3 with its 512 bytes in front."""
    with open(path, "rb") as file:
        start = file.read(520)
    return start.startswith(HDF5_SIGNATURE) or start[512:] == HDF5_SIGNATURE


def _read_mat5(path: Path, names: Sequence[str]) -> dict[str, Variable]:
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import matfile_version

    try:
        major, _ = matfile_version(path, appendmat=False)
    except Exception:
        major = -1
    if major != 1:
        raise ConversionError("is neither a MATLAB file (v5, v7.3) nor HDF5")
    listed = {name: (shape, kind) for name, shape, kind in whosmat(path, appendmat=False)}
    for name in names:
        _check_there(name, listed)
        shape, kind = listed[name]
        if kind not in {*NUMBERS, "cell"}:
            raise ConversionError(f"variable {name!r} holds {kind} data, expected numbers")
        _check_size(name, shape, 8)
    found = loadmat(path, appendmat=False, variable_names=names)
    return {name: list(found[name].ravel()) if listed[name][1] == "cell" else found[name] for name in names}


def _read_hdf5(path: Path, names: Sequence[str]) -> dict[str, Variable]:
    h5py = needs("h5py")
    with h5py.File(path, "r") as file:
        for name in names:
            _check_there(name, list(file))
            if not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise ConversionError(f"variable {name!r} is a link to elsewhere, expected numbers")
        return {name: _hdf5_value(h5py, file, name, file[name]) for name in names}


def _hdf5_value(h5py: Any, file: Any, name: str, data: Any, deep: bool = False) -> Variable:
    if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
        raise ConversionError(f"variable {name!r} is no plain array, expected numbers")
    _check_size(name, data.shape or (), data.dtype.itemsize)
    if h5py.check_ref_dtype(data.dtype) is h5py.Reference and not deep:
        return [_hdf5_value(h5py, file, name, file[reference], True) for reference in data[()].ravel()]
    if data.dtype.kind not in "fiub":
        raise ConversionError(f"variable {name!r} holds {data.dtype} data, expected numbers")
    array = data[()]
    return array.T if "MATLAB_class" in data.attrs else array


def _check_there(name: str, names: Iterable[str]) -> None:
    if name not in names:
        listed = ", ".join(sorted(n for n in names if not n.startswith("#"))[:20]) or "nothing"
        raise ConversionError(f"variable {name!r} is missing; the file holds {listed}")


def _check_size(name: str, shape: Sequence[int], itemsize: int) -> None:
    if math.prod(shape) * itemsize > MOST_BYTES:
        raise ConversionError(f"variable {name!r} declares the shape {tuple(shape)}: too large to be the published one")


def _check_numbers(name: str, array: Any) -> None:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub":
        kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
        raise ConversionError(f"variable {name!r} holds {kind} data, expected numbers")

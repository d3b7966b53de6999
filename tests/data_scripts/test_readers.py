"""Variables come out alike from MATLAB v5, v7.3 and HDF5; anything but numbers is refused, and nothing unpickled."""

import pickle

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from data_scripts import readers
from data_scripts.readers import ConversionError, is_hdf5, read_variables

X = np.arange(6.0).reshape(2, 3)
CELLS = [X, np.array([[1], [2]], dtype=np.uint8)]


@pytest.mark.parametrize("form", ["v5", "v7.3", "hdf5"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u1", "?"])
def test_arrays_come_out_as_they_went_in(write, tmp_path, form, dtype):
    path = write(form, tmp_path / "some.mat", {"x": X.astype(dtype), "other": np.ones((1, 1))})
    found = read_variables(path, ["x"])
    assert found.keys() == {"x"}
    assert np.array_equal(found["x"], X.astype(dtype))
    assert is_hdf5(path) == (form != "v5")


@pytest.mark.parametrize("form", ["v5", "v7.3"])
def test_cell_arrays_become_lists(write, tmp_path, form):
    found = read_variables(write(form, tmp_path / "some.mat", {"c": CELLS}), ["c"])["c"]
    assert [(array.tolist(), array.dtype.kind) for array in found] == [(c.tolist(), c.dtype.kind) for c in CELLS]


@pytest.mark.parametrize("form", ["v5", "v7.3", "hdf5"])
def test_a_missing_variable_is_named_with_what_is_there(write, tmp_path, complains, form):
    path = write(form, tmp_path / "some.mat", {"x": X, "y": X})
    with complains("some.mat", "'z' is missing", "x, y", error=ConversionError):
        read_variables(path, ["x", "z"])


def test_a_missing_file_is_missing(tmp_path, complains):
    with complains("no file", "absent.mat", error=FileNotFoundError):
        read_variables(tmp_path / "absent.mat", ["x"])


class Trap:
    """Unpickling it would raise."""

    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


FOREIGN = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"not a MATLAB file " * 20),
    "pickle": lambda path: path.write_bytes(pickle.dumps(Trap())),
    "npz": lambda path: np.savez(path.open("wb"), x=np.array([Trap()], dtype=object)),
    "v4": lambda path: savemat(path, {"x": X}, format="4"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_another_kind_of_file_is_refused(tmp_path, complains, kind):
    path = tmp_path / "other.mat"
    FOREIGN[kind](path)
    with complains("other.mat", "neither a MATLAB file", error=ConversionError):
        read_variables(path, ["x"])


@pytest.mark.parametrize("form", ["v5", "v7.3", "hdf5"])
@pytest.mark.parametrize("part", [0.15, 0.5, 0.9])
def test_a_file_that_is_cut_off_is_refused(write, tmp_path, complains, form, part):
    path = write(form, tmp_path / "some.mat", {"x": np.random.default_rng(0).normal(size=(90, 40))})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with complains("some.mat", error=ConversionError):
        read_variables(path, ["x"])


@pytest.mark.parametrize(
    "value", [{"a": 1.0}, "words", np.array([[1 + 2j]]), np.array([X, "word"], dtype=object), [{"a": 1.0}, X]]
)
def test_what_is_no_number_in_a_v5_file_is_refused(tmp_path, complains, value):
    cell = np.empty((1, 2), dtype=object)
    if isinstance(value, list):
        cell[0, :] = value
        value = cell
    savemat(tmp_path / "some.mat", {"x": value})
    with complains("some.mat", "'x'", "expected numbers", error=ConversionError):
        read_variables(tmp_path / "some.mat", ["x"])


def elsewhere(file):
    with h5py.File(file.filename + ".other", "w") as other:
        other["x"] = X
    return file.filename + ".other"


HDF5_TRICKS = {
    "words": lambda file: file.create_dataset("x", data=["a", "b"], dtype=h5py.string_dtype()),
    "opaque": lambda file: file.create_dataset("x", data=np.void(pickle.dumps(Trap()))),
    "compound": lambda file: file.create_dataset("x", data=np.zeros(2, dtype=[("a", "f4")])),
    "group": lambda file: file.create_group("x"),
    "soft link": lambda file: file.__setitem__("x", h5py.SoftLink("/y")),
    "external link": lambda file: file.__setitem__("x", h5py.ExternalLink(elsewhere(file), "x")),
    "external data": lambda file: file.create_dataset("x", (2, 2), "f8", external=[(elsewhere(file), 0, 32)]),
    "virtual data": lambda file: file.create_virtual_dataset("x", virtual(file)),
    "cells in cells": lambda file: nested(file),
    "reference to nothing": lambda file: file.create_dataset("x", (2, 1), dtype=h5py.ref_dtype),
}


def virtual(file):
    layout = h5py.VirtualLayout(shape=(2, 3), dtype="f8")
    layout[:] = h5py.VirtualSource(elsewhere(file), "x", shape=(2, 3))
    return layout


def nested(file):
    file["inner"] = X
    file.create_dataset("middle", data=[[file["inner"].ref]], dtype=h5py.ref_dtype)
    file.create_dataset("x", data=[[file["middle"].ref]], dtype=h5py.ref_dtype)


@pytest.mark.parametrize("trick", HDF5_TRICKS)
def test_what_is_no_plain_array_in_hdf5_is_refused(tmp_path, complains, trick):
    with h5py.File(tmp_path / "some.h5", "w") as file:
        HDF5_TRICKS[trick](file)
    with complains("some.h5", error=ConversionError):
        read_variables(tmp_path / "some.h5", ["x"])


@pytest.mark.parametrize("form", ["v5", "hdf5"])
def test_a_shape_beyond_all_bounds_is_refused_before_it_is_read(write, tmp_path, complains, monkeypatch, form):
    path = write(form, tmp_path / "some.mat", {"x": X})
    monkeypatch.setattr(readers, "MOST_BYTES", 40)
    monkeypatch.setattr("scipy.io.loadmat", lambda *_, **__: pytest.fail("read"))
    monkeypatch.setattr(h5py.Dataset, "__getitem__", lambda *_: pytest.fail("read"))
    with complains("'x' declares the shape (2, 3)", error=ConversionError):
        read_variables(path, ["x"])


def test_hdf5_without_h5py_names_the_command(write, tmp_path, complains, monkeypatch):
    path = write("hdf5", tmp_path / "some.h5", {"x": X})
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with complains("some.h5", "pip install h5py", error=ImportError):
        read_variables(path, ["x"])

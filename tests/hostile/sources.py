"""Files as they are handed out, MATLAB's and HDF5, and what may be wrong in them."""

import contextlib
import io
import pickle
import runpy
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
from damage import Kind, Trap

from data_scripts.__main__ import main
from drcl_mini import load_dataset

SOURCES = runpy.run_path(str(Path(__file__).parents[1] / "layouts.py"))


def deep_cell(depth):
    cell = np.empty((1, 1), object)
    cell[0, 0] = np.ones((1, 1)) if depth == 0 else deep_cell(depth - 1)
    return cell


VALUES = [
    lambda: {"a": 1.0}, lambda: "words", lambda: np.array([[1 + 2j]]), lambda: np.zeros((0, 0)), lambda: np.eye(9),
    lambda: np.full((40, 4), np.nan), lambda: np.zeros((40, 4), bool), lambda: np.zeros((2**12, 2**11)),
    lambda: np.array([[1.0, "word"]], object), lambda: deep_cell(100), lambda: np.full((40, 1), 2**53),
    lambda: np.full((1, 40), -1.5), lambda: np.zeros((1, 5000), object), lambda: np.ones((2, 3, 4)),
]  # fmt: skip
"""In place of a variable of a MATLAB file."""


def write_mat5(path, variables, compressed):
    cells = {name: np.array([*some, 0], object)[:-1] for name, some in variables.items() if isinstance(some, list)}
    SOURCES["savemat"](path, variables | cells, do_compression=compressed)


def hostile_mat5(variables, path, chance):
    changed = dict(variables)
    for _ in range(chance.choice([1, 1, 3])):
        changed[chance.choice(sorted(changed))] = chance.choice(VALUES)()
    if chance.random() < 0.2:
        del changed[chance.choice(sorted(changed))]
    write_mat5(path, changed, chance.random() < 0.5)


def virtual(file, name, trap):
    layout = h5py.VirtualLayout((40, 7), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (40, 7))
    file.create_virtual_dataset(name, layout)


def loop(file, name, trap):
    made = file.create_dataset(name, (3, 1), h5py.ref_dtype)
    made[:] = made.ref


def many(file, name, trap):
    other = file.create_dataset("other", (1000, 1000), "f8", compression="gzip")
    other[:] = 0
    file.create_dataset(name, (1, 900), h5py.ref_dtype)[:] = other.ref


TRICKS = [
    lambda f, n, trap: f.create_dataset(n, (100_000, 10_000), "f8", chunks=(1000, 1000)),  # none of it is there
    lambda f, n, trap: f.create_dataset(n, (10_000, 10_000), "f8", chunks=(1000, 1000), fillvalue=1.0),
    lambda f, n, trap: f.create_dataset(n, (2**40, 2**20), "f8", chunks=(1000, 1000)),
    lambda f, n, trap: f.create_dataset(n, (10**6, 1), h5py.ref_dtype, chunks=(1000, 1)),
    lambda f, n, trap: f.create_dataset(n, (40, 7), "f8", external=[("/etc/passwd", 0, 40 * 7 * 8)]),
    lambda f, n, trap: f.create_dataset(n, data=np.void(pickle.dumps(trap))),
    lambda f, n, trap: f.create_dataset(n, data=["a", "b"], dtype=h5py.string_dtype()),
    lambda f, n, trap: f.create_dataset(n, data=np.zeros(40, [("a", "f4"), ("b", "f8")])),
    lambda f, n, trap: f.create_dataset(n, data=np.zeros((40, 7), complex)),
    lambda f, n, trap: f.create_dataset(n, data=h5py.Empty("f4")),
    lambda f, n, trap: f.create_dataset(n, data=3.0),
    lambda f, n, trap: f.create_dataset(n, data=np.full((40, 7), np.nan)),
    lambda f, n, trap: f.create_dataset(n, data=np.ones((2, 3, 4))),
    lambda f, n, trap: f.create_group("/".join([n, *"abcdefgh" * 20])),
    lambda f, n, trap: f.__setitem__(n, h5py.SoftLink("/" + n)),
    lambda f, n, trap: f.__setitem__(n, h5py.ExternalLink("../../../etc/passwd", "x")),
    virtual, loop, many,
]  # fmt: skip
"""In place of a variable of an HDF5 file."""


def hostile_hdf5(path, chance, trap):
    with h5py.File(path, "r+") as file:
        name = chance.choice(sorted(name for name in file if not name.startswith("#")))
        del file[name]
        chance.choice(TRICKS)(file, name, Trap(trap))


class Converted(Kind):
    """A file in the layout of a published one, small, that a data script converts."""

    def __init__(self, dataset, form):
        self.dataset, self.form, self.place = dataset, form, f"{dataset}.{form}"
        self.layout = SOURCES["SMALL"][dataset](SimpleNamespace(setattr=setattr))

    def make(self, path):
        if self.form == "v5, plain":  # nothing is compressed, so that damage reaches the tags
            write_mat5(path, self.layout.variables, False)
        else:
            SOURCES["WRITERS"][self.form](path, self.layout.variables)

    def read(self, path):
        told = io.StringIO()
        with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
            code = main([self.dataset, "--source", str(path)])
        if code:
            raise ValueError(told.getvalue().strip())
        found = load_dataset(self.dataset)
        return [split.features[name] for split in found.splits.values() for name in split.modalities]

    def own(self, content, chance, trap):
        path = Path(trap).with_name("own")
        if self.form.startswith("v5"):
            hostile_mat5(self.layout.variables, path, chance)
        else:
            path.write_bytes(content)
            hostile_hdf5(path, chance, trap)
        content = path.read_bytes()
        path.unlink()
        return content

"""Data and results that are whole, checksums and all, but not what the package would write: refused by name."""

import contextlib
import io
import json
import os
import signal
import struct
import zipfile

import h5py
import numpy as np
import pytest
from scipy.io import savemat

import drcl_mini.core.files
from data_scripts.readers import ConversionError, read_variables
from drcl_mini import DRCL, MultimodalDataset, load_dataset
from drcl_mini.core.files import read_npz
from drcl_mini.data.items import MOST_NAMES
from drcl_mini.data.load import load_released_outputs
from drcl_mini.experiments.plan.grid import Task
from drcl_mini.experiments.store.results import read_results, records_of
from drcl_mini.experiments.store.writing import ResultsFile


def zipped(path, packing=zipfile.ZIP_DEFLATED, **members):
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return path


def npy(header):
    text = (header + "\n").encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text


SHAPE = "{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}"
MEMBERS = {
    "a shape beyond all numbers": npy(SHAPE.format(f"({10**30},)")),
    "an open text": npy("'''"),
    "an open bracket": npy("{'descr': ("),
    "odd indentation": npy("\n  1\n 2"),
    "no array at all": b"words",
    "a shape that isn't there": npy(SHAPE.format(f"({10**12},)")),
}


@pytest.mark.parametrize("member", MEMBERS)
def test_members_that_numpy_stumbles_over(tmp_path, complains, member):
    path = zipped(tmp_path / "some.npz", good=b"", x=MEMBERS[member])
    with complains("some.npz", "can't be read as .npz"):
        read_npz(path)


def test_packing_that_numpy_does_not_use(tmp_path, complains):
    file = io.BytesIO()
    np.save(file, np.zeros(10))
    with complains("some.npz", "packed in an unusual way"):
        read_npz(zipped(tmp_path / "some.npz", zipfile.ZIP_BZIP2, x=file.getvalue()))


def test_members_that_share_their_bytes(tmp_path, complains):
    path = zipped(tmp_path / "some.npz", zipfile.ZIP_STORED, x=bytes(5000), y=bytes(5000))
    content = bytearray(path.read_bytes())
    last = content.rindex(b"PK\1\2")
    content[last + 42 : last + 46] = bytes(4)  # the second begins where the first does
    whole = content[:5040] + content[content.index(b"PK\1\2") :]
    end = whole.rindex(b"PK\5\6")
    whole[end + 16 : end + 20] = struct.pack("<I", whole.index(b"PK\1\2"))
    path.write_bytes(whole)
    with complains("some.npz", "more bytes than the file has"):
        read_npz(path)


def test_more_than_the_memory_holds(tmp_path, complains, monkeypatch):
    np.savez_compressed(tmp_path / "some.npz", x=np.zeros(10**5))
    monkeypatch.setattr(drcl_mini.core.files, "free_memory", lambda device: 1000)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("read"))
    with complains("some.npz", "unpacks to 800", "1000 are free"):
        read_npz(tmp_path / "some.npz")


HOSTILE_NAMES = ["../../out", "/absolute", "a/b", "a\\b", "..", "", " ", "\x1b[2Jred", "two\nlines", "a\0b"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_that_leads_elsewhere_or_garbles_a_terminal(train, data_home, complains, name):
    with complains("expected printable words", repr(name)):
        MultimodalDataset(train, None, train, name, tuple("abc"))
    path = MultimodalDataset(train, None, train, "some", tuple("abc")).to_npz(data_home / "some.npz")
    with np.load(path) as file:
        np.savez(path, **dict(file) | {"name": np.array(name + "\n" * name.endswith("\0"))})
    with complains("some.npz", "no whole data file", "expected printable words"):
        load_dataset("some")


def test_more_names_than_the_memory_holds(train, tmp_path, complains):
    path = MultimodalDataset(train, None, train, "some", tuple("abc")).to_npz(tmp_path / "some.npz")
    many = np.zeros(MOST_NAMES + 2, np.int64)
    with np.load(path) as file:
        arrays = dict(file)
    offsets = {"items/text/values": np.zeros(0), "items/text/offsets": many}
    for changes, told in (({"classes": many}, "1000002 classes"), (offsets, "1000002 offsets")):
        np.savez_compressed(path, **arrays | changes)
        with complains("some.npz", told, "more than 1000000"):
            MultimodalDataset.from_npz(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_what_is_no_file_is_not_opened(data_home, complains):
    """To open a pipe waits for its other end, forever."""
    (data_home / "folder.npz").mkdir(parents=True)
    os.mkfifo(data_home / "pipe.npz")
    for name, told in (("folder", "it is a folder"), ("pipe", "it is a pipe or a device")):
        path = data_home / f"{name}.npz"
        with complains(str(path), told), patience():
            load_dataset(name)
        with complains(str(path), told), patience():
            DRCL.load(path)
        with complains(str(path), told), patience():
            ResultsFile(path)


@contextlib.contextmanager
def patience():
    """The block is interrupted after 5 seconds."""

    def late(*_):
        raise TimeoutError("it waits")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(5)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_released_outputs_that_do_not_fit_are_named(data_home, complains):
    data_home.mkdir()
    arrays = {f"{name}/{kind}": np.ones((5, 3)) for name in ("image", "text") for kind in ("predictions", "prior")}
    arrays |= {f"{name}/features": np.ones((5, 3)) for name in ("image", "text")}
    arrays |= {"image/labels": np.arange(5), "text/labels": np.arange(4), "prior": np.ones(3), "log": np.array("")}
    np.savez(data_home / "released-outputs.npz", **arrays)
    with complains("released-outputs.npz", "'text' has 5 samples but 4 labels"):
        load_released_outputs()


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_a_nested_record(tmp_path, complains, depth):
    path = tmp_path / "results.jsonl"
    path.write_text('{"format": "drcl_mini bench 2", "x": ' + "[" * depth + "]" * depth + "}\n")
    with complains("results.jsonl", "line 1", "not written by"):
        read_results(path)


RECORDS = {
    "no number": lambda record: record["scores"][0].update(map="0.5"),
    "a list": lambda record: record["scores"][0].update(map=[]),
    "no cut-off": lambda record: record["scores"][0].update(k=None),
    "no word": lambda record: record["scores"][0].update(query=3),
    "no score": lambda record: record["scores"].append(None),
    "names of a score": lambda record: record["scores"].append(["query", "gallery", "k", "map"]),
    "a huge number": lambda record: record.update(seed="HUGE"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_record_of_other_kinds(tmp_path, complains, kind):
    path, score = tmp_path / "results.jsonl", {"query": "a", "gallery": "b", "k": "all", "map": 0.5}
    with ResultsFile(path) as file:
        file.append(records_of(Task("some", "SM", "SM", {}, (0,)), [{"scores": [score]}]))
    record = json.loads(path.read_text())
    RECORDS[kind](record)
    path.write_text(json.dumps(record).replace('"HUGE"', "1" * 5000) + "\n")
    with complains("results.jsonl", "line 1"):
        read_results(path)


def test_hdf5_that_declares_more_than_its_file_can_hold(tmp_path, complains):
    with h5py.File(tmp_path / "some.h5", "w") as file:
        file.create_dataset("x", (100_000, 10_000), "f8", chunks=(1000, 1000))  # 8 GB of which nothing is there
    with complains("some.h5", "8000000000 bytes are packed more than 200 times", error=ConversionError):
        read_variables(tmp_path / "some.h5", ["x"])


def test_cells_that_all_name_one_array(tmp_path, complains):
    with h5py.File(tmp_path / "some.h5", "w") as file:
        file.create_dataset("one", data=np.zeros((1000, 1000)), compression="gzip")
        file.create_dataset("x", (1, 900), h5py.ref_dtype)[:] = file["one"].ref
        file.create_dataset("y", (1, 1001), h5py.ref_dtype)[:] = file["one"].ref
    for name, told in (("x", "7200000000 bytes are packed more than 200 times"), ("y", "1001 cells, more than 1000")):
        with complains("some.h5", told, error=ConversionError):
            read_variables(tmp_path / "some.h5", [name])


def test_a_matlab_file_of_more_cells_than_there_may_be(tmp_path, complains):
    savemat(tmp_path / "some.mat", {"x": np.zeros((1, 1001), object)}, do_compression=True)
    with complains("some.mat", "1001 cells, more than 1000", error=ConversionError):
        read_variables(tmp_path / "some.mat", ["x"])


@pytest.mark.parametrize("place", range(128, 700, 7))
def test_no_byte_of_a_matlab_file_ends_the_process(tmp_path, place):
    """SciPy's reader takes some numbers on trust, and crashes."""
    cells = np.empty((1, 2), object)
    cells[0, :] = [np.ones((3, 2)), np.arange(4)[None]]
    savemat(tmp_path / "some.mat", {"x": cells, "y": np.eye(3)})
    content = bytearray((tmp_path / "some.mat").read_bytes())
    for value in (0, 0x7F, 0x80, 0xFF):
        content[place : place + 4] = bytes([value] * 4)
        (tmp_path / "some.mat").write_bytes(content)
        with contextlib.suppress(ConversionError):
            read_variables(tmp_path / "some.mat", ["x", "y"])


def test_a_card_is_for_people(train, data_home):
    MultimodalDataset(train, None, train, "some", tuple("abc")).to_npz(data_home / "some.npz")
    (data_home / "some.json").write_bytes(b"[" * 10**5)
    assert load_dataset("some").modalities == train.modalities

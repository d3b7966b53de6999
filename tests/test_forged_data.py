"""Data and results that are whole, checksums and all, but not what the package would write: refused by name."""

import contextlib
import io
import json
import struct
import zipfile

import h5py
import numpy as np
import pytest
from scipy.io import savemat

import drcl_mini.files
from data_scripts.readers import ConversionError, read_variables
from drcl_mini import MultimodalDataset, load_dataset
from drcl_mini.datasets import load_released_outputs
from drcl_mini.experiments.grid import Task
from drcl_mini.experiments.results import read_results, records_of
from drcl_mini.experiments.writing import ResultsFile
from drcl_mini.files import read_npz


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
    monkeypatch.setattr(drcl_mini.files, "free_memory", lambda device: 1000)
    monkeypatch.setattr(np, "load", lambda *_, **__: pytest.fail("read"))
    with complains("some.npz", "unpacks to 800", "1000 are free"):
        read_npz(tmp_path / "some.npz")


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
    with complains("some.h5", "declare 8000000000 bytes", error=ConversionError):
        read_variables(tmp_path / "some.h5", ["x"])


def test_cells_that_all_name_one_array(tmp_path, complains):
    with h5py.File(tmp_path / "some.h5", "w") as file:
        file.create_dataset("one", data=np.zeros((1000, 1000)), compression="gzip")
        file.create_dataset("x", (1, 900), h5py.ref_dtype)[:] = file["one"].ref
        file.create_dataset("y", (1, 1001), h5py.ref_dtype)[:] = file["one"].ref
    for name, told in (("x", "declare 7200000000 bytes"), ("y", "1001 cells, more than 1000")):
        with complains("some.h5", told, error=ConversionError):
            read_variables(tmp_path / "some.h5", [name])


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
    MultimodalDataset(train, None, train, "some", "abc").to_npz(data_home / "some.npz")
    (data_home / "some.json").write_bytes(b"[" * 10**5)
    assert load_dataset("some").modalities == train.modalities

"""Small files that unpack to much: each is refused in one line, before the memory is full."""

import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from drcl_mini import MultimodalDataset, Split
from drcl_mini.core.files import MOST_UNPACKED

PIECE = bytes(2**24)
PIECES = 96
"""Of zeros, 1.5 GiB in all."""


def deflated(*contents):
    """Contents one after the other, each packed on its own, so that what repeats is packed once."""
    packed = {}
    for content in contents:
        if content not in packed:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed[content] = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"".join(packed[content] for content in contents) + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def as_zlib(*contents):
    check = 1
    for content in contents:
        check = zlib.adler32(content, check)
    return b"\x78\x9c" + deflated(*contents) + struct.pack(">I", check)


def npz(path, key, kind, pieces=PIECES, times=1):
    """A data set to which arrays of zeros were added."""
    split = {"image": np.eye(6)}, {"image": np.arange(6) % 3}
    MultimodalDataset.from_arrays(split, split, name="some").to_npz(path)
    shape = (pieces * len(PIECE) // np.dtype(kind).itemsize // 1024, 1024)
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    contents = [b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head, *[PIECE] * pieces]
    check = 0
    for content in contents:
        check = zlib.crc32(content, check)
    packed = deflated(*contents)
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(times):
            archive.writestr(key.format(number) + ".npy", packed)
            info = archive.filelist[-1]
            info.compress_type, info.file_size, info.CRC = zipfile.ZIP_DEFLATED, sum(map(len, contents)), check


def mat(path, told=None):
    """A variable of MATLAB's version 5; it may tell less than it has."""

    def element(kind, content):
        return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)

    size = PIECES * len(PIECE)
    head = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", size // 8, 1)) + element(1, b"x")
    head += struct.pack("<II", 9, size)
    whole = as_zlib(struct.pack("<II", 14, len(head) + size if told is None else told) + head, *[PIECE] * PIECES)
    path.write_bytes(b"MATLAB".ljust(124) + b"\0\1IM" + struct.pack("<II", 15, len(whole)) + whole)


def hdf5(path, chunk):
    """Zeros in chunks of so many pieces; a data set may be smaller than its only chunk."""
    rows = len(PIECE) // 8
    with h5py.File(path, "w") as file:
        shape = (10 if chunk == PIECES else PIECES * rows,)
        made = file.create_dataset("x", shape, "f8", chunks=(chunk * rows,), maxshape=(None,), compression="gzip")
        packed = as_zlib(*[PIECE] * chunk)
        for place in range(0, PIECES, chunk):
            made.id.write_direct_chunk((place * rows,), packed)


BOMBS = {
    "items.npz": lambda path: npz(path, "items/a/array", "<f8"),
    "features.npz": lambda path: npz(path, "train/text/features", "<f4"),
    "bytes.npz": lambda path: npz(path, "train/text/features", "|u1", pieces=8),
    "parts.npz": lambda path: npz(path, "items/{}/array", "<f8", pieces=15, times=7),
    "whole.mat": mat,
    "less.mat": lambda path: mat(path, 1000),
    "many.h5": lambda path: hdf5(path, 1),
    "one.h5": lambda path: hdf5(path, PIECES),
}
READ = """
import sys
from pathlib import Path
from data_scripts.readers import read_variables
from drcl_mini import MultimodalDataset
from drcl_mini.speed.retrieval import peak_gb
for path in map(Path, sys.argv[1:]):
    try:
        MultimodalDataset.from_npz(path) if path.suffix == ".npz" else read_variables(path, ["x"])
        told = "read"
    except ValueError as error:
        told = str(error)
    print(round(1000 * peak_gb()), told)
"""


def test_data_that_are_nearly_empty_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr("drcl_mini.core.files.MOST_UNPACKED", 2**18)
    words = np.zeros((1000, 2000), dtype=np.float32)
    words[np.arange(1000), np.arange(1000) % 7] = 1
    labels = {"a": np.arange(1000) % 3, "b": np.eye(300, dtype=np.int64)[np.arange(1000) % 300]}
    for kind in ("a", "b"):
        split = Split({"text": words}, {"text": labels[kind]})
        data = MultimodalDataset(split, None, split, "mine", [str(c) for c in range(split.n_classes)])
        back = MultimodalDataset.from_npz(data.to_npz(tmp_path / "mine.npz"))
        assert np.array_equal(back.train.features["text"], words)
        assert np.array_equal(back.train.labels["text"], labels[kind])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process's peak counts its parent's")
def test_bombs_are_refused_before_they_fill_the_memory(tmp_path):
    paths = [tmp_path / name for name in BOMBS]
    for path in paths:
        BOMBS[path.name](path)
        assert path.stat().st_size < 13 * 2**20
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    program = [sys.executable, "-c", READ, *paths]
    root = Path(__file__).parents[2]
    done = subprocess.run(program, capture_output=True, text=True, env=environment, cwd=root, timeout=600)
    assert done.returncode == 0, done.stderr
    found = dict(zip(BOMBS, done.stdout.splitlines(), strict=True))
    assert {name: line for name, line in found.items() if int(line.split()[0]) > 1000} == {}
    refused = {name: name in line and f"expected at most {MOST_UNPACKED}" in line for name, line in found.items()}
    assert refused == dict.fromkeys(BOMBS, True) | {"less.mat": False}, found
    assert "has not the 1000 bytes" in found["less.mat"]

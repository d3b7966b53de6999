import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from drcl_mini import DRCL, nearest_neighbours
from drcl_mini.core.tensorfile import load_checkpoint, save_checkpoint
from drcl_mini.retrieval.index import FaissIndex
from drcl_mini.retrieval.search import recall
from drcl_mini.speed.retrieval import embeddings, measure_map, measure_search

pytest.importorskip("faiss")
QUERIES, GALLERY = (x.numpy() for x in embeddings(40, 3000, 16, classes=20))


@pytest.fixture(scope="module")
def index():
    return FaissIndex.build(GALLERY)


@pytest.fixture
def saved(index, tmp_path):
    return index.save(tmp_path / "index.safetensors")


def rewritten(path, **changes):
    """An index file with other tensors, of a right checksum."""
    tensors, header = load_checkpoint(path)
    return save_checkpoint(path, tensors | changes, header)


def test_finds_most_neighbours_of_embeddings_in_classes(index):
    exact = nearest_neighbours(QUERIES, GALLERY, 10)
    found = [index.search(QUERIES, 10, probes) for probes in (1, 4, None, index.lists)]
    shares = [recall(f, exact) for f in found]
    assert shares == sorted(shares)
    assert shares[2] >= 0.95
    assert shares[3] == 1
    assert found[3].scores == pytest.approx(exact.scores, abs=1e-6)
    assert (found[2].indices.dtype, found[2].scores.dtype) == (np.int64, np.float32)
    assert (len(index), index.lists) == (3000, 55)


def test_equal_items_come_by_index():
    gallery = np.tile([[1.0, 0.0], [0.0, 2.0]], (30, 1))
    found = FaissIndex.build(gallery, lists=2).search([[3.0, 0.0]], 30)
    assert found.indices.tolist() == [list(range(0, 60, 2))]
    assert found.scores.tolist() == [[1.0] * 30]


@pytest.mark.parametrize("k", [1, 500, 3000, 5000])
def test_every_query_gets_k_items_even_if_its_lists_hold_fewer(index, k):
    found = index.search(QUERIES, k, probes=1)
    assert found.indices.shape == (40, min(k, 3000))
    assert all(len(set(row)) == len(row) for row in found.indices.tolist())
    assert found.indices.min() >= 0
    assert (np.diff(found.scores) <= 0).all()


@pytest.mark.parametrize("gallery", [np.zeros((20, 3)), np.ones((20, 3)), np.ones((1, 1)), 1e17 * np.eye(4)])
def test_galleries_without_structure(gallery, tmp_path):
    index = FaissIndex.build(gallery)
    exact = nearest_neighbours(gallery, gallery, 3)
    for searched in (index, FaissIndex.load(index.save(tmp_path / "index.safetensors"))):
        found = searched.search(gallery, 3, probes=searched.lists)
        assert np.array_equal(found.indices, exact.indices)
        assert found.scores == pytest.approx(exact.scores, abs=1e-6)


def test_one_seed_one_index(index):
    again = FaissIndex.build(GALLERY).search(QUERIES, 10, 1)
    assert all(map(np.array_equal, again, index.search(QUERIES, 10, 1)))


def test_a_saved_index_finds_the_same(index, saved):
    loaded = FaissIndex.load(saved)
    for probes in (None, 1, 55):
        assert all(map(np.array_equal, loaded.search(QUERIES, 10, probes), index.search(QUERIES, 10, probes)))
    assert (len(loaded), loaded.lists, loaded.probes) == (3000, 55, index.probes)
    again, before = load_file(loaded.save(saved.with_name("again"))), load_file(saved)
    assert again.keys() == before.keys()
    assert all(torch.equal(again[name], before[name]) for name in before)


NUMBERS = (0, -1, 2.0, True, "3")


@pytest.mark.parametrize(
    ("use", "fragments"),
    [
        *((lambda i, v=v: FaissIndex.build(GALLERY, lists=v), [f"lists is {v!r}", "from 1 to 3000"]) for v in NUMBERS),
        *((lambda i, v=v: FaissIndex.build(GALLERY, probes=v), [f"probes is {v!r}", "at least 1"]) for v in NUMBERS),
        *((lambda i, v=v: i.search(QUERIES, 3, probes=v), [f"probes is {v!r}", "at least 1"]) for v in NUMBERS),
        *((lambda i, v=v: i.search(QUERIES, v), [f"k is {v!r}", "at least 1"]) for v in (*NUMBERS, None)),
        (lambda i: FaissIndex.build(GALLERY, lists=3001), ["lists is 3001", "from 1 to 3000"]),
        (lambda i: i.search(QUERIES[:, :3], 1), ["queries have 3 dimensions", "gallery has 16"]),
        (lambda i: FaissIndex.build([[1.0, float("nan")]]), ["gallery", "NaN"]),
    ],
)
def test_what_does_not_fit_is_named(index, use, fragments, complains):
    with complains(*fragments):
        use(index)


def test_no_file_is_told(tmp_path, complains):
    with complains("no checkpoint", "missing", error=FileNotFoundError):
        FaissIndex.load(tmp_path / "missing")


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_cut_off_file_is_told(saved, share, complains):
    saved.write_bytes(saved.read_bytes()[: int(share * saved.stat().st_size)])
    with complains(str(saved), "cut off, damaged"):
        FaissIndex.load(saved)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.97])
def test_a_changed_byte_is_told(saved, place, complains):
    content = bytearray(saved.read_bytes())
    content[int(place * len(content))] ^= 1
    saved.write_bytes(content)
    with complains(str(saved), "checksum"):
        FaissIndex.load(saved)


def test_other_files_are_told(fitted, index, tmp_path, complains):
    faiss = pytest.importorskip("faiss")
    faiss.write_index(faiss.IndexFlatIP(4), str(tmp_path / "index.faiss"))
    with complains("index.faiss", "no checkpoint"):
        FaissIndex.load(tmp_path / "index.faiss")
    with complains("model", "no index"):
        FaissIndex.load(fitted.save(tmp_path / "model"))
    with complains("is an index", "FaissIndex.load"):
        DRCL.load(index.save(tmp_path / "index"))


@pytest.mark.parametrize(
    "forge",
    [
        lambda t: {"ids": t["ids"] + 1},
        lambda t: {"ids": torch.zeros_like(t["ids"])},
        lambda t: {"ids": t["ids"].float()},
        lambda t: {"ids": t["ids"][1:]},
        lambda t: {"sizes": t["sizes"].flip(0) - 10**6},
        lambda t: {"sizes": t["sizes"] + 2**60},
        lambda t: {"sizes": torch.cat([t["sizes"], torch.zeros(1, dtype=torch.int64)])},
        lambda t: {"sizes": t["sizes"][:-1]},
        lambda t: {"rows": t["rows"][:, 1:].contiguous()},
        lambda t: {"rows": t["rows"] * torch.nan},
        lambda t: {"rows": t["rows"].double()},
        lambda t: {"centres": t["centres"][0]},
        lambda t: {"centres": t["centres"] / 0},
    ],
)
def test_forged_numbers_with_a_right_checksum_are_refused(saved, forge, complains):
    rewritten(saved, **forge(load_file(saved)))
    with complains(str(saved), "damaged or no index"):
        FaissIndex.load(saved)


def test_missing_faiss_is_named_with_its_command(saved, monkeypatch, complains):
    monkeypatch.setitem(sys.modules, "faiss", None)
    for use in (lambda: FaissIndex.build(GALLERY), lambda: FaissIndex.load(saved)):
        with complains("faiss", "pip install 'drcl-mini[index]'", error=ImportError):
            use()


@pytest.mark.parametrize(("order", "threads"), [("faiss, torch", 1), ("torch, faiss", 2)])
def test_faiss_and_torch_in_one_process(order, threads):
    code = f"""
import {order}
from drcl_mini import nearest_neighbours
from drcl_mini.retrieval.index import FaissIndex
x = torch.randn(2000, 32, generator=torch.Generator().manual_seed(0))
index = FaissIndex.build(x)
for _ in range(3):
    exact, found = nearest_neighbours(x, x, 5), index.search(x, 5, probes=index.lists)
print((exact.indices == found.indices).mean() > 0.999)
"""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, timeout=600)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_measures_are_plain_numbers():
    found = measure_search(20, 500, 8, 5, classes=10)
    assert all(type(value) is float for value in found.values()), found
    assert found["recall"] >= 0.95
    scored = measure_map(20, 100, 8)
    assert all(type(value) is float for value in scored.values()), scored
    assert 0.05 < scored["peak_gb"] < 1

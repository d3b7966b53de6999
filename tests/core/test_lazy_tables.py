"""Tables that are read where they lie: sparse, memory maps, HDF5."""

import h5py
import numpy as np
import pytest
import scipy.sparse
import torch

import drcl_mini.core.lazy
from drcl_mini.core.lazy import LazyRows, LazyTable, as_features, as_rows

N, D = 40, 6
SPARSE = [f"{kind}_{form}" for form in ("matrix", "array") for kind in ("csr", "csc", "coo", "lil", "dok", "bsr")]


def dense(dtype="float32"):
    """A table half of zeros, exact in every type."""
    source = np.random.default_rng(0)
    return (source.integers(-9, 9, (N, D)) * (source.random((N, D)) < 0.5)).astype(dtype)


def memory_map(folder, x, mode="r"):
    np.save(folder / "x.npy", x)
    return np.load(folder / "x.npy", mmap_mode=mode)


def hdf5(folder, x, **settings):
    return h5py.File(folder / "x.h5", "w").create_dataset("x", data=x, **settings)


FORMS = {
    **{name: lambda folder, name=name: getattr(scipy.sparse, name)(dense()) for name in SPARSE},
    "sparse float64": lambda folder: scipy.sparse.csr_array(dense("float64")),
    "sparse int8": lambda folder: scipy.sparse.csr_array(dense("int8")),
    "torch COO": lambda folder: torch.from_numpy(dense()).to_sparse(),
    "torch CSC": lambda folder: torch.from_numpy(dense()).to_sparse_csc(),
    "memory map": lambda folder: memory_map(folder, dense()),
    "memory map float64": lambda folder: memory_map(folder, dense("float64")),
    "memory map int8": lambda folder: memory_map(folder, dense("int8")),
    "memory map Fortran": lambda folder: memory_map(folder, np.asfortranarray(dense())),
    "memory map, big-endian": lambda folder: memory_map(folder, dense(">f8")),
    "copy on write": lambda folder: memory_map(folder, dense(), "c"),
    "some rows of a memory map": lambda folder: memory_map(folder, np.repeat(dense(), 2, axis=0))[::2],
    "HDF5": lambda folder: hdf5(folder, dense()),
    "HDF5 chunked": lambda folder: hdf5(folder, dense("float16"), chunks=(7, 2), compression="gzip"),
    "HDF5 int8": lambda folder: hdf5(folder, dense("int8")),
}

INDICES = {
    "a slice": slice(3, 9),
    "all": slice(None),
    "every third": slice(1, None, 3),
    "backwards": slice(None, None, -1),
    "backwards in steps": slice(30, 2, -7),
    "nothing": slice(5, 5),
    "past the end": slice(35, 99),
    "shuffled": np.random.default_rng(1).permutation(N),
    "twice": np.array([7, 3, 7, 3, 39]),
    "far apart": np.array([39, 0]),
    "negative": np.array([-1, 0, -40]),
    "a mask": np.arange(N) % 3 == 1,
    "a list": [4, 2],
    "an empty list": [],
    "one row": 5,
    "the last": -1,
    "uint8": np.array([3, 1], "uint8"),
}


@pytest.fixture(params=FORMS)
def lazy(request, tmp_path):
    return as_features(FORMS[request.param](tmp_path), "a")


@pytest.fixture
def small_blocks(monkeypatch):
    """Three rows at a time."""
    monkeypatch.setattr(drcl_mini.core.lazy, "BLOCK", 3 * D)


def test_it_stays_where_it_is(lazy):
    assert isinstance(lazy, LazyTable)
    assert lazy.shape == (N, D)
    assert (len(lazy), lazy.ndim, lazy.dtype) == (N, 2, np.float32)


@pytest.mark.parametrize("name", INDICES)
def test_it_is_indexed_as_the_dense_table(lazy, name):
    found, expected = lazy[INDICES[name]], dense()[INDICES[name]]
    assert found.dtype == np.float32
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", [name for name in INDICES if name not in ("one row", "the last")])
def test_some_of_its_rows_are_a_table(lazy, name, small_blocks):
    some, expected = lazy.take(INDICES[name]), dense()[INDICES[name]]
    assert isinstance(some, LazyTable)
    assert some.shape == expected.shape
    assert np.array_equal(some[:], expected)
    assert np.array_equal(np.concatenate([np.empty((0, D)), *some.blocks()]), expected)
    if len(some) > 2:
        assert np.array_equal(some.take([2, 0])[:], expected[[2, 0]])
        assert np.array_equal(some[::-1], expected[::-1])


def test_blocks_follow_one_another(lazy, small_blocks):
    blocks = list(lazy.blocks())
    assert {len(block) for block in blocks} == {3, 1}
    assert np.array_equal(np.concatenate(blocks), dense())


def test_rows_come_as_tensors(lazy, small_blocks):
    rows, x = LazyRows(lazy, torch.device("cpu")), torch.from_numpy(dense())
    index = torch.tensor([9, 2, 9])
    assert torch.equal(rows[index], x[index])
    assert torch.equal(torch.cat(list(rows.split(7))), x)
    assert (len(rows), rows.shape, rows.device.type) == (N, (N, D), "cpu")
    assert rows[index].data_ptr() % 64 == 0


def test_sparse_rows_stay_sparse_on_the_way_to_the_processor(lazy, small_blocks):
    rows, x = as_rows(lazy), torch.from_numpy(dense())
    assert rows[torch.tensor([1])].is_sparse == lazy.sparse
    assert torch.equal(rows[torch.tensor([9, 2, 9])].to_dense(), x[[9, 2, 9]])
    assert torch.equal(torch.cat([part.to_dense() for part in rows.split(7)]), x)


@pytest.mark.parametrize("row", [N, -N - 1])
def test_a_row_that_is_not_there_is_an_error(lazy, row):
    with pytest.raises(IndexError):
        lazy[np.array([0, row])]
    with pytest.raises(IndexError):
        lazy.take([row])


def test_it_never_becomes_dense_in_silence(lazy):
    with pytest.raises(ValueError, match=r"read where it lies.*table\[:\]"):
        np.asarray(lazy)


def test_entries_given_twice_are_added_up(small_blocks):
    doubled = scipy.sparse.coo_array(([1.0, 2.0, 3.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    raw = scipy.sparse.csr_array((np.array([1.0, 2.0, 3.0]), np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    for source in (doubled, raw):
        lazy = as_features(source, "a")
        assert lazy[:].tolist() == [[0, 3], [3, 0]]
        assert as_rows(lazy)[:].to_dense().tolist() == [[0, 3], [3, 0]]
    assert raw.nnz == 3  # the caller's table is as it was


BAD = {
    "NaN": (np.nan, ["NaN or infinite"]),
    "infinite": (np.inf, ["NaN or infinite"]),
    "too large": (1e30, ["1e+18", "rescale"]),
    "too large for float32": (-1e300, ["NaN or infinite"]),
}
KINDS = {
    "sparse": lambda folder, x: scipy.sparse.csc_matrix(x),
    "memory map": memory_map,
    "HDF5": hdf5,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", BAD)
def test_bad_values_are_found_wherever_they_are(tmp_path, kind, bad, complains, small_blocks):
    value, fragments = BAD[bad]
    x = dense("float64")
    x[31, 2] = value
    with complains("'image'", "row 31", *fragments):
        as_features(KINDS[kind](tmp_path, x), "image")


@pytest.mark.parametrize(
    ("make", "fragments"),
    [
        (lambda folder: scipy.sparse.csr_matrix(np.eye(3) * 1j), ["csr_matrix of complex128", "table of numbers"]),
        (lambda folder: memory_map(folder, dense().astype(complex)), ["memmap of complex128"]),
        (lambda folder: memory_map(folder, dense().astype("U3")), ["memmap of <U3"]),
        (lambda folder: hdf5(folder, [b"a", b"b"]), ["(2,)"]),
        (lambda folder: hdf5(folder, np.zeros((2, 2), [("a", "f4")])), ["Dataset of [('a', '<f4')]"]),
        (lambda folder: hdf5(folder, h5py.Empty("f4")), ["()"]),
        (lambda folder: hdf5(folder, np.zeros((0, 4))), ["empty"]),
        (lambda folder: memory_map(folder, np.zeros(4)), ["(4,)"]),
        (lambda folder: scipy.sparse.csr_matrix((0, 4)), ["empty"]),
        (lambda folder: scipy.sparse.csr_matrix((4, 0)), ["empty"]),
    ],
)
def test_what_is_no_table_of_numbers_is_named(make, fragments, tmp_path, complains):
    with complains("'image'", *fragments):
        as_features(make(tmp_path), "image")


def test_another_width_is_an_error(tmp_path, complains):
    with complains("'image'", "6 features", "fitted on 5"):
        as_features(scipy.sparse.csr_matrix(dense()), "image", 5)


def test_a_sparse_table_may_hold_nothing():
    lazy = as_features(scipy.sparse.csr_matrix((5, 3)), "a")
    assert not lazy[:].any()
    assert as_rows(lazy)[torch.tensor([1, 1])].to_dense().tolist() == [[0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(("kind", "told"), [("sparse", "sparse"), ("memory map", "memmap"), ("HDF5", "Dataset")])
def test_it_says_what_it_is(tmp_path, kind, told):
    assert repr(as_features(KINDS[kind](tmp_path, dense()), "a")) == f"LazyTable({N} × {D}, {told})"


def test_entries_of_small_integers_are_added_up_without_overflow():
    small = scipy.sparse.coo_matrix((np.array([100, 100], np.int8), ([0, 0], [0, 0])), shape=(1, 1))
    assert as_features(small, "a")[:].tolist() == [[200.0]]


def test_masked_rows_in_a_list_are_seen(complains):
    rows = [np.ma.masked_greater([1.0, 3.0], 2), np.ma.array([1.0, 2.0])]
    with complains("'a'", "1 masked values", "row 0"):
        as_features(rows, "a")

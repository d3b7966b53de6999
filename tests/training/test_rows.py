"""Features that are read where they lie: statistics, training, search, memory."""

import subprocess
import sys
from functools import partial

import h5py
import numpy as np
import pytest
import scipy.sparse
import torch

import drcl_mini.core.lazy
from drcl_mini import DRCL, MultimodalDataset, Split, evaluate, fit_many, folds, nearest_neighbours
from drcl_mini.baselines.sm import SM
from drcl_mini.core.devices import on_device
from drcl_mini.core.lazy import LazyRows, LazyTable, as_features, as_rows
from drcl_mini.data.fingerprint import fingerprint
from drcl_mini.data.split import split_off
from drcl_mini.method.encoder import build_encoder
from drcl_mini.training import rows
from drcl_mini.training.batches import generator
from drcl_mini.training.rows import embed_checked, lazy_statistics, standardised
from drcl_mini.training.settings import Settings

SMALL = {"hidden": (8,), "dim": 6, "prior_epochs": 2, "epochs": 3, "batch_size": 16, "device": "cpu", "progress": False}
SIZES = {"image": (60, 7), "text": (45, 5)}


def arrays(seed=0, dtype="float32"):
    """Features and labels of two modalities; half of the features are 0."""
    source = np.random.default_rng(seed)
    features, labels = {}, {}
    for name, (n, d) in SIZES.items():
        y = np.arange(n) % 3
        x = source.normal(size=(n, d)) + 2 * np.eye(d)[y]
        features[name] = np.where(source.random((n, d)) < 0.5, x, 0).astype(dtype)
        labels[name] = y
    return features, labels


def memory_map(folder, x, name="x"):
    np.save(folder / f"{name}.npy", x)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def hdf5(folder, x, name="x"):
    return h5py.File(folder / f"{name}.h5", "w").create_dataset("x", data=x, chunks=(7, 2))


KINDS = {
    "memory map": memory_map,
    "memory map, Fortran": lambda folder, x, name="x": memory_map(folder, np.asfortranarray(x), name),
    "HDF5": hdf5,
    "sparse": lambda folder, x, name="x": scipy.sparse.coo_array(x),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Few rows of a table are read at a time."""
    monkeypatch.setattr(drcl_mini.core.lazy, "BLOCK", 50)


@pytest.fixture
def lazily(tmp_path, kind):
    """Makes a split of lazy tables."""

    def make(features, labels, part="train"):
        lazy = {name: KINDS[kind](tmp_path, x, f"{part}-{name}") for name, x in features.items()}
        split = Split(lazy, labels)
        assert all(isinstance(x, LazyTable) for x in split.features.values())
        return split

    return make


# Statistics


def statistics(make, x):
    return lazy_statistics(LazyRows(as_features(make(x), "a"), torch.device("cpu")))


HARD = {
    "usual": lambda x: x,
    "large means": lambda x: x + 1e6,
    "tiny": lambda x: x * 1e-15,
    "huge": lambda x: x * 1e16,
    "one outlier, in the first row": lambda x: np.vstack([x[:1] * 1e6, x[1:]]),
    "constant": lambda x: np.hstack([x, np.full((len(x), 1), 0.1), np.zeros((len(x), 1))]),
}


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("form", ["memory map", "HDF5"])
def test_statistics_are_those_of_the_dense_table(tmp_path, form, name):
    x = HARD[name](np.random.default_rng(0).normal(size=(101, 4))).astype(np.float32)
    mean, scale = statistics(partial(KINDS[form], tmp_path), x)
    variance, expected = torch.var_mean(torch.from_numpy(x).double(), dim=0, correction=0)
    constant = torch.from_numpy(np.ptp(x, axis=0) == 0)
    assert torch.allclose(mean, expected.float(), rtol=1e-6, atol=1e-6 * float(variance.sqrt().max()))
    assert torch.allclose(scale, variance.sqrt().float(), rtol=1e-5)
    assert not scale[constant].any()


@pytest.mark.parametrize("rows_of", [slice(None), slice(None, None, 3)])
@pytest.mark.parametrize("name", HARD)
def test_a_sparse_table_is_scaled_and_not_centred(name, rows_of):
    x = np.random.default_rng(0).normal(size=(101, 4))
    x = (HARD[name](x) * (np.random.default_rng(1).random((101, 1)) < 0.5)).astype(np.float32)
    table = as_features(scipy.sparse.csc_matrix(x), "a").take(rows_of)
    mean, scale = lazy_statistics(LazyRows(table, torch.device("cpu")))
    deviation = torch.from_numpy(x[rows_of]).double().std(dim=0, correction=0).float()
    assert not mean.any()
    assert torch.allclose(scale, deviation, rtol=1e-5)


def test_a_constant_feature_of_a_sparse_table_stays_as_it_is():
    x = np.hstack([np.full((50, 1), 0.1), np.eye(50)[:, :2]])
    encoder = build_encoder(as_rows(as_features(scipy.sparse.csr_array(x), "a")), Settings(**SMALL), generator(0))
    assert encoder.scale[0] == 1
    given = standardised(torch.from_numpy(x).float(), encoder.mean, encoder.scale)
    assert torch.allclose(given[:, 0], torch.tensor(0.1))
    assert given[:, 1:].count_nonzero() == 2


def test_a_wide_encoder_takes_few_rows_at_once(monkeypatch):
    monkeypatch.setattr(rows, "BLOCK", 50)
    features, seen = as_rows(as_features(scipy.sparse.csr_array(np.eye(30)), "a")), []
    encoder = build_encoder(features, Settings(**SMALL, standardise=False), generator(0))
    encoder.register_forward_hook(lambda module, given, found: seen.append(len(given[0])))
    rows.embed(encoder, features)
    list(features.split(1000))
    assert set(seen) == {1}  # 50 numbers hold one row of 30


def test_sparse_rows_give_the_gradients_of_dense_ones():
    x = scipy.sparse.random_array((20, 9), density=0.3, rng=0, dtype=np.float32)
    lazy, whole = as_rows(as_features(x, "a")), torch.from_numpy(x.toarray())
    for settings in (Settings(**SMALL), Settings(**SMALL, standardise=False), Settings(**SMALL, precision="bfloat16")):
        encoder = build_encoder(lazy, settings, generator(0))
        found = []
        for given in (lazy[torch.arange(20)], whole):
            encoder.zero_grad()
            encoder(given).square()[:, :2].sum().backward()
            found.append([value.grad.clone() for value in encoder.parameters()])
        for one, other in zip(*found, strict=True):
            assert torch.allclose(one, other, rtol=1e-4, atol=1e-6)


def test_a_sparse_row_of_a_centred_encoder_is_made_dense():
    x = np.random.default_rng(0).normal(size=(20, 9)).astype(np.float32)
    encoder = build_encoder(on_device(x), Settings(**SMALL), generator(0))
    found = embed_checked(encoder, as_features(scipy.sparse.csr_array(x), "a"), "a")
    assert np.array_equal(found, embed_checked(encoder, as_features(x, "a"), "a"))


def test_many_rows_that_an_encoder_can_not_tell_are_checked_in_blocks(complains, monkeypatch):
    monkeypatch.setattr(rows, "BLOCK", 50)
    x = np.zeros((40, 3), dtype=np.float32)
    encoder = build_encoder(on_device(x), Settings(hidden=(), dim=4, standardise=False), generator(0))
    assert not embed_checked(encoder, as_features(scipy.sparse.csr_array(x), "a"), "a").any()
    x[7] = 1e-40
    with complains("1 of 40 rows", "row 7"):
        embed_checked(encoder, as_features(scipy.sparse.csr_array(x), "a"), "a")


# Training


def compare(model, other, exact):
    assert model.encoders_.keys() == other.encoders_.keys()
    for name, encoder in model.encoders_.items():
        for key, value in encoder.state_dict().items():
            expected = other.encoders_[name].state_dict()[key]
            close = torch.equal(value, expected) if exact else torch.allclose(value, expected, rtol=1e-3, atol=1e-4)
            assert close, (name, key)


@pytest.mark.parametrize("settings", [{}, {"precision": "bfloat16"}, {"class_weight": "balanced"}, {"drop_last": True}])
def test_training_without_scaling_is_that_of_the_dense_table(lazily, kind, settings):
    train, held = arrays(), arrays(1)
    settings = {**SMALL, **settings, "standardise": False}
    lazy = DRCL(**settings).fit(lazily(*train), lazily(*held, "held"))
    dense = DRCL(**settings).fit(Split(*train), Split(*held))
    exact = kind != "sparse"  # sums in another order
    compare(lazy, dense, exact)
    assert lazy.prior_source_ == dense.prior_source_
    losses = [[record["total"] for record in model.history_] for model in (lazy, dense)]
    assert np.allclose(*losses, rtol=0 if exact else 1e-3)


def test_training_with_scaling_is_that_of_the_dense_table(lazily, kind):
    train, held = arrays(), arrays(1)
    if kind == "sparse":
        split = Split(*train)
        split = {name: x / x.std(axis=0) for name, x in split.features.items()}, split.labels
        dense = DRCL(**SMALL, standardise=False).fit(Split(*split))
        lazy = DRCL(**SMALL).fit(lazily(*train))
        weights = [model.encoders_["image"].layers[0].weight for model in (lazy, dense)]
        assert torch.allclose(*weights, rtol=1e-3, atol=1e-4)
        return
    lazy = DRCL(**SMALL).fit(lazily(*train), lazily(*held, "held"))
    compare(lazy, DRCL(**SMALL).fit(Split(*train), Split(*held)), exact=False)


@pytest.fixture
def fitted():
    return DRCL(**SMALL).fit(Split(*arrays()))


def test_a_model_is_used_on_lazy_tables(lazily, fitted):
    features, labels = arrays(1)
    lazy, dense = lazily(features, labels), Split(features, labels)
    sources = {name: x.source for name, x in lazy.features.items()}
    for name, expected in fitted.transform(dense).items():
        assert np.array_equal(fitted.transform(lazy)[name], expected)
        assert np.array_equal(fitted.transform(sources)[name], expected)
        assert np.array_equal(fitted.predict(lazy)[name], fitted.predict(dense)[name])
    assert evaluate(fitted, lazy).scores == evaluate(fitted, dense).scores
    assert fitted.score(lazy) == fitted.score(dense)


def test_search_reads_lazy_tables(lazily, fitted):
    features, labels = arrays(1)
    lazy = {name: x.source for name, x in lazily(features, labels).features.items()}
    found = fitted.search(lazy["image"], "image", lazy["text"], "text", k=3)
    expected = fitted.search(features["image"], "image", features["text"], "text", k=3)
    assert np.array_equal(found.indices, expected.indices)
    assert np.array_equal(found.scores, expected.scores)


@pytest.mark.parametrize("memory", [2**27, 20_000])
def test_neighbours_are_looked_for_in_lazy_tables(tmp_path, kind, memory):
    source = np.random.default_rng(0)
    query, gallery = (source.normal(size=(n, 8)).astype(np.float32) for n in (30, 300))
    expected = nearest_neighbours(query, gallery, 5)
    lazy = KINDS[kind](tmp_path, gallery)
    for given in (lazy, as_features(lazy, "a")):
        found = nearest_neighbours(query, given, 5, memory=memory)
        assert np.array_equal(found.indices, expected.indices)
        assert np.array_equal(found.scores, expected.scores)


def test_many_models_are_fitted(lazily):
    models = [DRCL(**SMALL, seed=seed) for seed in range(2)]
    train = lazily(*arrays())
    fit_many(models, train)
    for model in models:
        compare(model, DRCL(**model.get_params()).fit(train), exact=True)


def test_a_modality_is_added(lazily, kind):
    (features, labels), lazy = arrays(), lazily(*arrays())
    models = []
    for x in (lazy.features["text"].source, features["text"]):
        model = DRCL(**SMALL, standardise=False).fit(Split(features, labels).only("image"))
        models.append(model.add_modality("text", x, labels["text"], validation=(x, labels["text"])))
    compare(*models, exact=kind != "sparse")


def test_a_fit_goes_on_after_a_crash(lazily, tmp_path):
    train, held = lazily(*arrays()), lazily(*arrays(1), "held")
    whole = DRCL(**SMALL).fit(train, held)
    path, model = tmp_path / "progress", DRCL(**SMALL)
    calls = []

    def crash(*_):
        calls.append(1)
        if len(calls) == 5:
            raise RuntimeError("power cut")

    original = rows.LazyRows.__getitem__
    try:
        rows.LazyRows.__getitem__ = lambda self, index: (crash(), original(self, index))[1]
        with pytest.raises(RuntimeError, match="power cut"):
            model.fit(train, held, checkpoint=path, every=1)
    finally:
        rows.LazyRows.__getitem__ = original
    compare(DRCL(**SMALL).fit(train, held, checkpoint=path, every=1), whole, exact=True)


# Splits and data sets


def test_the_fingerprint_is_that_of_the_dense_table(lazily):
    assert fingerprint({"train": lazily(*arrays())}) == fingerprint({"train": Split(*arrays())})


def test_a_share_is_split_off(lazily):
    for kept, dense in zip(split_off(lazily(*arrays()), 0.3, 0), split_off(Split(*arrays()), 0.3, 0), strict=True):
        for name, x in kept.features.items():
            assert isinstance(x, LazyTable)
            assert np.array_equal(x[:], dense.features[name])
            assert np.array_equal(kept.labels[name], dense.labels[name])


def test_folds_are_lazy(lazily):
    for kept, dense in zip(folds(lazily(*arrays()), 3), folds(Split(*arrays()), 3), strict=True):
        for part, expected in zip(kept, dense, strict=True):
            assert isinstance(part.features["text"], LazyTable)
            assert np.array_equal(part.features["text"][:], expected.features["text"])


def test_a_split_can_be_made_dense(lazily):
    dense = lazily(*arrays()).dense()
    for name, x in dense.features.items():
        assert np.array_equal(x, arrays()[0][name])
    assert dense.dense() is dense


def test_a_baseline_takes_lazy_tables(lazily):
    lazy, dense = lazily(*arrays()), Split(*arrays())
    found, expected = SM().fit(lazy, lazy), SM().fit(dense, dense)
    for name, x in expected.transform(dense).items():
        assert np.array_equal(found.transform(lazy)[name], x)
        assert np.array_equal(found.transform({name: lazy.features[name].source})[name], x)
    assert found.evaluate(lazy).scores == expected.evaluate(dense).scores


def test_a_data_set_takes_lazy_tables_and_no_file_does(lazily, tmp_path, complains):
    features, labels = arrays()
    lazy = lazily(features, labels)
    sources = {name: x.source for name, x in lazy.features.items()}
    data = MultimodalDataset.from_arrays((sources, labels), (features, labels), 0.2, name="mine")
    assert isinstance(data.train.features["text"], LazyTable)
    assert isinstance(data.validation.features["text"], LazyTable)
    with complains("train", "'image'", "LazyTable(48 × 7", "in memory", "dense()"):
        data.to_npz(tmp_path / "mine.npz")
    assert not (tmp_path / "mine.npz").exists()


# Memory

MEASURE = r"""
import re
import sys
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import scipy.sparse
from drcl_mini import DRCL, Split, nearest_neighbours

def own_gb():
    # Memory that the system can't take back: without the pages of files.
    return int(re.search(r"RssAnon:\s+(\d+)", Path("/proc/self/status").read_text())[1]) * 1024 / 1e9

def watch():
    while True:
        peaks.append(own_gb())
        time.sleep(0.002)

def made(kind, path):
    if kind == "memory map":
        return np.load(path, mmap_mode="r"), np.arange(25_000) % 10
    if kind == "HDF5":
        return h5py.File(path)["x"], np.arange(25_000) % 10
    source, n, d = np.random.default_rng(0), 50_000, 20_000
    y = source.integers(10, size=n)
    columns = np.hstack([y[:, None] * 9 + source.integers(9, size=(n, 5)), source.integers(d, size=(n, 20))])
    begin = np.arange(0, columns.size + 1, 25)
    x = scipy.sparse.csr_array((np.ones(columns.size, "float32"), columns.ravel().astype("int32"), begin), shape=(n, d))
    x.sum_duplicates()
    return x, y

model = DRCL(hidden=(16,), dim=16, epochs=1, batch_size=500, device="cpu", prior="orthogonal", progress=False)
warm = Split({"a": np.eye(20)}, {"a": np.arange(20) % 2})
DRCL(**model.get_params()).fit(warm).search(np.eye(20), "a", np.eye(20), "a")
before, peaks = own_gb(), []
threading.Thread(target=watch, daemon=True).start()
x, y = made(*sys.argv[1:])
split = Split({"a": x}, {"a": y})
model.fit(split, split.take({"a": np.arange(0, len(y), 20)}))
model.transform({"a": x})
model.search(x[:3], "a", x, "a")
if sys.argv[1] != "sparse":
    nearest_neighbours(x[:3], x, 5)
print(max(peaks) - before)
"""


def write(form, folder):
    """1 GB of features in a file."""
    path, shape = folder / "x", (25_000, 10_000)
    if form == "HDF5":
        x = h5py.File(path, "w").create_dataset("x", shape, "float32", chunks=(1, shape[1]))
    else:
        x = np.lib.format.open_memmap(path, "w+", "float32", shape)
    block = np.random.default_rng(0).random((1000, shape[1]), dtype=np.float32)
    block[:, :10] += 50 * np.eye(10)[np.arange(1000) % 10]
    for start in range(0, shape[0], 1000):
        x[start : start + 1000] = block
    if form == "HDF5":
        x.file.close()
    return path


@pytest.mark.parametrize("form", ["memory map", "HDF5", "sparse"])
@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory in another way")
def test_memory_stays_far_below_the_dense_table(form, tmp_path):
    """1 GB in a file, 4 GB if a sparse table were dense: all stay within 400 MB."""
    path = "" if form == "sparse" else str(write(form, tmp_path))
    done = subprocess.run([sys.executable, "-c", MEASURE, form, path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert 0.01 < float(done.stdout) < 0.4

"""Folds: every sample is held out once, classes are spread evenly, pairs stay together."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.model_selection import ParameterGrid

from drcl_mini import DRCL, Split, folds
from drcl_mini.core.lazy import LazyTable


def numbered(labels):
    """A split whose features are the numbers of the rows."""
    return Split({name: np.arange(len(y))[:, None] for name, y in labels.items()}, labels)


def rows(split, name):
    return split.features[name][:, 0].astype(int).tolist()


@pytest.mark.parametrize("n", [2, 5])
def test_every_sample_is_held_out_once_and_classes_are_spread_evenly(n):
    y, z = np.repeat([0, 1, 2], [50, 30, 20]), np.repeat(["cat", "dog", "ape"], 20)
    split = numbered({"image": y, "sound": np.arange(60) % 3})
    words = numbered({"text": z})
    for given in (split, words):
        parts = list(folds(given, n))
        assert len(parts) == n
        for name in given.modalities:
            held = [rows(part, name) for _, part in parts]
            assert sorted(np.concatenate(held)) == list(range(len(given.labels[name])))
            for train, part in parts:
                assert sorted(rows(train, name) + rows(part, name)) == list(range(len(given.labels[name])))
                own, all_ = part.labels[name], given.labels[name]
                for value in np.unique(all_):
                    assert abs((own == value).sum() - (all_ == value).sum() / n) < 1
                assert np.array_equal(own, all_[rows(part, name)])


def test_the_seed_decides():
    split = numbered({"a": np.arange(40) % 2})
    first, again, other = ([rows(held, "a") for _, held in folds(split, seed=seed)] for seed in (1, 1, 2))
    assert first == again != other


def test_pairs_stay_together():
    y = np.random.default_rng(0).integers(3, size=60)
    for train, held in folds(numbered({"image": y, "text": y})):
        assert rows(train, "image") == rows(train, "text")
        assert rows(held, "image") == rows(held, "text")


def test_multi_hot_rows_are_divided_at_random():
    y = np.random.default_rng(0).integers(2, size=(23, 4))
    parts = list(folds(numbered({"a": y}), 5))
    assert sorted(len(held.labels["a"]) for _, held in parts) == [4, 4, 5, 5, 5]
    assert sorted(np.concatenate([rows(held, "a") for _, held in parts])) == list(range(23))
    firsts = [rows(next(folds(numbered({"a": y}), 5, seed))[1], "a") for seed in (0, 0, 1)]
    assert firsts[0] == firsts[1] != firsts[2]


def test_names_and_columns_stay():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"one": range(20), "two": range(20)})
    train, held = next(folds(Split({"a": frame}, {"a": np.arange(20) % 2}, classes=["cat", "dog"])))
    assert train.classes == held.classes == ("cat", "dog")
    assert train.columns == held.columns == {"a": ("one", "two")}


@pytest.mark.parametrize("kind", ["sparse", "memmap", "hdf5"])
def test_tables_larger_than_memory_stay_where_they_are(kind, tmp_path, monkeypatch):
    table = np.arange(40, dtype=np.float32)[:, None] * [1, 2]
    if kind == "sparse":
        source = scipy.sparse.csr_matrix(table)
    elif kind == "memmap":
        np.save(tmp_path / "x.npy", table)
        source = np.load(tmp_path / "x.npy", mmap_mode="r")
    else:
        h5py = pytest.importorskip("h5py")
        source = h5py.File(tmp_path / "x.h5", "w").create_dataset("x", data=table)
    for train, held in folds(Split({"a": source}, {"a": np.arange(40) % 2}), 4):
        assert isinstance(train.features["a"], LazyTable)
        assert train.features["a"].source is held.features["a"].source
        found = np.concatenate([train.features["a"][:], held.features["a"][:]])
        assert np.array_equal(found[found[:, 0].argsort()], table)


def test_training_has_every_class_also_one_with_a_single_sample():
    split = numbered({"a": np.repeat(["cat", "dog", "newt"], [10, 10, 1]), "b": np.repeat(["cat", "dog"], 10)})
    with pytest.warns(UserWarning, match=r"^class 'newt' has fewer samples of 'a' \(1\) than there are parts \(5\)"):
        parts = list(folds(split, 5))
    assert all(train.names == ("cat", "dog", "newt") for train, _ in parts)
    assert all(held.names == ("cat", "dog") for _, held in parts)


def test_declared_names_are_told(recwarn):
    list(folds(Split({"a": np.eye(12)}, {"a": [0] * 10 + [1] * 2}, classes=["cat", "dog"]), 3))
    assert [str(warning.message)[:11] for warning in recwarn] == ["class 'dog'"]
    assert recwarn[0].filename == __file__


@pytest.mark.parametrize("labels", [np.arange(20) % 2, np.array(["cat", "dog"] * 10), np.array([17, 4000] * 10)])
def test_all_kinds_of_labels_can_be_trained_on(tiny, labels, make_split):
    x = make_split({"image": (20, 7), "text": (20, 5)}, classes=2).features
    split = Split(x, {"image": labels, "text": labels})
    for train, held in folds(split, 2):
        assert 0 < DRCL(**tiny).fit(train, held).score(held) <= 1


def test_a_search_over_settings(tiny, train):
    def score(settings):
        return np.mean([DRCL(**tiny | settings).fit(learn).score(held) for learn, held in folds(train, 2)])

    assert max(ParameterGrid({"learning_rate": [1e-7, 0.01], "prior_epochs": [1]}), key=score)["learning_rate"] == 0.01


def test_what_cannot_be_divided_is_told(complains):
    split = numbered({"a": np.arange(20) % 10})
    with complains("no class of 'a' has more than 2 samples", "n is 3", "fewer parts"):
        folds(split, 3)
    with complains("n is 30", "'a' has 20 samples"):
        folds(split, 30)
    with complains("n is 4", "'a' has 3 samples"):
        folds(numbered({"a": np.eye(3, dtype=int)}), 4)
    for n in (1, 2.5, "5"):
        with complains(f"n is {n!r}", "at least 2"):
            folds(split, n)
    with complains("seed is -1"):
        folds(split, 2, seed=-1)
    with complains("split is tuple", "drcl_mini.Split"):
        folds((split, split))

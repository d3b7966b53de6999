import os
import pickle

import numpy as np
import pandas as pd
import pytest
import torch

from drcl_mini import MultimodalDataset, Split

X = {"image": np.arange(6.0).reshape(3, 2), "text": np.arange(4.0).reshape(2, 2)}
Y = {"image": np.array([0, 1, 2]), "text": np.array([1, 0])}


@pytest.fixture
def dataset(train, validation):
    return MultimodalDataset(train, validation, train, "toy", ("a", "b", "ü"), source="made up, 1 µs")


def test_a_split_holds_float32_and_int64_and_knows_itself():
    split = Split(X, Y)
    assert {x.dtype.name for x in split.features.values()} == {"float32"}
    assert {y.dtype.name for y in split.labels.values()} == {"int64"}
    assert (split.modalities, split.n_classes) == (("image", "text"), 3)
    assert Split({"image": X["image"]}, {"image": np.eye(4, dtype=int)[:3]}).n_classes == 4
    assert split.only("text").modalities == ("text",)
    assert "image: 3 × 2" in repr(split)


@pytest.mark.parametrize("table", [pd.DataFrame, torch.tensor, np.ndarray.tolist])
@pytest.mark.parametrize("column", [pd.Series, torch.tensor, np.ndarray.tolist])
def test_a_split_of_any_arrays(table, column):
    split = Split({name: table(x) for name, x in X.items()}, {name: column(y) for name, y in Y.items()})
    assert all(np.array_equal(split.features[name], X[name]) for name in X)
    assert all(np.array_equal(split.labels[name], Y[name]) for name in Y)


@pytest.mark.parametrize(
    ("features", "labels", "fragments"),
    [
        (X, {"image": Y["image"]}, ["'text'", "not both"]),
        (X, {**Y, "text": [1, 0, 1]}, ["'text'", "2 samples", "3 labels"]),
        (X, {**Y, "text": np.eye(2, dtype=int)}, ["image (3,)", "text (2, 2)"]),
        ([X["image"]], Y, ["features", "list"]),
        (X, None, ["labels", "NoneType"]),
        ({}, {}, ["features", "empty"]),
        ({3: X["image"]}, {3: Y["image"]}, ["names are strings", "3"]),
    ],
)
def test_a_split_that_does_not_fit_together(features, labels, fragments, complains):
    with complains(*fragments):
        Split(features, labels)


def test_unknown_modalities_name_the_near_ones(complains):
    with complains("'txt'", "did you mean 'text'"):
        Split(X, Y).only("txt")


def test_a_data_set_that_does_not_fit_together(train, make_split, complains):
    def build(test, validation=None, classes="abc"):
        return MultimodalDataset(train, validation, test, "toy", classes)

    assert build(train.only("text")).test.modalities == ("text",)
    with complains("train", "3 classes", "2 are named"):
        build(train, classes="ab")
    with complains("test", "'audio'"):
        build(make_split({"audio": (5, 3)}))
    with complains("validation", "'text'", "4 features", "train has 5"):
        build(train, make_split({"text": (5, 4)}))
    with complains("labels", "test"):
        build(make_split(multi_hot=True))


def test_npz_round_trip(dataset, tmp_path, same):
    path = dataset.to_npz(str(tmp_path / "deep" / "toy.npz"))
    back = MultimodalDataset.from_npz(path)
    for part in ("train", "validation", "test"):
        there, here = getattr(dataset, part), getattr(back, part)
        assert list(there.features) == list(here.features)
        assert same(there.features, here.features)
        assert same(there.labels, here.labels)
    assert (back.name, back.classes, back.source) == ("toy", ("a", "b", "ü"), "made up, 1 µs")
    assert list(path.parent.iterdir()) == [path]


def test_npz_without_validation_and_with_slashes_in_names(tmp_path, make_split):
    split = make_split({"image/top": (6, 2), "3d": (6, 4)})
    path = MultimodalDataset(split, None, split, "toy", "abc").to_npz(tmp_path / "toy.npz")
    back = MultimodalDataset.from_npz(path)
    assert back.validation is None
    assert back.modalities == ("image/top", "3d")


def test_a_file_cut_off_anywhere_or_damaged_is_no_data_file(dataset, tmp_path, complains):
    whole = dataset.to_npz(tmp_path / "toy.npz").read_bytes()
    path = tmp_path / "bad.npz"
    middle = len(whole) // 3
    for length in (0, 1, 10, middle, len(whole) - 30, len(whole) - 1):
        path.write_bytes(whole[:length])
        with complains(str(path), "no whole data file"):
            MultimodalDataset.from_npz(path)
    method = whole.index(b"PK\1\2") + 10  # the first entry's, in the table of contents
    for start, damage in ((middle, bytes(200)), (method, b"\x63")):
        path.write_bytes(whole[:start] + damage + whole[start + len(damage) :])
        with complains(str(path), "no whole data file"):
            MultimodalDataset.from_npz(path)


def foreign_files():
    return {
        "text": lambda path: path.write_text("hello"),
        "pickle": lambda path: path.write_bytes(pickle.dumps({"a": 1})),
        "other keys": lambda path: np.savez(path, x=np.ones(3)),
        "objects": lambda path: np.savez(path, name=np.array([{}], dtype=object)),
        "npy": lambda path: (
            path.with_suffix(".npy").rename(path) if np.save(path.with_suffix(".npy"), [1]) is None else 0
        ),
        "folder": lambda path: path.mkdir(),
    }


@pytest.mark.parametrize("kind", foreign_files())
def test_a_foreign_file_is_no_data_file(tmp_path, complains, kind):
    path = tmp_path / "foreign.npz"
    foreign_files()[kind](path)
    with complains(str(path), "no whole data file"):
        MultimodalDataset.from_npz(path)


def test_a_missing_file_is_missing(tmp_path, complains):
    with complains("no data file", "absent.npz", error=FileNotFoundError):
        MultimodalDataset.from_npz(tmp_path / "absent.npz")


@pytest.mark.parametrize("broken", ["savez_compressed", "replace"])
def test_nothing_is_left_when_writing_fails(dataset, tmp_path, monkeypatch, broken):
    def full(*arguments, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np if broken == "savez_compressed" else os, broken, full)
    with pytest.raises(OSError, match="No space left"):
        dataset.to_npz(tmp_path / "toy.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file(dataset, tmp_path):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(OSError, match="file"):
        dataset.to_npz(tmp_path / "file" / "toy.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]

import os
import pickle

import numpy as np
import pandas as pd
import pytest
import torch

from drcl_mini import MultimodalDataset, Split

RNG = np.random.default_rng(0)
X = {"image": RNG.normal(size=(30, 4)).astype(np.float32), "text": RNG.normal(size=(21, 3)).astype(np.float32)}
Y = {"image": np.arange(30) % 3, "text": np.arange(21) % 3}
TEST = {name: x[:6] for name, x in X.items()}, {name: y[:6] for name, y in Y.items()}


@pytest.fixture
def dataset(train, validation):
    return MultimodalDataset(train, validation, train, "toy", ("a", "b", "ü"), source="made up, 1 µs")


def make(train=(X, Y), test=TEST, validation=None, **facts):
    return MultimodalDataset.from_arrays(train, test, validation, name="mine", **facts)


def test_a_data_set_that_does_not_fit_together(train, make_split, complains):
    def build(test, validation=None, classes=("a", "b", "c")):
        return MultimodalDataset(train, validation, test, "toy", classes)

    assert build(train.only("text")).test.modalities == ("text",)
    with complains("train", "3 classes", "2 are named"):
        build(train, classes=list("ab"))
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
    path = MultimodalDataset(split, None, split, "toy", tuple("abc")).to_npz(tmp_path / "toy.npz")
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


@pytest.mark.parametrize("table", [np.asarray, pd.DataFrame, torch.tensor, np.ndarray.tolist])
@pytest.mark.parametrize("column", [np.asarray, pd.Series, torch.tensor, np.ndarray.tolist])
def test_any_kind_of_arrays(table, column, same):
    features = {name: table(x) for name, x in X.items()}
    labels = {name: column(y) for name, y in Y.items()}
    dataset = make((features, labels), source="here", classes=list("abc"))
    assert same(dataset.train.features, X)
    assert same(dataset.train.labels, Y)
    assert (dataset.name, dataset.source, dataset.classes) == ("mine", "here", ("a", "b", "c"))
    assert dataset.validation is None


def test_classes_without_names_are_numbered_by_the_largest_of_all_parts():
    assert make().classes == ("0", "1", "2")
    later = {name: np.full(6, 4) for name in X}
    assert make(validation=(TEST[0], later)).classes == ("0", "1", "2", "3", "4")


@pytest.mark.parametrize("share", [0.1, 0.2, 0.34, 0.5])
def test_a_share_is_split_off_class_by_class(share):
    dataset = make(validation=share)
    for name, x in X.items():
        kept, held = dataset.train.features[name], dataset.validation.features[name]
        assert len(held) == int(share * len(x) + 1e-9)
        both = np.concatenate([kept, held])
        assert sorted(map(tuple, both)) == sorted(map(tuple, x))
        labels = np.concatenate([dataset.train.labels[name], dataset.validation.labels[name]])
        where = [np.flatnonzero((x == row).all(axis=1))[0] for row in both]
        assert labels.tolist() == Y[name][where].tolist()
        counts = np.bincount(dataset.validation.labels[name], minlength=3)
        assert counts.max() - counts.min() <= 1


def test_a_share_is_split_off_by_the_seed(same):
    first, again, other = make(validation=0.2), make(validation=0.2), make(validation=0.2, seed=1)
    assert same(first.validation.features, again.validation.features)
    assert not same(first.validation.features, other.validation.features)


def test_a_share_of_multi_hot_labels():
    labels = {name: np.eye(3, dtype=int)[y] | np.eye(3, dtype=int)[(y + 1) % 3] for name, y in Y.items()}
    dataset = make((X, labels), (TEST[0], {name: y[:6] for name, y in labels.items()}), 0.2)
    assert dataset.validation.labels["image"].shape == (6, 3)


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        ({"validation": 1.5}, ["validation is 1.5", "between 0 and 1"]),
        ({"validation": 0}, ["validation is 0"]),
        ({"validation": 0.01}, ["share of 0.01 of 30 samples of 'image' leaves none"]),
        ({"validation": True}, ["validation is True"]),
        ({"train": (X, {"image": Y["image"]})}, ["'text'", "not both"]),
        ({"train": (X, {**Y, "text": Y["text"][:4]})}, ["'text'", "21 samples", "4 labels"]),
        ({"test": ({"audio": X["text"]}, {"audio": Y["text"]})}, ["test", "'audio'"]),
        ({"test": ({"text": X["image"]}, {"text": Y["image"]})}, ["test", "'text'", "4 features", "train has 3"]),
        ({"classes": tuple("ab")}, ["3 classes, but 2 are named"]),
        ({"train": X}, ["train", "(features, labels)"]),
        ({"test": None}, ["test", "(features, labels)"]),
        ({"validation": [1, 2, 3]}, ["validation", "(features, labels)"]),
    ],
)
def test_what_does_not_fit_is_told(arguments, fragments, complains):
    with complains(*fragments):
        make(**arguments)


def test_words_are_the_classes_of_all_parts(tmp_path):
    words = np.array(["cat", "ape", "dog"])
    labels = {name: words[y] for name, y in Y.items()}
    later = {name: np.array(["emu", "dog"] * 3) for name in X}
    data = make((X, labels), (TEST[0], later), 0.2)
    assert data.classes == data.train.names == data.test.names == ("ape", "cat", "dog", "emu")
    assert data.test.labels["image"].tolist() == [3, 2, 3, 2, 3, 2]
    assert MultimodalDataset.from_npz(data.to_npz(tmp_path / "mine.npz")).classes == data.classes
    declared = make((X, labels), (TEST[0], {name: y[:6] for name, y in labels.items()}), classes=["dog", "cat", "ape"])
    assert declared.train.labels["image"][:3].tolist() == [1, 2, 0]


def test_names_of_a_split_in_another_order_are_put_in_that_of_the_data_set(complains):
    turned = Split(X, {name: 2 - y for name, y in Y.items()}, tuple("cba"))
    for labels in (Y, {name: np.eye(3, dtype=int)[y] for name, y in Y.items()}):
        other = turned if labels is Y else Split(X, {name: y[:, ::-1] for name, y in labels.items()}, tuple("cba"))
        data = MultimodalDataset(Split(X, labels, tuple("abc")), None, other, "z", tuple("abc"))
        assert all(np.array_equal(data.test.labels[name], labels[name]) for name in X)
    with complains("test", "classes that aren't known: 'x'"):
        MultimodalDataset(Split(X, Y, tuple("abc")), None, Split(X, Y, tuple("xbc")), "z", tuple("abc"))
    assert MultimodalDataset(Split(X, Y), None, Split(X, Y, tuple("012")), "z", tuple("abc")).test.names == (
        "a",
        "b",
        "c",
    )


def test_words_and_numbers_are_not_mixed(complains):
    with complains("labels differ in kind between the splits", "int64, 1-d", "<U1, 1-d"):
        make((X, {name: np.array(["a", "b", "c"])[y] for name, y in Y.items()}))


def test_columns_are_those_of_train_and_kept_in_the_file(tmp_path, complains):
    frames = {name: pd.DataFrame(x).add_prefix("c") for name, x in X.items()}
    data = make((frames, Y), ({"text": frames["text"][:6]}, {"text": Y["text"][:6]}), 0.2)
    back = MultimodalDataset.from_npz(data.to_npz(tmp_path / "mine.npz"))
    for part in ("train", "validation"):
        assert getattr(back, part).columns == {"image": ("c0", "c1", "c2", "c3"), "text": ("c0", "c1", "c2")}
    assert back.test.columns == {"text": ("c0", "c1", "c2")}
    with complains("'text'", "another order than in training", "column 0 is 'c2', not 'c0'"):
        make((frames, Y), ({"text": frames["text"][["c2", "c1", "c0"]][:6]}, {"text": Y["text"][:6]}))


def test_a_file_whose_columns_do_not_fit_is_no_data_file(dataset, tmp_path, complains):
    path = dataset.to_npz(tmp_path / "toy.npz")
    with np.load(path) as stored:
        np.savez(path, **stored, **{"train/image/columns": np.array(["a", "b"])})
    with complains(str(path), "no whole data file", "'image' has 7 features, but 2 columns"):
        MultimodalDataset.from_npz(path)

"""A person's own features become a data set, and come back with their items from the file they were saved in."""

import numpy as np
import pandas as pd
import pytest
import torch

from drcl_mini import MultimodalDataset, Split, load_dataset
from drcl_mini.data.split import split_off

RNG = np.random.default_rng(0)
X = {"image": RNG.normal(size=(30, 4)).astype(np.float32), "text": RNG.normal(size=(21, 3)).astype(np.float32)}
Y = {"image": np.arange(30) % 3, "text": np.arange(21) % 3}
TEST = {name: x[:6] for name, x in X.items()}, {name: y[:6] for name, y in Y.items()}


def make(train=(X, Y), test=TEST, validation=None, **facts):
    return MultimodalDataset.from_arrays(train, test, validation, name="mine", **facts)


@pytest.mark.parametrize("table", [np.asarray, pd.DataFrame, torch.tensor, np.ndarray.tolist])
@pytest.mark.parametrize("column", [np.asarray, pd.Series, torch.tensor, np.ndarray.tolist])
def test_any_kind_of_arrays(table, column, same):
    features = {name: table(x) for name, x in X.items()}
    labels = {name: column(y) for name, y in Y.items()}
    dataset = make((features, labels), source="here", classes="abc")
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


@pytest.mark.parametrize("seed", range(3))
def test_training_keeps_the_last_sample_of_a_class(seed):
    y = np.array([0, 1, 2, 3] * 9 + [0, 1, 2, 4])  # one sample of class 4
    x = np.random.default_rng(0).normal(size=(40, 3))
    for labels in (y, np.eye(5, dtype=int)[y]):
        split, held = split_off(Split({"a": x}, {"a": labels}), 0.2, seed)
        assert len(held.labels["a"]) in (7, 8)
        there = split.labels["a"] if labels.ndim == 1 else split.labels["a"].argmax(axis=1)
        assert set(there) == set(range(5))


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
        ({"classes": "ab"}, ["3 classes, but 2 are named"]),
        ({"train": X}, ["train", "(features, labels)"]),
        ({"test": None}, ["test", "(features, labels)"]),
        ({"validation": [1, 2, 3]}, ["validation", "(features, labels)"]),
    ],
)
def test_what_does_not_fit_is_told(arguments, fragments, complains):
    with complains(*fragments):
        make(**arguments)


ITEMS = {
    "pictures": np.arange(96, dtype=np.uint8).reshape(6, 4, 4),
    "words": np.array(["a", "bcd", "ü"]),
    "sounds": [np.arange(n, dtype=np.int16) for n in (3, 0, 5)],
    "many/parts": [np.ones(2), np.zeros(3)],
}


def test_items_come_back(tmp_path, data_home):
    captions = ["a cat", "two dogs"]
    path = make(items={**ITEMS, "captions": captions}).to_npz(data_home / "mine.npz")
    with np.load(path, allow_pickle=False) as file:
        assert {key for key in file.files if key.startswith("items/sounds/")} == {
            "items/sounds/values",
            "items/sounds/offsets",
        }
    items = load_dataset("mine").items
    assert set(items) == {*ITEMS, "captions"}
    assert items["captions"].tolist() == captions
    for name, expected in ITEMS.items():
        assert type(items[name]) is type(expected)
        for there, here in zip(items[name], expected, strict=True):
            assert there.dtype == here.dtype
            assert np.array_equal(there, here)


@pytest.mark.parametrize(
    "items",
    [
        [{"a": 1}],
        np.array([{}], dtype=object),
        [np.ones((2, 2)), np.ones((3, 2))],
        [np.ones(2), np.ones(2, dtype=int)],
        [np.array(["a"]), np.array(["b"])],
        [],
        iter([np.ones(2)]),
    ],
)
def test_other_items_are_left_out_with_a_warning(tmp_path, items):
    with pytest.warns(UserWarning, match="items of 'odd' are not stored"):
        path = make(items={"odd": items, "sounds": ITEMS["sounds"]}).to_npz(tmp_path / "mine.npz")
    assert set(MultimodalDataset.from_npz(path).items) == {"sounds"}


@pytest.mark.parametrize(
    "damage",
    [
        {"items/sounds/values": None},
        {"items/sounds/offsets": None},
        {"items/sounds/more": np.ones(1)},
        {"items/sounds/offsets": np.array([0, 5, 3, 8])},
        {"items/sounds/offsets": np.array([0, 3, 3, 9])},
        {"items/sounds/offsets": np.array([1, 3, 3, 8])},
        {"items/sounds/offsets": np.array([0.0, 3, 3, 8])},
        {"items/sounds/offsets": np.array([[0, 8]])},
        {"items/sounds/offsets": np.array([], dtype=int)},
        {"items/sounds/offsets": np.array(0)},
        {"items/sounds/values": np.ones((8, 1))},
    ],
)
def test_damaged_items_are_no_whole_file(tmp_path, complains, damage):
    path = make(items=ITEMS).to_npz(tmp_path / "mine.npz")
    with np.load(path) as file:
        arrays = {**file, **damage}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    with complains(str(path), "no whole data file"):
        MultimodalDataset.from_npz(path)

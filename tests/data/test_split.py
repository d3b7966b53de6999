import numpy as np
import pandas as pd
import pytest
import torch

from drcl_mini import Split
from drcl_mini.data.split import split_off

X = {"image": np.arange(6.0).reshape(3, 2), "text": np.arange(4.0).reshape(2, 2)}
Y = {"image": np.array([0, 1, 2]), "text": np.array([1, 0])}


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
        (X, {**Y, "text": np.eye(2, dtype=int)}, ["image int64 (3,)", "text int64 (2, 2)"]),
        (X, {}, ["'image'", "not both", "to transform without labels give {modality: features}"]),
        ([X["image"]], Y, ["features", "list"]),
        (X, None, ["labels", "NoneType"]),
        ({}, {}, ["features", "empty"]),
        ({3: X["image"]}, {3: Y["image"]}, ["modality name 3", "expected a non-empty string"]),
    ],
)
def test_a_split_that_does_not_fit_together(features, labels, fragments, complains):
    with complains(*fragments):
        Split(features, labels)


def test_unknown_modalities_name_the_near_ones(complains):
    with complains("'txt'", "did you mean 'text'"):
        Split(X, Y).only("txt")


@pytest.mark.parametrize("seed", range(3))
def test_training_keeps_the_last_sample_of_a_class(seed):
    y = np.array([0, 1, 2, 3] * 9 + [0, 1, 2, 4])  # one sample of class 4
    x = np.random.default_rng(0).normal(size=(40, 3))
    for labels in (y, np.eye(5, dtype=int)[y]):
        split, held = split_off(Split({"a": x}, {"a": labels}), 0.2, seed)
        assert len(held.labels["a"]) in (7, 8)
        there = split.labels["a"] if labels.ndim == 1 else split.labels["a"].argmax(axis=1)
        assert set(there) == set(range(5))


def test_the_classes_are_those_that_the_labels_name():
    ids = Split({"image": X["image"]}, {"image": [900, 17, 40]})
    assert (ids.values.tolist(), ids.names, ids.n_classes) == ([17, 40, 900], ("17", "40", "900"), 3)
    words = Split({"image": X["image"]}, {"image": ["b", "a", "b"]})
    assert (words.values.tolist(), words.names) == (["a", "b"], ("a", "b"))
    declared = Split({"image": X["image"]}, {"image": ["b", "a", "b"]}, classes=list("cab"))
    assert (declared.labels["image"].tolist(), declared.names, declared.n_classes) == ([2, 1, 2], ("c", "a", "b"), 3)
    for split in (ids, words, declared):
        for part in (split.take({"image": [0, 2]}), split.only("image"), split.dense()):
            kept = part.encoded(split.values, split.names)
            assert np.array_equal(kept.labels["image"][0], split.encoded(split.values, split.names).labels["image"][0])


@pytest.mark.parametrize(
    ("labels", "classes", "fragments"),
    [
        (["a", "b", "x"], tuple("abc"), ["'image'", "['x'] that classes lacks", "known: 'a', 'b', 'c'"]),
        (["a", "b", "a"], ["a", "a", "b"], ["'a' twice"]),
        ([0, 1, 3], tuple("abc"), ["4 classes, but 3 are named"]),
        ([1, 2, 3], tuple("abc"), ["seem to begin at 1"]),
        (np.eye(3), tuple("ab"), ["3 classes, but 2 are named"]),
    ],
)
def test_labels_and_declared_classes(labels, classes, fragments, complains):
    with complains(*fragments):
        Split({"image": X["image"]}, {"image": labels}, classes=classes)


def test_a_split_keeps_its_columns(complains):
    frame = pd.DataFrame(X["image"], columns=["w", "h"])
    split = Split({**X, "image": frame}, Y)
    for part in (split, split.only("image"), split.take({"image": [1, 0]}), split.dense()):
        assert part.columns == {"image": ("w", "h")}
    assert Split(X, Y, columns={"text": ["u", "v"]}).columns == {"text": ("u", "v")}
    with complains("'txt'", "did you mean 'text'"):
        Split(X, Y, columns={"txt": ["u", "v"]})
    with complains("'text' has 2 features, but 1 columns"):
        Split(X, Y, columns={"text": ["u"]})


def test_a_split_in_the_classes_of_another(complains):
    split = Split({"image": X["image"]}, {"image": ["b", "a", "d"]})
    values = np.array(["a", "b", "c"])
    with complains("'image'", "classes that aren't known: 'd'", "known: 'a', 'b', 'c'"):
        split.encoded(values, values)
    later = split.encoded(values, values, new=True)
    assert later.labels["image"].tolist() == [1, 0, 3]
    assert later.names == ("a", "b", "c", "d (new)")
    same = Split(X, Y)
    assert same.encoded(same.values, same.names) is same


@pytest.mark.parametrize(
    ("rows", "fragments"),
    [
        ({"image": [99]}, ["'image'", "99", "give places, a mask or a slice"]),
        ({"image": [0.5]}, ["'image'", "0.5"]),
        ({"image": [True]}, ["'image'"]),
        ({"image": []}, ["'image'"]),
        ({"img": [0]}, ["'img'", "'image'"]),
        (3, ["rows", "mapping"]),
    ],
)
def test_rows_that_cannot_be_taken_are_told(rows, fragments, complains):
    with complains(*fragments):
        Split({"image": np.ones((3, 2))}, {"image": [0, 1, 2]}).take(rows)


@pytest.mark.parametrize("rows", [slice(1, 3), [1, 2], np.array([False, True, True]), (-2, -1)])
def test_rows_may_be_places_a_mask_or_a_slice(rows):
    split = Split({"image": np.ones((3, 2))}, {"image": ["a", "b", "c"]})
    assert split.take({"image": rows}).labels["image"].tolist() == ["b", "c"]


def test_label_columns_that_are_only_partly_the_declared_names_are_refused(complains):
    labels = {"image": pd.DataFrame(np.eye(2, dtype=int)[[0, 1, 1]], columns=["dog", "Cat"])}
    with complains("'image'", "'Cat'", "'cat'"):
        Split({"image": np.ones((3, 2))}, labels, classes=["cat", "dog"])


def test_declared_columns_that_contradict_those_of_a_frame_are_refused(complains):
    frame = pd.DataFrame(np.ones((3, 2)), columns=["a", "b"])
    with complains("'image'", "another order"):
        Split({"image": frame}, {"image": [0, 1, 2]}, columns={"image": ["b", "a"]})


def test_words_that_are_digits_are_names_too():
    first = Split({"image": np.ones((3, 2))}, {"image": ["0", "1", "2"]}, classes=["0", "1", "2"])
    later = Split({"image": np.ones((2, 2))}, {"image": ["2", "0"]})
    assert later.encoded(first.values, first.names).labels["image"].tolist() == [2, 0]

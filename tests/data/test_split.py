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
        (X, {**Y, "text": np.eye(2, dtype=int)}, ["image (3,)", "text (2, 2)"]),
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

import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

import drcl_mini.method.consistency
from drcl_mini import DRCL, Split
from drcl_mini.core.checks import check_features, check_integer, check_labels, check_mapping, require, suggest

TABLE = np.arange(6).reshape(3, 2)


@pytest.mark.parametrize(
    "given",
    [
        *(TABLE, TABLE.tolist(), TABLE.astype("float16"), TABLE.astype("uint8"), torch.tensor(TABLE)),
        *(pd.DataFrame(TABLE), np.asfortranarray(TABLE), np.repeat(TABLE, 2, axis=1)[:, ::2]),
        torch.tensor(TABLE).double().requires_grad_(),
    ],
)
def test_features_become_one_contiguous_float32_table(given):
    features = check_features(given, "image", 2)
    assert np.array_equal(features, TABLE)
    assert (features.dtype, features.flags.c_contiguous) == (np.float32, True)


@pytest.mark.parametrize(
    ("given", "fragments"),
    [
        ([1.0, 2.0], ["(2,)", "table"]),
        ([["a", "b"]], ["<U1", "table"]),
        ([[1.0], [2.0, 3.0]], ["can't be read"]),
        (pd.DataFrame({"x": [1.0], "name": ["a"]}), ["object", "table"]),
        ([[1j]], ["complex"]),
        (torch.tensor([[1j]]), ["complex64", "table"]),
        ([[1.0], [None], [3.0]], ["1 missing values", "row 1"]),
        (None, ["table"]),
        (scipy.sparse.csr_matrix(TABLE), ["sparse"]),
        (np.empty((0, 2)), ["empty", "(0, 2)"]),
        (np.empty((2, 0)), ["empty", "(2, 0)"]),
        (np.full((3, 2), 1e39), ["6 NaN or infinite values"]),
    ],
)
def test_what_is_no_table_of_numbers_is_named(given, fragments, complains):
    with complains("'image'", *fragments):
        check_features(given, "image")


@pytest.mark.parametrize(
    "given", [[0, 2, 1], (0, 2, 1), torch.tensor([0, 2, 1]), pd.Series([0, 2, 1]), np.array([0, 2, 1], "uint8")]
)
def test_labels_become_int64(given):
    labels = check_labels(given, "image", 3)
    assert labels.tolist() == [0, 2, 1]
    assert labels.dtype == np.int64
    assert check_labels(np.eye(2, dtype=bool), "image", 2).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("given", "fragments"),
    [
        ([0, 1], ["3 samples", "2 labels"]),
        ([0, -1, 2], ["negative", "row 1"]),
        ([0.0, 1.0, 2.0], ["float64", "integers"]),
        *(
            (missing, ["labels", "1 missing values", "row 1", "1 of 3 rows"])
            for missing in (
                *([0.0, np.nan, 2.0], [0, None, 2], torch.tensor([0, torch.nan, 2]), pd.Series([0.0, np.nan, 2.0])),
                *(pd.Series([0, None, 2], dtype="Int64"), pd.Series([0, pd.NA, 2], dtype=object)),
                *(pd.DataFrame({"a": [0, np.nan, 1], "b": [1, 1, 0]}), [[0, 1], [None, 1], [1, 0]]),
            )
        ),
        (["cat", "dog", "cat"], ["<U3", "labels", "numbers"]),
        (np.eye(3), ["float64", "integers"]),
        ([[1, 0], [0, 2], [1, 0]], ["1 values above 1", "row 1", "0 or 1"]),
        ([[1, 0], [0, 0], [1, 0]], ["row 1", "missing labels"]),
        ([0, 1, 1_000_000], ["1 values of 1000000 or more", "row 2"]),
        (np.zeros((3, 1, 1), int), ["(3, 1, 1)"]),
        ([[0], [1], [2]], ["(3, 1)"]),
        ([[0], [0, 1], [2]], ["labels"]),
        (torch.zeros(3, dtype=torch.bfloat16), ["labels", "float32", "integers"]),
    ],
)
def test_what_are_no_labels_is_named(given, fragments, complains):
    with complains("'image'", *fragments):
        check_labels(given, "image", 3)


def test_suggestions_begin_with_close_names():
    assert suggest("imgae", ["text", "image"]) == "did you mean 'image'? known: 'text', 'image'"
    assert suggest("x", []) == "known: none"


def test_a_missing_package_is_named_with_its_command(complains, monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with complains("librosa", "pip install librosa", error=ImportError):
        require("librosa")


@pytest.mark.parametrize(
    ("value", "rules", "fragments"),
    [
        *((k, {}, ["an integer of at least 1"]) for k in (0, -3, 2.0, np.float32(2), True, "all", [1], None)),
        (0, {"optional": True}, ["None or an integer of at least 1"]),
        (1, {"least": 2}, ["at least 2"]),
        (0, {"most": 9}, ["an integer from 1 to 9"]),
        (np.int8(10), {"most": 9}, ["from 1 to 9"]),
    ],
)
def test_what_is_no_integer_in_range_is_named(value, rules, fragments, complains):
    with complains(f"k is {value!r}", *fragments):
        check_integer(value, "k", **rules)


def test_integers_become_pythons():
    found = [check_integer(1, "k"), check_integer(np.uint8(7), "k", most=7), check_integer(-2, "k", least=-2)]
    assert found == [1, 7, -2]
    assert {type(value) for value in found} == {int}
    assert check_integer(None, "k", optional=True) is None


@pytest.mark.parametrize("given", [{}, [], None, {1: TABLE}, {"": TABLE}])
def test_a_mapping_has_names(given, complains):
    with complains("features"):
        check_mapping(given, "features")


def test_warnings_point_at_the_caller_of_the_package(tiny, train, monkeypatch):
    with pytest.warns(UserWarning, match="rank 0") as caught:
        DRCL(**tiny).fit(train, prior=np.zeros((6, 3)))

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(drcl_mini.method.consistency, "augment", interrupted)
    with pytest.warns(UserWarning, match="interrupted") as too:
        DRCL(**tiny).fit(train)
    assert {warning.filename for warning in [*caught, *too]} == {__file__}


@pytest.mark.parametrize("name", ["", 3, "a\0b", "a\n", "\x1b[2Jtext"])
def test_names_of_modalities_can_be_printed(name):
    with pytest.raises(ValueError, match=r"modality name .*, expected a non-empty string of printable characters"):
        Split({name: np.eye(2)}, {name: np.arange(2)})

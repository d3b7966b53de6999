import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from drcl_mini.core.tables import as_numpy, check_columns, check_features, columns_of, one_or_more

TABLE = np.arange(6).reshape(3, 2)


@pytest.mark.parametrize(
    "given",
    [
        *(TABLE, TABLE.tolist(), TABLE.astype("float16"), TABLE.astype("uint8"), torch.tensor(TABLE)),
        *(pd.DataFrame(TABLE), np.asfortranarray(TABLE), np.repeat(TABLE, 2, axis=1)[:, ::2]),
        torch.tensor(TABLE).double().requires_grad_(),
        *(
            TABLE.astype(object),
            pd.DataFrame(TABLE).astype("Int64"),
            pd.DataFrame({"a": TABLE[:, 0], "b": [1.0, 3, 5]}),
        ),
        *(pd.Series(list(TABLE)), pd.Series(TABLE.tolist()), pd.DataFrame({"embedding": list(TABLE)}), list(TABLE)),
        *(pd.Series(list(torch.tensor(TABLE))), list(torch.tensor(TABLE, dtype=torch.float32, requires_grad=True))),
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
        ([[1.0], [2.0, 3.0]], ["can't be read", "another length than 1", "row 1"]),
        (pd.Series([[1.0, 2.0], [3.0]]), ["another length than 2", "1 of 2 rows", "row 1"]),
        (pd.Series([TABLE, TABLE[:2]]), ["another shape than (3, 2)", "row 1"]),
        (pd.Series([[1.0, 2.0], None]), ["1 missing values", "row 1"]),
        (pd.DataFrame({"x": [1.0], "name": ["a"], "when": pd.Timestamp(0)}), ["object", "table", "'name', 'when'"]),
        (np.array([["1.5", 2.0]], dtype=object), ["object", "table"]),
        ([[1j]], ["complex"]),
        (np.array([[np.complex64(1j)]], dtype=object), ["object", "table"]),
        (torch.tensor([[1j]]), ["complex64", "table"]),
        ([[1.0], [None], [3.0]], ["1 missing values", "row 1"]),
        (None, ["table"]),
        (3.0, ["()", "table"]),
        ("x.npy", ["str", "table"]),
        ({1.0, 2.0}, ["set", "table"]),
        (scipy.sparse.csr_matrix(TABLE), ["sparse", ".toarray()"]),
        (np.empty((0, 2)), ["empty", "(0, 2)"]),
        (np.empty((2, 0)), ["empty", "(2, 0)"]),
        (np.full((3, 2), 1e39), ["6 NaN or infinite values"]),
        (np.full((3, 2), 1e30), ["6 values beyond 1e+18", "rescale"]),
        (np.zeros(3, [("a", "f4"), ("b", "f4")]), ["'a'", "table"]),
    ],
)
def test_what_is_no_table_of_numbers_is_named(given, fragments, complains):
    with complains("'image'", *fragments):
        check_features(given, "image")


class Lazy(torch.utils.data.Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        raise AssertionError("read")


@pytest.mark.parametrize("given", [Lazy(), (row for row in TABLE), map(list, TABLE)])
def test_batches_are_to_be_collected_first(given, complains):
    with complains("what", type(given).__name__, "collect its batches", "np.concatenate"):
        as_numpy(given, "what")


def test_columns_have_names():
    assert columns_of(pd.DataFrame(TABLE)) == ("0", "1")
    assert columns_of(pd.DataFrame(TABLE, columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]))) is not None
    for none in (TABLE, pd.Series([1]), torch.ones(2, 2), None):
        assert columns_of(none) is None


@pytest.mark.parametrize("given", [None, ("a", "b", "c"), ("0", "1", "2"), ("0", "1"), ("embedding",)])
def test_columns_that_fit_or_have_no_names(given):
    check_columns(given, ("a", "b", "c"), "image")
    check_columns(("a", "b", "c"), None, "image")
    check_columns(("a", "b", "c"), ("0", "1", "2"), "image")


@pytest.mark.parametrize(
    ("given", "fragments"),
    [
        ("bac", ["another order than in training", "column 0 is 'b', not 'a'"]),
        ("abd", ["other columns than in training: 'c', 'd'"]),
        ("ab", ["'c'"]),
        ("abcd", ["'d'"]),
        ("aabc", ["another order", "column 1 is 'a', not 'b'"]),
    ],
)
def test_columns_that_do_not_fit_are_named(given, fragments, complains):
    with complains("'image'", "give frame[columns] in that order", *fragments):
        check_columns(tuple(given), ("a", "b", "c"), "image")


def test_columns_that_only_count_have_an_order_too(complains):
    with complains("another order", "column 0 is '1', not '0'"):
        check_columns(("1", "0"), ("0", "1"), "image")


def test_one_query_is_a_table_of_one_row():
    frame = pd.DataFrame(TABLE, columns=["a", "b"])
    for given in (TABLE[1], TABLE[1].tolist(), torch.tensor(TABLE[1]), frame.iloc[1], frame[1:2], TABLE[1:2]):
        assert np.array_equal(one_or_more(given, "query"), TABLE[1:2])
    assert columns_of(one_or_more(frame.iloc[1], "query")) == ("a", "b")

import numpy as np
import pytest
from scipy.io import savemat

from data_scripts.readers import ConversionError
from data_scripts.tables import checked_table, cut, from_zero, read_mat, read_tables

X, Y = np.arange(12.0).reshape(4, 3), np.array([[1], [2], [1], [3]])


@pytest.fixture
def mat(tmp_path):
    savemat(tmp_path / "some.mat", {"x": np.arange(6.0).reshape(2, 3), "y": np.ones((1, 2))})
    return tmp_path / "some.mat"


def test_read_mat_gives_the_named_variables(mat):
    found = read_mat(mat, {"x": (2, 3)})
    assert found.keys() == {"x"}
    assert found["x"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("shapes", "fragments"), [({"y": (2, 1)}, ["'y'", "(1, 2)", "(2, 1)"]), ({"z": (1,)}, ["'z'", "missing", "x, y"])]
)
def test_read_mat_names_what_is_not_as_it_should_be(mat, complains, shapes, fragments):
    with complains("some.mat", *fragments, error=ConversionError):
        read_mat(mat, shapes)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"not a MATLAB file " * 20, b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM"]
)
def test_read_mat_of_another_kind_of_file_says_so(tmp_path, complains, content):
    (tmp_path / "other.mat").write_bytes(content)
    with complains("other.mat", error=ConversionError):
        read_mat(tmp_path / "other.mat", {"x": (2, 3)})


def test_read_tables_gives_features_and_labels_by_modality(tmp_path):
    savemat(tmp_path / "some.mat", {"a": X, "b": X[:2], "ya": Y.astype(np.uint8), "yb": Y[:2].T})
    tables = read_tables(tmp_path / "some.mat", {"image": ("a", "ya", 4), "text": ("b", "yb", None)})
    assert {name: (x.tolist(), y.tolist()) for name, (x, y) in tables.items()} == {
        "image": (X.tolist(), [1, 2, 1, 3]),
        "text": (X[:2].tolist(), [1, 2]),
    }
    assert tables["image"][1].dtype == np.int64


@pytest.mark.parametrize("labels", [Y, Y.T, Y.ravel(), Y.astype(np.uint8), Y.astype(float)])
def test_labels_may_be_a_row_or_a_column_of_any_numbers(labels):
    assert checked_table(X, labels, 4, "here")[1].tolist() == [1, 2, 1, 3]


@pytest.mark.parametrize(
    ("features", "labels", "rows", "fragments"),
    [
        (X, Y, 5, ["here", "(4, 3)", "expected 5 rows"]),
        (X, Y, 3, ["(4, 3)", "expected 3 rows", "transposed?"]),
        (X.ravel(), Y, None, ["(12,)", "expected n rows"]),
        (X[:, :0], Y, 4, ["(4, 0)"]),
        (np.zeros((1, 30_000)), Y[:1], 1, ["(1, 30000)"]),
        (X, Y[:3], 4, ["labels have shape (3, 1)", "each of 4 rows"]),
        (X, Y.reshape(2, 2), 4, ["labels have shape (2, 2)"]),
        (X, Y + 0.1, 4, ["whole numbers"]),
        (X, Y * np.inf, 4, ["whole numbers"]),
        ([X, X], Y, 4, ["cell array"]),
        (X, [Y], 4, ["cell array"]),
    ],
)
def test_what_is_no_table_is_told(features, labels, rows, fragments, complains):
    with complains(*fragments, error=ConversionError):
        checked_table(features, labels, rows, "here")


def test_cut_takes_rows_of_both():
    x, y = cut((X, Y.ravel()), slice(1, 3))
    assert (x.tolist(), y.tolist()) == (X[1:3].tolist(), [2, 1])


@pytest.mark.parametrize("start", [0, 1])
def test_labels_count_from_zero_whatever_the_file_does(start):
    y = np.arange(3) + start
    parts = from_zero({"train": {"a": (X[:3], y)}, "test": {"a": (X[:1], y[2:])}}, 3, "file")
    assert parts["train"]["a"][1].tolist() == [0, 1, 2]
    assert parts["test"]["a"][1].tolist() == [2]


@pytest.mark.parametrize(("low", "high"), [(2, 4), (-1, 1), (0, 3), (1, 2), (0, 1)])
def test_labels_that_do_not_span_the_classes_are_told(low, high, complains):
    labels = np.arange(low, high + 1)
    with complains(f"file: labels run from {low} to {high}, expected 1 to 3 or 0 to 2", error=ConversionError):
        from_zero({"train": {"a": (np.ones((len(labels), 1)), labels)}}, 3, "file")

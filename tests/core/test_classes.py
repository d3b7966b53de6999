import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from drcl_mini.core.classes import check_labels, check_range, check_words, class_names, class_values, positions

WORDS = ["cat", "dog", "ape"]


@pytest.mark.parametrize(
    "given",
    [
        *([0, 2, 1], (0, 2, 1), torch.tensor([0, 2, 1]), pd.Series([0, 2, 1]), np.array([0, 2, 1], "uint8")),
        *([0.0, 2.0, 1.0], torch.tensor([0, 2, 1]).bfloat16(), np.array([0, 2, 1], dtype=object)),
        *([[0], [2], [1]], pd.DataFrame({"label": [0, 2, 1]}), pd.Series([0, 2, 1], dtype="Int64")),
        *(pd.Categorical([0, 2, 1]), pd.Series([0, 2, 1], dtype="Float64"), np.array([0, 2, 1], np.longdouble)),
    ],
)
def test_whole_numbers_become_int64(given):
    labels = check_labels(given, "image", 3)
    assert labels.tolist() == [0, 2, 1]
    assert labels.dtype == np.int64


@pytest.mark.parametrize(
    "given",
    [
        *(WORDS, np.array(WORDS), np.array(WORDS, dtype=object), np.array(WORDS)[:, None], pd.Series(WORDS)),
        *(pd.Categorical(WORDS), pd.Series(WORDS, dtype="string"), pd.Series(pd.Categorical(WORDS))),
        *(np.array(WORDS, "S3"), np.array([word.encode() for word in WORDS], dtype=object)),
    ],
)
def test_words_stay_words(given):
    labels = check_labels(given, "image", 3)
    assert labels.tolist() == WORDS
    assert labels.dtype.kind == "U"


@pytest.mark.parametrize(
    "given",
    [
        *(np.eye(3), np.eye(3, dtype=bool), np.eye(3).tolist(), torch.eye(3), pd.DataFrame(np.eye(3))),
        *(scipy.sparse.csr_matrix(np.eye(3)), scipy.sparse.coo_array(np.eye(3)), pd.Series(list(np.eye(3)))),
        pd.get_dummies(pd.Series(list("abc"))),
    ],
)
def test_tables_of_zeros_and_ones_are_multi_hot(given):
    labels = check_labels(given, "image", 3)
    assert np.array_equal(labels, np.eye(3))
    assert labels.dtype == np.int64


def test_rows_may_be_without_a_class():
    assert check_labels([[1, 0], [0, 0], [1, 0]], "image").tolist() == [[1, 0], [0, 0], [1, 0]]


@pytest.mark.parametrize(
    ("given", "fragments"),
    [
        ([0, 1], ["3 samples", "2 labels"]),
        ([0, -1, 2], ["negative", "row 1", "y[y >= 0]"]),
        ([0.0, -1.0, 2.0], ["negative", "row 1"]),
        ([0.0, 0.5, 2.0], ["1 values that aren't whole numbers", "row 1", "one class a sample"]),
        ([0.0, np.inf, 2.0], ["1 values that aren't whole numbers", "row 1"]),
        (np.full((3, 4), 0.25), ["12 values that aren't whole numbers", "soft labels", ".argmax(axis=1)"]),
        *(
            (missing, ["labels", "1 missing values", "row 1", "1 of 3 rows"])
            for missing in (
                *([0.0, np.nan, 2.0], [0, None, 2], torch.tensor([0, torch.nan, 2]), pd.Series([0.0, np.nan, 2.0])),
                *(pd.Series([0, None, 2], dtype="Int64"), pd.Series([0, pd.NA, 2], dtype=object)),
                *(pd.DataFrame({"a": [0, np.nan, 1], "b": [1, 1, 0]}), [[0, 1], [None, 1], [1, 0]]),
                *(["cat", None, "dog"], pd.Series(["cat", pd.NA, "dog"], dtype="string")),
                *(pd.Categorical(["cat", None, "dog"]), pd.Categorical.from_codes([0, -1, 1], ["cat", "dog"])),
            )
        ),
        (["cat", "", "dog"], ["1 empty words", "row 1"]),
        (["cat", 1, None], ["missing"]),
        (np.array(["cat", 1, 2], dtype=object), ["words and numbers"]),
        ([["cat", "dog"]] * 3, ["a table of words", "MultiLabelBinarizer"]),
        ([["cat"], ["cat", "dog"], ["dog"]], ["another length than 1", "MultiLabelBinarizer"]),
        ([b"\xff", b"a", b"b"], ["UTF-8"]),
        ([[1, 0], [0, 2], [1, 0]], ["1 values above 1", "row 1", "0 or 1"]),
        ([[1, 0], [0, -1], [1, 0]], ["1 negative values", "row 1"]),
        (np.zeros((3, 1, 1), int), ["(3, 1, 1)"]),
        ([[0], [0, 1], [2]], ["labels"]),
        ([1j, 0, 0], ["complex", "integers or words"]),
        (np.array([0, 1, 2], "M8[s]"), ["datetime64", "integers or words"]),
        ([{"cat"}, {"dog"}, {"dog"}], ["set", "integers or words"]),
        ([], ["(0,)"]),
        (3, ["are int"]),
        (None, ["are NoneType"]),
        (torch.utils.data.DataLoader(torch.arange(3)), ["DataLoader", "collect"]),
    ],
)
def test_what_are_no_labels_is_named(given, fragments, complains):
    with complains("'image'", *fragments):
        check_labels(given, "image", 3)


@pytest.mark.parametrize(
    ("labels", "values"),
    [
        ([0, 1, 2], [0, 1, 2]),
        ([0, 3], [0, 1, 2, 3]),  # half of the indices occur
        ([1, 2, 3], [0, 1, 2, 3]),
        ([0, 4], [0, 4]),
        ([11318, 12318, 13318], [11318, 12318, 13318]),
        (["dog", "cat", "dog"], ["cat", "dog"]),
        ([[0, 1, 0], [0, 0, 0]], [0, 1, 2]),
    ],
)
def test_the_classes_of_labels(labels, values):
    assert class_values({"a": np.array(labels), "b": np.array(labels[:1])}).tolist() == values


def test_places_among_the_classes():
    assert positions(np.array([7, 3, 5, 9]), np.array([3, 5, 7])).tolist() == [2, 0, 1, -1]
    assert positions(np.array(["b", "c"]), np.array(["c", "a", "b"])).tolist() == [2, 0]
    assert positions(np.array(["1"]), np.array([1])).tolist() == [-1]


def test_names_that_differ_between_modalities_are_listed(complains):
    labels = {"image": np.array(["cat", "dog", "ape"]), "text": np.array(["cat", "Ape"]), "audio": np.array(["cat"])}
    with complains("only 'image' has ['ape', 'dog'], and it lacks ['Ape']", "classes=[…]"):
        check_words(labels)
    check_words(labels | {"text": np.array(["ape"])})
    check_words({"image": np.array([0]), "text": np.array([1])})


@pytest.mark.parametrize("given", [WORDS, tuple(WORDS), np.array(WORDS), pd.Index(WORDS), dict(enumerate(WORDS)), None])
def test_names_of_classes(given):
    assert class_names(given) == (None if given is None else tuple(WORDS))


@pytest.mark.parametrize(
    ("given", "fragments"),
    [
        (set(WORDS), ["set", "no order"]),
        (frozenset(WORDS), ["set", "no order"]),
        ({"cat": 0, "dog": 2}, ["'cat', 'dog'", "0 to 1"]),
        ("classes.txt", ["'classes.txt'", "as a list"]),
        (["cat", None], ["NoneType None", "one word or number"]),
        (list(enumerate(WORDS)), ["tuple", "one word or number"]),
        ({1: "cat", 2: "dog"}, ["'1', '2'", "0 to 1"]),
        (3, ["classes is 3", "list"]),
    ],
)
def test_what_names_no_classes_is_told(given, fragments, complains):
    with complains("classes", *fragments):
        class_names(given)


def test_labels_beyond_their_names(complains):
    check_range(np.array([0, 1]), WORDS, "image")
    with complains("'image' has 4 classes, but 3 are named"):
        check_range(np.array([0, 3]), WORDS, "image")
    for labels in ([1, 2, 3], [2, 3]):
        with complains("4 classes, but 3 are named", "seem to begin at 1", "subtract 1"):
            check_range(np.array(labels), WORDS, "image")
    with complains("'image' has 2 classes, but 3 are named"):
        check_range(np.eye(2, dtype=int), WORDS, "image")


@pytest.mark.parametrize(
    "given", [{"0": "cat", "1": "dog"}, {"dog": 1, "cat": 0}, np.array([["cat"], ["dog"]]), [b"cat", b"dog"]]
)
def test_names_of_classes_in_other_forms(given):
    assert class_names(given) == ("cat", "dog")


@pytest.mark.parametrize(
    ("given", "fragments"),
    [
        (["cat", float("nan"), "dog"], ["1 missing values", "row 1"]),
        ([["cat"], [None]], ["1 missing values", "row 1"]),
        (["cat", 1, "dog"], ["mix words and numbers"]),
        (["yes", True, "no"], ["mix words and numbers"]),
        ([2**70, 1], ["beyond int64", "words"]),
        (np.array([2**63, 1], "uint64"), ["beyond", "words"]),
        ([2.0**60, 1.0], ["beyond", "words"]),
        ([[1, -1], [-1, 1]], ["multi-hot labels are 0 or 1", "(y > 0)"]),
    ],
)
def test_labels_that_would_go_wrong_in_silence_are_refused(given, fragments, complains):
    with complains("'image'", *fragments):
        check_labels(given, "image")


def test_large_ids_stay_apart():
    ids = [2**60, 2**60 + 1, 2**60 + 2]
    assert check_labels(np.array(ids, dtype=object), "image").tolist() == ids

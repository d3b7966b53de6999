"""Whatever holds the same numbers gives the same answer; what doesn't hold numbers is refused in one line."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drcl_mini import DRCL, MultimodalDataset, Split, mean_average_precision
from drcl_mini.data.items import pack, unpack


def strided(x):
    wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


FORMS = {
    "list": np.ndarray.tolist,
    "nested tuple": lambda x: tuple(map(tuple, x.tolist())) if x.ndim == 2 else tuple(x.tolist()),
    "Fortran": np.asfortranarray,
    "strided": strided,
    "backwards": lambda x: x[::-1].copy()[::-1],
    "read-only": read_only,
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "torch": torch.from_numpy,
    "torch, turned": lambda x: torch.from_numpy(x.T.copy()).T,
    "torch, sparse": lambda x: torch.from_numpy(x).to_sparse(),
    "objects": lambda x: x.astype(object),
    "rows in a column": lambda x: pd.Series(list(x)),
    "pandas": lambda x: pd.DataFrame(x) if x.ndim == 2 else pd.Series(x),
    "pandas, named": lambda x: pd.DataFrame(x).rename(columns=str, index=str) if x.ndim == 2 else pd.Series(x),
    "matrix": lambda x: x.view(np.matrix) if x.ndim == 2 else x,
    "nothing masked": np.ma.masked_array,
}
NUMBERS = ["float16", "float32", "float64", "longdouble", "int8", "int64", "uint8"]
LABELS = ["int8", "uint8", "int32", "uint64", "int64"]
CLASSES = np.arange(12) % 3


@pytest.fixture(scope="module")
def model():
    source, settings = np.random.default_rng(0), {"hidden": (8,), "dim": 6, "device": "cpu", "progress": False}
    split = Split({"a": source.normal(size=(12, 4)), "b": source.normal(size=(12, 3))}, {"a": CLASSES, "b": CLASSES})
    return DRCL(prior_epochs=2, epochs=2, **settings).fit(split)


def table(seed, n=7, d=4, dtype="int8"):
    """Small whole numbers, exact in every type."""
    return np.random.default_rng(seed).integers(0, 9, (n, d)).astype(dtype)


@pytest.mark.parametrize("form", FORMS)
@given(seed=st.integers(0, 99), dtype=st.sampled_from(NUMBERS))
def test_features_in_any_form(model, form, seed, dtype):
    if form.startswith("torch") and dtype == "longdouble":
        return  # torch has none
    expected = model.transform({"a": table(seed, dtype="float32")})["a"]
    given_form = FORMS[form](table(seed, dtype=dtype))
    assert np.array_equal(model.transform({"a": given_form})["a"], expected)
    labels, query = np.arange(7) % 2, table(seed + 1)
    scores = [mean_average_precision(query, labels, x, labels) for x in (given_form, table(seed, dtype="float32"))]
    assert scores[0] == scores[1]


@pytest.mark.parametrize("form", FORMS)
@given(seed=st.integers(0, 99), dtype=st.sampled_from(LABELS), wide=st.booleans())
def test_labels_in_any_form(form, seed, dtype, wide):
    if form in ("torch, sparse", "torch, turned") and (dtype == "uint64" or not wide):
        return  # torch can't make these
    y = np.random.default_rng(seed).integers(0, 3, 7)
    y = (np.eye(3)[y] if wide else y).astype(dtype)
    split = Split({"a": np.ones((7, 2))}, {"a": FORMS[form](y)})
    assert np.array_equal(split.labels["a"], y)
    assert split.labels["a"].dtype == np.int64


def masked(x):
    return np.ma.masked_array(x, mask=np.arange(x.size).reshape(x.shape) == 3)


NO_NUMBERS = {
    "complex": lambda x: x.astype(complex),
    "complex, torch": lambda x: torch.from_numpy(x.astype(complex)),
    "words": lambda x: x.astype(str),
    "objects, a word among them": lambda x: np.where(x == x[0, 0], "a", x.astype(object)),
    "times": lambda x: x.astype("M8[s]"),
    "records": lambda x: np.zeros(len(x), [("a", "f4")]),
    "masked": masked,
    "missing": lambda x: pd.DataFrame(x).astype("Int64").mask(x == x[0, 0]),
    "ragged": lambda x: [[1.0], [1.0, 2.0]],
    "NaN": lambda x: np.where(x == x[0, 0], np.nan, x),
    "none": lambda x: None,
    "text": lambda x: "abc",
    "dictionary": lambda x: {"a": 1},
    "one more axis": lambda x: x[None],
    "a row": lambda x: x[0],
    "empty": lambda x: x[:0],
    "no columns": lambda x: x[:, :0],
    "float16, infinite": lambda x: np.full(x.shape, np.inf, np.float16),
    "beyond float32": lambda x: np.full(x.shape, 1e200),
}


@pytest.mark.parametrize("form", NO_NUMBERS)
def test_what_is_no_table_of_numbers_is_refused(model, form, complains):
    odd, labels = NO_NUMBERS[form](table(0)), CLASSES[:7]
    with complains("'a'"):
        model.transform({"a": odd})
    with complains("'a'"):
        Split({"a": odd}, {"a": labels})
    with complains("'query'"):
        mean_average_precision(odd, labels, table(1), labels)


@given(st.integers(0, 99), st.lists(st.integers(1, 30), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_transform_takes_each_row_by_itself(model, seed, sizes, chance):
    """Not a bit more than rounding hangs on the batch, on its size, or on the order."""
    x = np.random.default_rng(seed).normal(size=(sum(sizes), 4))
    whole = model.transform({"a": x})["a"]
    parts = np.split(x, np.cumsum(sizes)[:-1])
    assert np.abs(np.concatenate([model.transform({"a": part})["a"] for part in parts]) - whole).max() < 1e-6
    order = list(range(len(x)))
    chance.shuffle(order)
    assert np.abs(model.transform({"a": x[order]})["a"] - whole[order]).max() < 1e-6
    both = {"b": x[:, :3], "a": x} if seed % 2 else {"a": x, "b": x[:, :3]}
    assert np.array_equal(model.transform(both)["a"], whole)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
PRINTED = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(
    st.lists(PRINTED, min_size=1, max_size=3, unique=True), st.lists(NAMES, min_size=3, max_size=3), st.integers(0, 9)
)
def test_a_data_set_comes_back_from_its_file(tmp_path_factory, names, classes, seed):
    source = np.random.default_rng(seed)
    x, y = {name: source.normal(size=(6, 2)) for name in names}, {name: np.arange(6) % 3 for name in names}
    items = {names[0]: [source.integers(0, 9, size) for size in (0, 3, 1)]}
    made = MultimodalDataset(Split(x, y), None, Split(x, y), "some", tuple(classes), items, source="made")
    back = MultimodalDataset.from_npz(made.to_npz(tmp_path_factory.mktemp("some") / "some.npz"))
    assert (back.modalities, back.classes, back.source) == (made.modalities, made.classes, made.source)
    for name in names:
        assert np.array_equal(back.test.features[name], made.test.features[name])
        assert np.array_equal(back.train.labels[name], made.train.labels[name])
    assert all(map(np.array_equal, back.items[names[0]], items[names[0]]))


def test_a_name_that_a_file_would_cut_off_is_refused(complains):
    with complains("modality name", repr("a\0b")):
        Split({"a\0b": np.ones((2, 2))}, {"a\0b": [0, 1]})


@given(st.lists(st.lists(st.integers(-9, 9), max_size=5), min_size=1, max_size=6))
def test_items_come_back(lists):
    items = [np.array(some, np.int16) for some in lists]
    back = unpack(**pack(items))
    assert [some.tolist() for some in back] == lists
    assert all(some.dtype == np.int16 for some in back)

import warnings

import numpy as np
import pandas as pd
import pytest
import torch

from drcl_mini import Settings, Split
from drcl_mini.training.preflight import check_fit, check_prior

X = np.ones((4, 2))


def split(**labels):
    return Split(dict.fromkeys(labels, X), labels)


EYE = np.eye(4, dtype=int)
DIGITS = ["0", "1", "2", "3"]
WORDS = np.array(["ape", "cat", "dog", "emu"])


@pytest.mark.parametrize(
    ("train", "validation", "classes"),
    [
        (split(image=[0, 1, 2, 0], text=[0, 1, 1, 0]), None, 3),
        (split(image=[0, 1, 2, 0], text=[0, 1, 1, 0]), split(text=[2, 2, 2, 2]), 3),  # the images have class 2
        (split(image=EYE), split(image=np.ones((4, 4), int)), 4),
        (split(image=[900, 17, 17, 40]), split(image=[40, 40, 17, 17]), 3),
        (split(image=["b", "a", "b", "c"], text=["b"] * 3 + ["a"]), None, 3),
    ],
)
def test_what_fits_tells_its_classes(train, validation, classes):
    checked = check_fit(train, validation, Settings())
    assert checked.classes == len(checked.values) == len(checked.names) == classes
    for part in (checked.train, checked.validation) if validation else (checked.train,):
        assert all(y.ndim == 2 or 0 <= y.min() <= y.max() < classes for y in part.labels.values())


def test_one_mapping_spans_modalities_and_splits():
    train = split(image=["cat", "dog", "ape", "cat"], text=["dog", "cat", "dog", "cat"])
    checked = check_fit(train, split(text=["emu", "dog", "cat", "fox"]), Settings())
    assert checked.values.tolist() == list(checked.names) == ["ape", "cat", "dog"]
    assert checked.train.labels["image"].tolist() == [1, 2, 0, 1]
    assert checked.train.labels["text"].tolist() == [2, 1, 2, 1]
    assert checked.validation.labels["text"].tolist() == [3, 2, 1, 4]  # classes that training lacks follow
    assert checked.validation.names[3:] == ("emu (new)", "fox (new)")


@pytest.mark.parametrize("y", [np.arange(4), EYE], ids=["one class", "multi-hot"])
def test_names_in_another_order_are_other_indices(y):
    features = {"image": X}
    turned = Split(features, {"image": y}, WORDS[::-1])
    checked = check_fit(Split(features, {"image": y}, WORDS), turned, Settings())
    assert np.array_equal(checked.validation.labels["image"], (3 - y) if y.ndim == 1 else y[:, ::-1])


def test_indices_mean_the_same_where_one_side_has_no_names():
    features, labels = {"image": X}, {"image": np.arange(4)}
    for train, validation in ((None, WORDS), (WORDS, None), (None, DIGITS), (DIGITS, WORDS)):
        checked = check_fit(Split(features, labels, train), Split(features, labels, validation), Settings())
        assert checked.validation.labels["image"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("validation", "fragments"),
    [
        (split(audio=[0, 1, 2, 0]), ["validation", "'audio'", "'image'"]),
        (Split({"image": np.ones((4, 3))}, {"image": [0, 1, 2, 0]}), ["'image'", "3 features in validation", "2 in"]),
        (split(image=EYE[:, :3] | 1), ["'image'", "validation", "(4, 3)", "(n,)"]),
        (split(image=["a", "b", "c", "a"]), ["'image'", "words", "the known classes are numbers"]),
        ({"image": X}, ["validation", "dict", "Split"]),
    ],
)
def test_validation_that_does_not_fit_is_named(validation, fragments, complains):
    with complains(*fragments):
        check_fit(split(image=[0, 1, 2, 0]), validation, Settings())


def test_numbers_do_not_go_with_words(complains):
    with complains("'image'", "numbers as labels", "words: ['a', 'b']"):
        check_fit(split(image=["a", "b", "a", "b"]), split(image=[0, 1, 0, 1]), Settings())


def test_classes_that_training_lacks_have_no_loss(complains):
    data = split(image=[0, 1, 2, 0]), split(image=[0, 3, 3, 5])
    assert check_fit(*data, Settings()).validation.labels["image"].tolist() == [0, 3, 3, 4]
    with complains("monitor='loss'", "'3 (new)', '5 (new)'", "use 'map'"):
        check_fit(*data, Settings(monitor="loss"))
    check_fit(*data, Settings(selection="validation"))
    with complains("selection='validation'", "'image'", "no class of training"):
        check_fit(data[0], split(image=[3, 3, 4, 5]), Settings(selection="validation"))


def test_multi_hot_columns_go_by_their_names(complains):
    train = Split({"image": X}, {"image": EYE}, WORDS)
    fewer = Split({"image": X}, {"image": EYE[:, :2]}, ["emu", "cat"])
    with pytest.warns(UserWarning, match="validation: 2 of 4 rows of 'image' have no class and are left out"):
        found = check_fit(train, fewer, Settings()).validation.labels["image"]
    assert found.tolist() == [[0, 0, 0, 1], [0, 1, 0, 0]]
    with complains("'image'", "classes that aren't known: 'fox'", "known: 'ape', 'cat', 'dog', 'emu'"):
        check_fit(train, Split({"image": X}, {"image": EYE[:, :2] | 1}, ["fox", "cat"]), Settings())


def test_rows_without_a_class_are_left_out_with_one_warning(complains):
    some = EYE.copy()
    some[1] = 0
    with pytest.warns(UserWarning, match="train: 1 of 4 rows of 'image' have no class and are left out") as caught:
        checked = check_fit(split(image=some, text=EYE), None, Settings())
    assert len(caught) == 1
    assert (len(checked.train.features["image"]), len(checked.train.features["text"])) == (3, 4)
    with complains("train", "no row of 'text' has a class"):
        check_fit(split(image=EYE, text=EYE * 0), None, Settings())


def test_validation_of_one_class_picks_nothing():
    train = split(image=[0, 1, 2, 0])
    with pytest.warns(UserWarning, match="validation of 'image' has one class only, so its mAP is always 1"):
        check_fit(train, split(image=[1, 1, 1, 1]), Settings())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_fit(train, split(image=[1, 1, 1, 1]), Settings(monitor=None))


def test_a_strong_imbalance_is_told():
    y = np.repeat([0, 1, 2], [70, 50, 3])
    rare = Split({"image": np.ones((123, 2))}, {"image": WORDS[y]})
    with pytest.warns(UserWarning, match=r"class 'dog' has 3 samples of 'image', another one 70: .*'balanced'"):
        check_fit(rare, None, Settings())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_fit(rare, None, Settings(class_weight="balanced"))
        check_fit(split(image=[0, 1, 2, 0]), None, Settings())


@pytest.mark.parametrize("given", [np.ones((6, 3)), np.ones((6, 3)).tolist(), torch.ones(6, 3, dtype=torch.float16)])
def test_a_prior_becomes_float32_and_a_copy(given):
    w = check_prior(given, 6, 3)
    assert w.dtype == torch.float32
    w[:] = 0
    assert np.array_equal(np.asarray(given), np.ones((6, 3)))


W = np.random.default_rng(0).normal(size=(6, 3))
PRIORS = {
    "float32": W.astype("float32"),
    "float64": W.astype("float32").astype(float),
    "longdouble": W.astype("float32").astype(np.longdouble),
    "big-endian": W.astype(">f4"),
    "Fortran": np.asfortranarray(W, "float32"),
    "list": W.astype("float32").tolist(),
    "DataFrame": pd.DataFrame(W.astype("float32")),
    "tensor": torch.tensor(W.astype("float32")),
    "wants a gradient": torch.tensor(W.astype("float32"), requires_grad=True),
}


@pytest.mark.parametrize("form", PRIORS)
def test_a_prior_in_any_form_is_the_same_one(form):
    w = check_prior(PRIORS[form], 6, 3)
    assert np.array_equal(w, PRIORS["float32"])
    assert w.is_contiguous()
    assert not w.requires_grad


def test_a_prior_beyond_float32_or_complex_is_named(complains):
    with complains("the prior", "infinite"):
        check_prior(np.full((6, 3), 1e200), 6, 3)
    with complains("the prior", "complex64"):
        check_prior(torch.ones(6, 3, dtype=torch.complex64), 6, 3)


def test_features_that_were_changed_within_a_split_are_checked_again(train, validation, complains):
    for part, splits in {"train": (train, None), "validation": (train, validation)}.items():
        changed = splits[part == "validation"].features["image"]
        changed[3, 1] = np.nan
        with complains("'image'", "1 NaN or infinite values", "row 3"):
            check_fit(*splits, Settings())
        changed[3, 1] = 0


def test_names_that_no_validation_label_has_are_no_new_classes(recwarn):
    few = Split({"image": X}, {"image": [0, 1, 2, 0]}, classes=["ape", "cat", "dog", "emu", "owl"])
    check_fit(split(image=[0, 1, 2, 0]), few, Settings())
    assert not [warning for warning in recwarn if "training lacks" in str(warning.message)]

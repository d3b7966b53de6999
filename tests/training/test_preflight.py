import numpy as np
import pandas as pd
import pytest
import torch

from drcl_mini import Settings, Split
from drcl_mini.data.labels import one_hot
from drcl_mini.training.preflight import check_fit, check_prior

X = np.ones((4, 2))


def split(**labels):
    return Split(dict.fromkeys(labels, X), labels)


@pytest.mark.parametrize(
    ("train", "validation", "classes"),
    [
        (split(image=[0, 1, 2, 0], text=[0, 1, 1, 0]), None, 3),
        (split(image=[0, 1, 2, 0], text=[0, 1, 1, 0]), split(text=[2, 2, 2, 2]), 3),  # the images have class 2
        (split(image=np.eye(4, dtype=int)), split(image=np.ones((4, 4), int)), 4),
    ],
)
def test_what_fits_tells_its_classes(train, validation, classes):
    assert check_fit(train, validation, Settings()) == classes


@pytest.mark.parametrize(
    ("validation", "fragments"),
    [
        (split(image=[0, 3, 3, 5]), ["'image'", "class 3", "training never had"]),
        (split(audio=[0, 1, 2, 0]), ["validation", "'audio'", "'image'"]),
        (Split({"image": np.ones((4, 3))}, {"image": [0, 1, 2, 0]}), ["'image'", "3 features in validation", "2 in"]),
        (split(image=np.eye(4, dtype=int)[:, :3] | 1), ["'image'", "validation", "(4, 3)", "(n,)"]),
        ({"image": X}, ["validation", "dict", "Split"]),
    ],
)
def test_validation_that_does_not_fit_is_named(validation, fragments, complains):
    with complains(*fragments):
        check_fit(split(image=[0, 1, 2, 0]), validation, Settings())


@pytest.mark.parametrize("given", [np.ones((6, 3)), np.ones((6, 3)).tolist(), torch.ones(6, 3, dtype=torch.float16)])
def test_a_prior_becomes_float32_and_a_copy(given):
    w = check_prior(given, 6, 3)
    assert w.dtype == torch.float32
    w[:] = 0
    assert np.array_equal(np.asarray(given), np.ones((6, 3)))


def test_one_hot():
    assert one_hot(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert one_hot(np.array([[1, 1, 0]]), 3).tolist() == [[1, 1, 0]]
    assert one_hot(np.array([0]), 1).dtype == torch.float32


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

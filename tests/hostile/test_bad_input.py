"""Whatever is wrong is said in one line that names what came, before anything is trained or written."""

import os

import numpy as np
import pytest
import torch

import drcl_mini.many.fit
import drcl_mini.method.estimator
from drcl_mini import DRCL, Split, available_datasets, fit_many, load_dataset, mean_average_precision

BAD_ROWS = np.ones((24, 7))
BAD_ROWS[[5, 9], [1, 2]] = np.nan
BAD_ROWS[9, 6] = -np.inf


class Input:
    """Good data and settings that a case changes one of."""

    def __init__(self, train, validation, settings):
        self.train, self.validation, self.settings = train, validation, settings

    def fit(self, train=None, validation=None, prior=None, **settings):
        return DRCL(**self.settings | settings).fit(train or self.train, validation, prior)

    def split(self, features=None, labels=None):
        return Split({**self.train.features, **(features or {})}, {**self.train.labels, **(labels or {})})

    @property
    def image(self):
        return self.train.features["image"]


FIT = {
    "NaN": (lambda i: i.fit(i.split({"image": BAD_ROWS})), ["'image'", "3 NaN or infinite values", "row 5", "2 of 24"]),
    "infinite": (
        lambda i: i.fit(i.split({"text": i.train.features["text"] * np.inf})),
        ["'text'", "100 NaN or infinite values", "row 0"],
    ),
    "too large": (
        lambda i: i.fit(i.split({"image": np.full((24, 7), 1e300)})),
        ["'image'", "168 NaN or infinite values (as float32)"],
    ),
    "no samples": (lambda i: i.fit(i.split({"image": np.ones((0, 7))}, {"image": []})), ["'image'", "(0, 7)"]),
    "no table": (lambda i: i.fit(i.split({"image": np.ones(24)})), ["'image'", "(24,)"]),
    "words": (lambda i: i.fit(i.split({"image": [["a", "b"]] * 24})), ["'image'", "<U1"]),
    "label count": (lambda i: i.fit(i.split(labels={"text": [0, 1]})), ["'text'", "20 samples", "2 labels"]),
    "negative label": (lambda i: i.fit(i.split(labels={"text": [0, 1, -1, 2] * 5})), ["'text'", "negative", "row 2"]),
    "fractional label": (
        lambda i: i.fit(i.split(labels={"text": [0.5] * 20})),
        ["'text'", "20 values", "aren't whole numbers"],
    ),
    "soft labels": (lambda i: i.fit(i.split(labels={"text": np.full((20, 3), 0.3)})), ["'text'", "soft", ".argmax"]),
    "one multi-hot": (lambda i: i.fit(i.split(labels={"text": np.eye(20)})), ["image int64 (24,)", "(20, 20)"]),
    "one class": (lambda i: i.fit(i.split(labels={"text": [1] * 20})), ["'text'", "one class", "('1')", "20 samples"]),
    "one class, multi-hot": (
        lambda i: i.fit(Split({"a": np.ones((4, 2))}, {"a": np.eye(3, dtype=int)[[1] * 4]})),
        ["'a'", "one class", "('1')", "4 samples"],
    ),
    "no split": (lambda i: i.fit(i.train.features), ["train", "dict", "Split"]),
    "new class in validation": (
        lambda i: i.fit(validation=i.split(labels={"text": [0, 7] * 10}), monitor="loss"),
        ["'7 (new)'", "training lacks", "no loss"],
    ),
    "other dimension in validation": (
        lambda i: i.fit(validation=i.split({"image": np.ones((24, 8))})),
        ["'image'", "8 features in validation", "7"],
    ),
    "unknown setting": (lambda i: i.fit(epoch=3), ["'epoch'", "did you mean 'epochs'"]),
    "bad setting": (lambda i: i.fit(gamma=2), ["'gamma'", "2", "[0, 1]"]),
    "unknown prior": (lambda i: DRCL(**i.settings, prior="imgae").fit(i.train), ["'imgae'", "did you mean 'image'"]),
    "few dimensions": (lambda i: i.fit(dim=2), ["'dim'", "2", "3 classes"]),
    "no learning rate": (
        lambda i: i.fit(learning_rate={"image": 0.1, "txt": 0.1}),
        ["learning_rate", "'text'", "'txt'"],
    ),
    "no validation to select on": (lambda i: i.fit(selection="validation"), ["validation", "'image', 'text'"]),
    "half a validation to select on": (
        lambda i: i.fit(validation=i.validation.only("image"), selection="validation"),
        ["validation", "'text'"],
    ),
    "prior of another shape": (lambda i: i.fit(prior=np.ones((3, 6))), ["prior", "(3, 6)", "(6, 3)"]),
    "prior with NaN": (lambda i: i.fit(prior=np.full((6, 3), np.nan)), ["prior", "NaN"]),
    "prior by name": (lambda i: i.fit(prior="simplex"), ["prior", "simplex"]),
    "ragged prior": (lambda i: i.fit(prior=[[1.0], [1.0, 2.0]]), ["prior"]),
    "no loss": (lambda i: i.fit(alpha=0, beta=0, eta=0), ["alpha"]),
    "unknown device": (lambda i: i.fit(device="gpu"), ["'gpu'"]),
    "names in a list": (lambda i: i.train.only(["image"]), ["only(name, …)", "['image']", "string"]),
    "one model": (lambda i: fit_many(DRCL(), i.train), ["models is DRCL", "fit_many([model], …)"]),
    "settings, not models": (lambda i: fit_many([i.settings], i.train), ["models hold dict", "DRCL"]),
    "missing labels": (
        lambda i: i.fit(i.split(labels={"text": [0, np.nan, 1, np.nan] * 5})),
        ["'text'", "10 missing values", "row 1", "10 of 20"],
    ),
}
USE = {
    "other dimension": (lambda i, m: m.transform({"image": np.ones((2, 6))}), ["'image'", "6 features", "7"]),
    "unknown modality": (lambda i, m: m.transform({"txt": np.ones((2, 5))}), ["'txt'", "did you mean 'text'"]),
    "NaN": (lambda i, m: m.predict({"image": BAD_ROWS}), ["'image'", "3 NaN or infinite values", "row 5"]),
    "nothing": (lambda i, m: m.transform({}), ["features", "empty"]),
    "no mapping": (lambda i, m: m.transform(np.ones((2, 7))), ["features", "ndarray"]),
    "k of 0": (lambda i, m: m.search(i.image, "image", i.image, "image", k=0), ["k is 0", "at least 1"]),
    "no k": (lambda i, m: m.search(i.image, "image", i.image, "image", k=None), ["k is None", "at least 1"]),
    "empty gallery": (lambda i, m: m.search(i.image, "image", np.ones((0, 5)), "text"), ["'text'", "(0, 5)"]),
    "empty query": (lambda i, m: m.search(np.ones((0, 7)), "image", i.image, "image"), ["'image'", "(0, 7)"]),
    "ragged query": (lambda i, m: m.search([[1.0], [1.0, 2.0]], "image", i.image, "image"), ["'image'", "read"]),
    "gallery of no modality": (lambda i, m: m.search(i.image, "image", i.image, "img"), ["'img'", "'image'"]),
    "gallery modality in a list": (
        lambda i, m: m.search(i.image, "image", i.image, ["image"]),
        ["['image']", "string"],
    ),
    "name in a list": (lambda i, m: m.add_modality(["x"], i.image, [0]), ["add_modality", "['x']", "string"]),
    "same name": (lambda i, m: m.add_modality("text", i.image, i.train.labels["image"]), ["'text'", "already"]),
    "new class": (
        lambda i, m: m.add_modality("audio", np.ones((3, 2)), [0, 1, 3]),
        ["'audio'", "classes that aren't known: 3", "known: '0', '1', '2'"],
    ),
    "one class": (lambda i, m: m.add_modality("audio", np.ones((3, 2)), [1, 1, 1]), ["'audio'", "one class"]),
    "wider labels": (
        lambda i, m: m.add_modality("audio", np.ones((4, 2)), np.eye(4, dtype=int)),
        ["'audio'", "4 columns", "3 classes"],
    ),
    "other columns in validation": (
        lambda i, m: m.add_modality("audio", np.ones((3, 2)), [0, 1, 2], (np.ones((1, 3)), [0])),
        ["'audio'", "3 features in validation", "2 in training"],
    ),
    "validation without labels": (
        lambda i, m: m.add_modality("audio", np.ones((3, 2)), [0, 1, 2], np.ones((1, 2))),
        ["validation"],
    ),
    "no learning rate": (
        lambda i, m: m.set_params(learning_rate={"image": 0.1}).add_modality("audio", np.ones((3, 2)), [0, 1, 2]),
        ["learning_rate", "'audio'", "'image'"],
    ),
}
OTHER = {
    "unknown data set": (lambda: load_dataset("digit-halves"), ["'digit-halves'", "did you mean 'digits-halves'"]),
    "empty gallery": (
        lambda: mean_average_precision([[1.0]], [0], np.ones((0, 1)), []),
        ["gallery", "(0, 1)"],
    ),
    "not fitted": (lambda: DRCL().transform({"image": [[1.0]]}), ["not been fitted", "fit"]),
    "nothing to save": (lambda: DRCL().save("nowhere"), ["not been fitted", "fit"]),
}


def named(cases):
    return pytest.mark.parametrize(("action", "fragments"), cases.values(), ids=cases)


@pytest.fixture
def given(tiny, train, validation):
    return Input(train, validation, tiny)


@pytest.fixture
def no_training(monkeypatch, tmp_path, data_home):
    """Nothing may be trained from here on, and nothing written."""
    places = [(drcl_mini.method.estimator, "learn_prior"), (drcl_mini.method.estimator, "fit_encoder")]
    places += [(drcl_mini.many.fit, "learn_priors"), (drcl_mini.many.fit, "fit_encoders")]
    for module, name in places:
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("training had begun"))
    monkeypatch.chdir(tmp_path)
    yield
    assert list(tmp_path.iterdir()) == []
    assert not data_home.exists()


@named(FIT)
@pytest.mark.usefixtures("no_training")
def test_fit(given, complains, action, fragments):
    with complains(*fragments):
        action(given)


@named(USE)
def test_a_fitted_model(given, fitted, request, state, same, complains, action, fragments):
    request.getfixturevalue("no_training")
    before = state(fitted)
    with complains(*fragments):
        action(given, fitted)
    assert same(before, state(fitted))


@named(OTHER)
@pytest.mark.usefixtures("no_training")
def test_the_rest(complains, action, fragments):
    with complains(*fragments):
        action()


@named({name: FIT[name] for name in ("few dimensions", "no split", "prior with NaN", "prior by name")})
def test_a_fit_that_is_refused_keeps_the_fit_before(given, fitted, state, same, complains, action, fragments):
    before, given.fit = (
        state(fitted),
        lambda train=None, validation=None, prior=None, **settings: fitted.set_params(**settings).fit(
            train or given.train, validation, prior
        ),
    )
    with complains(*fragments):
        action(given)
    assert same(before, state(fitted))


def test_a_rank_deficient_prior_warns(given):
    with pytest.warns(UserWarning, match="rank 1 for 3 classes"):
        model = given.fit(prior=np.ones((6, 3)))
    assert np.isfinite(model.transform(given.train)["image"]).all()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
@pytest.mark.usefixtures("no_training")
def test_cuda_where_there_is_none(given, complains):
    for use in (lambda: given.fit(device="cuda"), lambda: DRCL.load("nowhere", device="cuda:1")):
        with complains("cuda", "CUDA devices: 0", "'cpu'"):
            use()


def test_no_right_to_write(fitted, tmp_path, monkeypatch, complains):
    def forbidden(path, *_):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", forbidden)
    with complains(f"Permission denied: {str(tmp_path / 'model')!r}", error=OSError):
        fitted.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_data_sets_that_are_there_are_named(complains):
    with complains("unknown data set 'wikipdia'", "'wikipedia-classic'", *map(repr, available_datasets())):
        load_dataset("wikipdia")

"""The linear methods and the fixed prior in use: logistic regression, data, awkward data, clear errors."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler, normalize

from drcl_mini import DRCL, Split, load_dataset
from drcl_mini.baselines import GMA, GSSSL, MCCA, PLS, SM, FixedPrior, MvDA, MvDAVC, class_pairs

LINEAR = [SM, MCCA, PLS, GMA, MvDA, MvDAVC, GSSSL]
SUPERVISED = [SM, GMA, MvDA, MvDAVC, GSSSL]
PAIRED = [MCCA, PLS, MvDAVC]


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits-halves")


def for_method(method, split):
    """The split, in pairs where the method needs them."""
    return class_pairs(split) if method.needs_pairs else split


def probabilities(model, split, name):
    """Of each class, before rows get unit length."""
    x = model.preparations_[name].apply(split.features[name])
    return model.classifiers_[name].predict_proba(x)


# Logistic regression, and the fixed prior


def test_sm_is_logistic_regression(train, validation):
    model = SM(C=0.3, variance=None).fit(train, validation)
    for name, features in train.features.items():
        x = StandardScaler().fit_transform(features.astype(float))
        reference = LogisticRegression(C=0.3, max_iter=2000).fit(x, train.labels[name]).predict_proba(x)
        np.testing.assert_allclose(probabilities(model, train, name), reference, atol=1e-5)
        np.testing.assert_allclose(model.transform(train)[name], normalize(reference), atol=1e-5)


def test_sm_takes_multi_hot_labels(make_split):
    train, test = make_split(multi_hot=True), make_split(multi_hot=True, seed=1)
    rows = probabilities(SM().fit(train), test, "image")
    assert ((rows > 0.5) == test.labels["image"]).mean() > 0.7  # the second label of an item is chance
    train.labels["image"][:, 2] = 1  # a label that every item has
    np.testing.assert_allclose(probabilities(SM().fit(train), test, "image")[:, 2], 1)


def test_a_class_that_a_modality_lacks_does_no_harm(make_split):
    split = make_split(classes=4)
    keep = split.labels["text"] != 1
    split = Split(
        {"image": split.features["image"], "text": split.features["text"][keep]},
        {"image": split.labels["image"], "text": split.labels["text"][keep]},
    )
    assert (SM().fit(split).transform(split)["text"][:, 1] == 0).all()
    for method in (GMA, MvDA, GSSSL):
        assert method().fit(split).evaluate(split).mean() > 0.7


@pytest.mark.filterwarnings("ignore:the prior has rank")
@pytest.mark.parametrize("prior", ["simplex", "orthogonal"])
def test_fixed_prior_is_drcl_with_that_prior(prior, tiny, train, validation):
    settings = {name: value for name, value in tiny.items() if name != "device"}
    model = FixedPrior(prior=prior, settings=settings, seed=3, device="cpu").fit(train, validation)
    reference = DRCL(**tiny, prior=prior, seed=3).fit(train, validation)
    assert model.title == f"fixed {prior} prior"
    assert all(np.allclose(a, reference.transform(train)[m], atol=1e-6) for m, a in model.transform(train).items())


# On data, and on awkward data


@pytest.mark.parametrize("method", LINEAR)
def test_it_beats_chance_on_digits(method, digits):
    model = method().fit(for_method(method, digits.train), digits.validation)
    assert model.evaluate(digits.test).mean() > (0.5 if method in SUPERVISED else 0.3)  # chance: 0.12


@pytest.mark.parametrize("method", LINEAR)
def test_it_takes_three_modalities(method, make_split):
    split = for_method(method, make_split({"a": (40, 8), "b": (30, 6), "c": (25, 5)}, spread=0.3))
    assert method(variance=1.0).fit(split).evaluate(split).mean() > 0.6


@pytest.mark.parametrize("method", LINEAR)
def test_it_repeats_itself(method, train, same):
    split = for_method(method, train)
    assert same(method().fit(split).transform(split), method().fit(split).transform(split))


@pytest.mark.parametrize("method", LINEAR)
def test_units_of_the_features_do_not_matter(method, train):
    split = for_method(method, train)
    units = {"image": np.array([1e-3, 1, 10, 1e5, 2, 3, 4]), "text": np.array([7, 1e-2, 1, 1, 1e3])}
    other = Split({m: x * units[m] - 3 * units[m] for m, x in split.features.items()}, split.labels)
    a, b = method().fit(split).transform(split), method().fit(other).transform(other)
    for name in a:
        np.testing.assert_allclose(a[name] @ a[name].T, b[name] @ b[name].T, atol=1e-3)


@pytest.mark.parametrize("method", LINEAR)
@pytest.mark.parametrize("variance", [0.95, 1.0, None])
def test_it_copes_with_features_of_deficient_rank(method, variance, train):
    def awkward(x):
        return np.c_[x, x[:, :2], np.full(len(x), 0.1), np.zeros(len(x)), x @ np.ones((x.shape[1], 40))]

    split = for_method(method, Split({m: awkward(x) for m, x in train.features.items()}, train.labels))
    model = method(variance=variance).fit(split)
    assert all(np.isfinite(rows).all() for rows in model.transform(split).values())
    assert model.evaluate(split).mean() > 0.6


@pytest.mark.parametrize("method", LINEAR)
def test_it_copes_with_more_features_than_items(method, make_split):
    sizes = {"image": (24, 300), "text": (20, 200)}
    split, test = make_split(sizes), make_split(sizes, seed=1)
    assert method().fit(for_method(method, split)).evaluate(test).mean() > 0.6


# Errors


@pytest.mark.parametrize("method", PAIRED)
def test_unpaired_data_are_refused(method, train, complains):
    with complains(f"{method.title} needs pairs", "class_pairs(split)"):
        method().fit(train)


@pytest.mark.parametrize("method", [GMA, MvDA, MvDAVC])
def test_multi_hot_labels_are_refused(method, make_split, complains):
    with complains(f"{method.title} needs one class an item", "multi-hot"):
        method().fit(make_split(multi_hot=True))


@pytest.mark.parametrize("method", LINEAR)
def test_the_usual_errors(method, train, complains):
    model, split = method(), for_method(method, train)
    with complains(f"this {method.title} has not been fitted"):
        model.transform(split)
    with complains(f"{method.title} needs at least two modalities"):
        model.fit(split.only("text"))
    model.fit(split)
    with complains(f"{method.title} knows no modality 'texts'", "did you mean 'text'"):
        model.transform({"texts": np.eye(5)})
    with complains("modality 'text' has 4 features, the model was fitted on 5"):
        model.transform({"text": np.eye(4)})
    with complains("modality 'text': all 5 features are constant"):
        model.fit(Split({**split.features, "text": np.ones((len(split.labels["text"]), 5))}, split.labels))


@pytest.mark.parametrize(
    ("method", "setting", "value"),
    [
        (MCCA, "regularisation", -1),
        (MCCA, "components", 0),
        (MCCA, "components", 2.5),
        (MCCA, "components", True),
        (PLS, "variance", 0),
        (PLS, "variance", 1.5),
        (GMA, "coupling", float("nan")),
        (MvDA, "regularisation", "much"),
        (MvDAVC, "consistency", float("inf")),
        (GSSSL, "iterations", None),
        (SM, "C", 0),
        (SM, "C", None),
    ],
)
def test_bad_settings_are_told_at_once(method, setting, value, complains):
    with complains(f"{method.title}: setting {setting!r} is {value!r}, expected"):
        method(**{setting: value})


def test_a_singular_scatter_says_what_to_do(make_split, complains):
    split = make_split({"a": (9, 30), "b": (9, 30)})
    with complains("singular", "regularisation"):
        MvDA(regularisation=0, variance=1.0).fit(split)


def test_bad_settings_of_a_fixed_prior(complains):
    with complains("prior is 'simplx'", "did you mean 'simplex'"):
        FixedPrior(prior="simplx")
    with complains("'seed' belongs beside 'settings'"):
        FixedPrior(settings={"seed": 1})
    with complains("epoch", "epochs", error=(TypeError, ValueError)):
        FixedPrior(settings={"epoch": 1})

import dataclasses
import json

import numpy as np
import pytest

from drcl_mini import DRCL, Settings, released_settings

METHOD = {
    "hidden": (4096, 4096),
    "dim": 2048,
    "standardise": False,
    "prior": "selected",
    "selection": "train",
    "keep_best_prior": False,
    "prior_first_epoch": 0,
    "prior_learning_rate": 5e-4,
    "betas": (0.5, 0.999),
    "batch_size": 1024,
    "drop_last": True,
    "q_rate": 0.01,
    "alpha": 0.1,
    "beta": 0.1,
    "eta": 1.0,
    "gamma": 0.9,
    "monitor": "loss",
    "patience": None,
}
WIKIPEDIA = {"image": 6e-6, "text": 5e-3}
XMEDIA = {"image": 8e-4, "text": 3e-4, "audio": 8e-4, "3d": 3e-3, "video": 4e-4}
RELEASED = [
    ("wikipedia", WIKIPEDIA, 200),
    ("wikipedia-classic", WIKIPEDIA, 200),
    ("xmedia", XMEDIA, 300),
    ("xmedianet", 1e-4, 100),
    ("nus-wide", 1e-4, 100),
    ("inria-websearch", 1e-4, 100),
]


@pytest.mark.parametrize(("dataset", "rates", "epochs"), RELEASED)
def test_released_settings_are_the_method(dataset, rates, epochs):
    changes = {} if isinstance(rates, dict) else {"learning_rate": rates}
    found = DRCL.released(dataset, **changes).get_params()
    assert {name: found[name] for name in METHOD} == METHOD
    assert (found["learning_rate"], found["epochs"], found["prior_epochs"]) == (rates, epochs, epochs)


def test_released_settings_can_be_changed_and_say_what_is_not_known(complains):
    assert released_settings("wikipedia", epochs=3, seed=9).epochs == 3
    with complains("nus-wide", "learning_rate"):
        released_settings("nus-wide")
    with complains("'wikipdia'", "did you mean 'wikipedia'"):
        released_settings("wikipdia")
    with complains("'epoch'", "did you mean 'epochs'"):
        released_settings("wikipedia", epoch=3)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden", (0,)),
        ("hidden", 512),
        ("dim", 0),
        ("dim", 2.5),
        ("standardise", "yes"),
        ("prior", None),
        ("selection", "test"),
        ("keep_best_prior", 1),
        ("prior_first_epoch", 2),
        ("prior_first_epoch", 1.0),
        ("prior_epochs", -1),
        ("prior_learning_rate", 0),
        ("prior_scale", 0),
        ("epochs", "many"),
        ("epochs", True),
        ("learning_rate", float("nan")),
        ("learning_rate", {}),
        ("learning_rate", {"image": -1.0}),
        ("betas", (0.5,)),
        ("betas", (0.5, 1.0)),
        ("batch_size", 0),
        ("drop_last", None),
        ("q_rate", -0.1),
        ("alpha", -1),
        ("beta", float("inf")),
        ("eta", None),
        ("terms", "intra"),
        ("terms", ("intra", "inner")),
        ("terms", ([],)),
        ("terms", ()),
        ("gamma", 1.1),
        ("monitor", "accuracy"),
        ("patience", 0),
        ("seed", -1),
        ("seed", 2**63),
        ("device", 0),
        ("progress", "no"),
    ],
)
def test_a_bad_value_is_named_with_what_is_expected(name, value, complains):
    with complains(f"setting {name!r} is {value!r}, expected"):
        Settings(**{name: value})


def test_no_loss_at_all_is_an_error(complains):
    with complains("alpha", "beta", "eta"):
        Settings(alpha=0, beta=0, eta=0)


def test_terms_switch_losses_on_and_off(complains):
    assert Settings().weights == {"intra": 0.1, "inter": 0.1, "mse": 0.1, "label": 1.0}
    assert Settings(terms=["label", "inter"]).weights == {"inter": 0.1, "label": 1.0}
    with complains("'terms' is ('mse',)", "above 0"):
        Settings(terms=("mse",), beta=0)


def test_unknown_names_are_errors(complains):
    for make in (DRCL, Settings().replace):
        with complains("unknown setting 'gama'", "did you mean 'gamma'"):
            make(gama=1)


def test_settings_are_frozen_values():
    settings = Settings(hidden=[8, 9], betas=[0.1, 0.2])
    assert (settings.hidden, settings.betas) == ((8, 9), (0.1, 0.2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.dim = 3
    assert Settings().replace(dim=3) == Settings(dim=3) != Settings()


def test_numbers_of_numpy_are_numbers():
    settings = Settings(epochs=np.int64(3), gamma=np.float32(0.5), learning_rate=np.float64(0.1))
    assert (settings.epochs, settings.gamma, settings.learning_rate) == (3, 0.5, 0.1)


def test_rate_of_a_modality(complains):
    assert Settings(learning_rate=0.1).rate("image") == 0.1
    rates = Settings(learning_rate={"image": 0.1, "text": 0.2})
    assert rates.rate("text") == 0.2
    with complains("'txt'", "did you mean 'text'"):
        rates.rate("txt")


@pytest.mark.parametrize("rate", [0, None, {}, {"image": 0}, "fast"])
def test_a_bad_rate_for_a_data_set_without_released_ones_is_named(rate, complains):
    for dataset in ("nus-wide", "wikipedia"):
        with complains(f"setting 'learning_rate' is {rate!r}, expected positive"):
            released_settings(dataset, learning_rate=rate)


def test_numbers_of_numpy_are_numbers_within_tuples_and_mappings():
    rates, betas = {"image": np.float32(0.01)}, np.array([0.5, 0.9], np.longdouble)
    settings = Settings(hidden=(np.int64(8), 9), learning_rate=rates, betas=list(betas), gamma=np.longdouble(0.5))
    kinds = [
        *map(type, settings.hidden),
        *map(type, settings.betas),
        type(settings.rate("image")),
        type(settings.gamma),
    ]
    assert kinds == [int, int, float, float, float, float]
    assert json.loads(json.dumps(vars(settings)))["learning_rate"] == {"image": float(np.float32(0.01))}


def test_settings_keep_no_dictionary_of_the_caller():
    rates = {"image": 0.1}
    settings = Settings(learning_rate=rates)
    rates["image"] = 9.0
    assert settings.rate("image") == 0.1


@pytest.mark.parametrize(
    ("name", "value"), [("hidden", (True,)), ("dim", np.bool_(True)), ("hidden", (np.float64(8),))]
)
def test_truth_values_and_fractions_are_no_sizes(name, value, complains):
    with complains(f"setting {name!r} is"):
        Settings(**{name: value})

"""``--set``: what reaches which method, and what is refused in one line."""

import pytest

from drcl_mini import load_dataset
from drcl_mini.experiments.plan.changes import SHARED, change_of, changes_of, check_changes
from drcl_mini.experiments.plan.methods import methods


@pytest.fixture
def known():
    return methods(load_dataset("digits-halves"))


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("epochs=3", ("", "epochs", 3)),
        ("prior=simplex", ("", "prior", "simplex")),
        ('learning_rate={"top": 0.5, "bottom": 1.5}', ("", "learning_rate", {"top": 0.5, "bottom": 1.5})),
        ("DRCL.gamma=0.8", ("DRCL", "gamma", 0.8)),
        ("MvDA-VC.consistency=1.5", ("MvDA-VC", "consistency", 1.5)),
        ("gamma = 0.5.patience=None", ("gamma = 0.5", "patience", None)),
    ],
)
def test_what_the_command_line_says(text, change):
    assert change_of(text) == change


@pytest.mark.parametrize("text", ["epochs", "=3", "DRCL.=3", "a b=3", "5=3"])
def test_what_says_nothing(text, complains):
    with complains(repr(text), "METHOD.NAME=VALUE"):
        change_of(text)


def test_what_is_shared_is_the_same_in_all_deep_methods():
    assert {"device", "dim", "hidden", "epochs", "learning_rate", "label_noise", "patience"} <= set(SHARED)
    assert not {"seed", "threads", "alpha", "beta", "gamma", "prior", "C"} & set(SHARED)


def test_a_change_reaches_whom_it_names(known):
    given = [change_of(text) for text in ("full.epochs=9", "DRCL.epochs=5", "epochs=3", "DRCL.gamma=0.8", "SM.C=1")]
    check_changes([known[name] for name in ("DRCL", "full", "MRL", "SM")], given)
    assert changes_of(known["full"], given) == {"epochs": 9, "gamma": 0.8}
    assert changes_of(known["DRCL"], given) == {"epochs": 5, "gamma": 0.8}
    assert changes_of(known["fixed simplex prior"], given) == {"epochs": 5, "gamma": 0.8}
    assert changes_of(known["MRL"], given) == {"epochs": 3}
    assert changes_of(known["SM"], given) == {"epochs": 3, "C": 1}


@pytest.mark.parametrize(
    ("names", "text", "fragments"),
    [
        (["DRCL", "ACMR"], "gamma=0.5", ["'gamma'", "'ACMR', 'DRCL'", "--set DRCL.gamma=…"]),
        (["DRCL", "SM"], "C=1", ["'C'", "--set SM.C=…"]),
        (["DRCL", "SM"], "epochz=2", ["'epochz'", "no chosen method", "did you mean 'epochs'"]),
        (["SM"], "epochs=2", ["'epochs'", "no chosen method"]),
        (["DRCL", "SM"], "SM.epochs=2", ["'SM.epochs'", "'SM' doesn't have"]),
        (["DRCL", "SM"], "DRLC.epochs=2", ["'DRLC.epochs'", "did you mean 'DRCL'"]),
        (["DRCL"], "seed=2", ["'seed'", "--seeds"]),
        (["DRCL"], "DRCL.seed=2", ["'DRCL.seed'", "--seeds"]),
        (["DRCL", "SM"], "SM.label_noise=0.2", ["'SM.label_noise'", "--set label_noise="]),
        (["DRCL", "without FA"], "without FA.gamma=0.5", ["'without FA.gamma'", "fixes"]),
    ],
)
def test_what_reaches_nobody_or_could_mean_many_things(known, names, text, fragments, complains):
    with complains(*fragments):
        check_changes([known[name] for name in names], [change_of(text)])


def test_one_kind_alone_needs_no_name(known):
    check_changes([known[name] for name in ("DRCL", "without FA", "fixed simplex prior")], [change_of("gamma=0.5")])
    check_changes([known["SM"]], [change_of("C=1")])


def test_label_noise_is_for_all_whether_or_not_they_have_it(known):
    check_changes([known["SM"]], [change_of("label_noise=0.5")])

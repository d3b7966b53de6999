import json

import pytest

from drcl_mini import DRCL, MultimodalDataset, load_dataset, released_settings
from drcl_mini.experiments.plan.methods import FIXED_SPACE, Method, compared, make, methods
from drcl_mini.training.space import Choice, draw

FIXED = {"fixed orthogonal prior": "orthogonal", "fixed simplex prior": "simplex"}


@pytest.fixture
def known():
    return methods(load_dataset("digits-halves"))


@pytest.fixture
def named(make_split):
    def data(name):
        split = make_split()
        return MultimodalDataset(split, split, split, name, tuple("abc"))

    return data


def test_every_method_can_be_made_from_what_a_record_says(known):
    for method in known.values():
        settings = method.settings("digits-halves", {})
        assert settings == json.loads(json.dumps(settings))
        assert not {"seed", "threads"} & set(settings)
        model = make(method.kind, settings, 5)
        again = model.get_params() if isinstance(model, DRCL) else {name: getattr(model, name) for name in settings}
        assert json.loads(json.dumps({name: again[name] for name in settings})) == settings


def test_fixed_priors_are_settings_of_drcl(known):
    assert "fixed prior" not in {*known, *compared()}
    for name, prior in FIXED.items():
        assert (known[name].kind, known[name].changes, known[name].space) == ("DRCL", {"prior": prior}, FIXED_SPACE)
        settings = known[name].settings("digits-halves", {"prior": "selected", "dim": 16, "q_rate": 0.01})
        assert (settings["prior"], settings["dim"], settings["q_rate"]) == (prior, 16, 0.01)


def test_what_is_compared_has_a_space_and_every_point_of_it_can_be_made(known):
    for method in known.values():
        assert bool(method.space) == (method.kind in compared() or method.name in ("DRCL", *FIXED))
        for settings in draw(method.space, 16, 0, ("top", "bottom")) if method.space else ():
            make(method.kind, method.settings("digits-halves", settings), 0)


def test_a_new_compared_method_appears_by_itself(export, known):
    assert "toy" not in known
    method = export()
    assert compared()["toy"] is method
    assert methods(load_dataset("digits-halves"))["toy"].space == {"width": Choice(2, 4)}


def test_the_released_settings_where_they_are_known(named, known):
    assert "DRCL released" not in known
    method = methods(named("wikipedia-classic"))["DRCL released"]
    found = make(method.kind, method.settings("wikipedia-classic", {"epochs": 3}), 7).settings
    assert found == released_settings("wikipedia-classic", epochs=3, seed=7, progress=False)


@pytest.mark.parametrize("name", ["DRCL", "MRL", "SPL alone"])
def test_one_width_is_a_list_of_one(known, name):
    for hidden in (8, (8,), [8]):
        assert known[name].settings("digits-halves", {"hidden": hidden})["hidden"] == [8]


def test_names_win_over_changes(known):
    found = known["without FA"].settings("digits-halves", {"gamma": 0.5, "epochs": 9, "C": 3})
    assert (found["gamma"], found["epochs"], found["dim"]) == (1.0, 9, 256)
    assert "C" not in found
    assert known["SM"].settings("digits-halves", {"epochs": 9, "C": 3})["C"] == 3


def test_settings_that_came_later_leave_tasks_as_they_were(known):
    assert not {"class_weight", "weight_decay"} & set(known["DRCL"].settings("digits-halves", {}))
    assert known["SupCon"].settings("digits-halves", {"weight_decay": 0.1})["weight_decay"] == 0.1


def test_bad_values_are_told(complains):
    with complains("'gamma' is 2"):
        Method("DRCL", "DRCL").settings("digits-halves", {"gamma": 2})

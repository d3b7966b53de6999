from dataclasses import replace

import pytest

from drcl_mini.experiments.plan.grid import Cell, tasks_of
from drcl_mini.experiments.plan.methods import Method
from drcl_mini.training.space import Log

DRCL = Cell("digits-halves", Method("DRCL", "DRCL", space={"learning_rate": Log(1e-4, 1e-1)}))
SM = Cell("digits-halves", Method("SM", "SM"))


def test_drcl_trains_all_seeds_together_and_others_one_by_one():
    assert [task.seeds for task in tasks_of(DRCL, range(3))] == [(0, 1, 2)]
    assert [task.seeds for task in tasks_of(SM, range(3))] == [(0,), (1,), (2,)]


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "minimedia"},
        {"method": "full"},
        {"kind": "SM"},
        {"settings": {"epochs": 1}},
        {"seeds": (0,)},
        {"label_noise": 0.2},
        {"threads": 2},
        {"data": "01234567"},
        {"test": False},
    ],
)
def test_a_task_is_known_by_all_that_its_result_depends_on(drcl, change):
    assert drcl().id == drcl().id
    assert replace(drcl(), **change).id != drcl().id


def test_how_settings_were_chosen_is_no_part_of_it(drcl):
    assert replace(drcl(), search={"tries": 3}) == drcl()
    assert replace(drcl(), search={"tries": 3}).id == drcl().id


def test_one_and_one_point_nothing_are_the_same_task():
    def ids(cell, noise, **changes):
        return [task.id for task in tasks_of(replace(cell, noise=noise, changes=changes), [0])]

    rates = {"top": 1, "bottom": 2}, {"top": 1.0, "bottom": 2.0}
    for name, whole, real in (("gamma", 1, 1.0), ("learning_rate", *rates), ("betas", [0, 0], [0.0, 0.0])):
        assert ids(DRCL, 0, **{name: whole}) == ids(DRCL, 0.0, **{name: real})
    assert ids(DRCL, 1) == ids(DRCL, 1.0)
    assert ids(SM, 1, C=10) == ids(SM, 1.0, C=10.0)
    assert ids(SM, 0, C=10) != ids(SM, 0, C=11)
    (task,) = tasks_of(replace(DRCL, changes={"epochs": 3, "beta": 0}), [0])
    assert (type(task.settings["epochs"]), type(task.settings["beta"])) == (int, float)


def test_label_noise_is_a_setting_where_there_is_one():
    for cell, told in ((DRCL, [0.0, 0.4]), (SM, [None, None])):
        noisy = [task for x in (0.0, 0.4) for task in tasks_of(replace(cell, noise=x), [0])]
        assert [task.label_noise for task in noisy] == [0.0, 0.4]
        assert [task.settings.get("label_noise") for task in noisy] == told


def test_a_choice_comes_before_defaults_and_after_changes():
    cell, search = replace(DRCL, changes={"gamma": 0.5, "epochs": 9}), {"chosen": {"epochs": 8, "dim": 32}}
    (task,) = tasks_of(cell, [0], search)
    assert [task.settings[name] for name in ("gamma", "epochs", "dim")] == [0.5, 9, 32]
    assert task.search == search
    for nothing in (None, {}, {"chosen": None}):
        assert tasks_of(cell, [0], nothing)[0].settings["dim"] == 256

from dataclasses import replace

import pytest

from drcl_mini.experiments.choice import SEED, check_search, choose, tries_of
from drcl_mini.experiments.execution import dataset
from drcl_mini.experiments.grid import tasks_of
from drcl_mini.experiments.methods import Method
from drcl_mini.experiments.results import records_of

DRCL = Method("DRCL", "DRCL", grid={"learning_rate": (1e-3, 1e-2)})
SM = Method("SM", "SM")


def test_drcl_trains_all_seeds_together_and_others_one_by_one():
    assert [task.seeds for task in tasks_of("digits-halves", DRCL, range(3), changes={})] == [(0, 1, 2)]
    assert [task.seeds for task in tasks_of("digits-halves", SM, range(3), changes={})] == [(0,), (1,), (2,)]


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
    ],
)
def test_a_task_is_known_by_all_that_its_result_depends_on(drcl, change):
    assert drcl().id == drcl().id
    assert replace(drcl(), **change).id != drcl().id


def test_how_settings_were_chosen_is_no_part_of_it(drcl):
    assert replace(drcl(), search={"tries": 3}) == drcl()
    assert replace(drcl(), search={"tries": 3}).id == drcl().id


def test_label_noise_is_a_setting_where_there_is_one():
    noisy = [tasks_of("digits-halves", m, [0], changes={}, noises=[0.0, 0.4]) for m in (DRCL, SM)]
    assert [[task.label_noise for task in tasks] for tasks in noisy] == [[0.0, 0.4]] * 2
    assert [task.settings.get("label_noise") for task in noisy[0]] == [0.0, 0.4]
    assert [task.settings.get("label_noise") for task in noisy[1]] == [None, None]
    (inside,) = tasks_of("digits-halves", Method("x", "fixed prior"), [0], changes={}, noises=[0.4])
    assert inside.settings["settings"] == {"label_noise": 0.4}


def test_the_best_on_validation_is_chosen_whatever_the_test_says():
    tries = tries_of("digits-halves", DRCL, {}, 1)
    outcomes = [{"validation": 0.7, "scores": [{"map": 0.1}]}, {"validation": 0.6, "scores": [{"map": 0.9}]}]
    records = [record for (_, task), o in zip(tries, outcomes, strict=True) for record in records_of(task, [o])]
    choice, about = choose(tries, records)
    assert choice == {"learning_rate": 1e-3}
    assert about == {"seed": SEED, "tries": 2, "failed": 0, "chosen": choice, "validation": 0.7}
    records[0]["error"] = "diverged"
    assert choose(tries, records)[0] == {"learning_rate": 1e-2}
    records[1]["error"] = "diverged"
    assert choose(tries, records) == (
        {},
        {"seed": SEED, "tries": 2, "failed": 2, "chosen": None, "validation": None},
    )


def test_tries_have_a_seed_of_their_own_and_none_is_made_twice():
    assert {task.seeds for _, task in tries_of("digits-halves", DRCL, {}, 1)} == {(SEED,)}
    assert len(tries_of("digits-halves", DRCL, {"learning_rate": 0.5}, 1)) == 1
    assert tries_of("digits-halves", SM, {}, 1) == []


def test_a_search_needs_something_to_choose_and_to_choose_by(complains, monkeypatch, make_split):
    check_search({"digits-halves": [SM, DRCL]})
    with complains("--search", "no chosen method"):
        check_search({"digits-halves": [SM]})
    data = dataset("digits-halves")
    without = type(data)(data.train, None, data.test, "no-validation", data.classes)
    monkeypatch.setattr("drcl_mini.experiments.choice.dataset", lambda name: without)
    with complains("--search", "'no-validation'", "no validation data"):
        check_search({"no-validation": [DRCL]})

from dataclasses import replace

import pytest

from drcl_mini.experiments.plan.choice import SEED, check_search, choose, stored, tries_of
from drcl_mini.experiments.plan.grid import tasks_of
from drcl_mini.experiments.plan.loading import dataset, digest
from drcl_mini.experiments.plan.methods import Method
from drcl_mini.experiments.store.results import records_of

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
    def ids(method, noise, **changes):
        return [task.id for task in tasks_of("digits-halves", method, [0], changes=changes, noise=noise)]

    rates = {"top": 1, "bottom": 2}, {"top": 1.0, "bottom": 2.0}
    for name, whole, real in (("gamma", 1, 1.0), ("learning_rate", *rates), ("betas", [0, 0], [0.0, 0.0])):
        assert ids(DRCL, 0, **{name: whole}) == ids(DRCL, 0.0, **{name: real})
    assert ids(DRCL, 1) == ids(DRCL, 1.0)
    assert ids(SM, 1, C=10) == ids(SM, 1.0, C=10.0)
    assert ids(SM, 0, C=10) != ids(SM, 0, C=11)
    (task,) = tasks_of("digits-halves", DRCL, [0], changes={"epochs": 3, "beta": 0})
    assert (type(task.settings["epochs"]), type(task.settings["beta"])) == (int, float)


def test_label_noise_is_a_setting_where_there_is_one():
    for method, told in ((DRCL, [0.0, 0.4]), (SM, [None, None])):
        noisy = [task for x in (0.0, 0.4) for task in tasks_of("digits-halves", method, [0], changes={}, noise=x)]
        assert [task.label_noise for task in noisy] == [0.0, 0.4]
        assert [task.settings.get("label_noise") for task in noisy] == told


def test_a_digest_depends_on_every_split(make_split, monkeypatch):
    data, other, expected = dataset("digits-halves"), make_split(), digest("digits-halves")
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    changed = [data, *(type("Data", (), {**parts, part: other}) for part in parts)]
    changed.append(type("Data", (), {**parts, "validation": None}))
    monkeypatch.setattr("drcl_mini.experiments.plan.loading.dataset", lambda name: changed[name])
    found = [digest.__wrapped__(number) for number in range(len(changed))]
    assert len(set(found)) == len(found)
    assert found[0] == expected
    (task,) = tasks_of("digits-halves", SM, [0], changes={})
    assert task.data == expected


def test_the_best_on_validation_is_chosen_whatever_the_test_says():
    tries = tries_of("digits-halves", DRCL, {})
    outcomes = [{"validation": 0.7, "scores": [{"map": 0.1}]}, {"validation": 0.6, "scores": [{"map": 0.9}]}]
    records = [record for (_, task), o in zip(tries, outcomes, strict=True) for record in records_of(task, [o])]
    choice, about = choose(tries, records)
    facts = {"method": "DRCL", "label_noise": 0.0, "seed": SEED, "tries": 2, "failed": 0}
    assert choice == {"learning_rate": 1e-3}
    assert about == {**facts, "chosen": choice, "validation": 0.7}
    records[0]["error"] = "diverged"
    assert choose(tries, records)[0] == {"learning_rate": 1e-2}
    records[1]["validation"] = None
    assert choose(tries, records) == ({}, {**facts, "failed": 2, "chosen": None, "validation": None})


def test_a_choice_is_found_again_in_the_records_of_runs():
    about = {"chosen": {"learning_rate": 1e-2}, "validation": 0.5}
    tasks = tasks_of("digits-halves", DRCL, range(2), changes={}, search=about)
    tasks += tasks_of("digits-halves", SM, range(2), changes={}, noise=0.2, search={"chosen": None})
    tasks += tasks_of("digits-halves", Method("PLS", "PLS"), range(2), changes={})
    records = [record for task in tasks for record in records_of(task, [{}] * len(task.seeds))]
    assert stored(records) == {
        ("digits-halves", "DRCL", 0.0): ({"learning_rate": 1e-2}, about),
        ("digits-halves", "SM", 0.2): ({}, {"chosen": None}),
    }


def test_tries_are_trained_like_runs_and_never_tested():
    tasks = [task for _, task in tries_of("digits-halves", DRCL, {"dim": 16}, 2, 0.4)]
    assert {task.seeds for task in tasks} == {(SEED,)}
    for task in tasks:
        assert (task.label_noise, task.settings["label_noise"], task.settings["dim"]) == (0.4, 0.4, 16)
        assert (task.threads, task.test) == (2, False)
    assert len(tries_of("digits-halves", DRCL, {"learning_rate": 0.5})) == 1
    assert tries_of("digits-halves", SM, {}) == []


def test_a_search_needs_something_to_choose_and_to_choose_by(complains, monkeypatch):
    check_search({"digits-halves": [SM, DRCL]})
    with complains("--search", "no chosen method"):
        check_search({"digits-halves": [SM]})
    data = dataset("digits-halves")
    for held in (None, data.validation.only("top")):
        without = type(data)(data.train, held, data.test, "no-validation", data.classes)
        monkeypatch.setattr("drcl_mini.experiments.plan.choice.dataset", lambda name, found=without: found)
        with complains("--search", "'no-validation'", "no validation data"):
            check_search({"no-validation": [DRCL]})

"""The search for settings: tries, the choice, and where it is stored."""

from dataclasses import replace

from drcl_mini.experiments.plan.choice import SEED, check_search, choose, stored, tries_of
from drcl_mini.experiments.plan.grid import Cell, tasks_of
from drcl_mini.experiments.plan.loading import dataset
from drcl_mini.experiments.plan.methods import Method
from drcl_mini.experiments.store.results import records_of

DRCL = Cell("digits-halves", Method("DRCL", "DRCL", grid={"learning_rate": (1e-3, 1e-2)}))
SM = Cell("digits-halves", Method("SM", "SM"))


def test_the_best_on_validation_is_chosen_whatever_the_test_says():
    tries = tries_of(DRCL)
    outcomes = [{"validation": 0.7, "scores": [{"map": 0.1}]}, {"validation": 0.6, "scores": [{"map": 0.9}]}]
    records = [record for (_, task), o in zip(tries, outcomes, strict=True) for record in records_of(task, [o])]
    facts = {"method": "DRCL", "label_noise": 0.0, "seed": SEED, "tries": 2, "failed": 0}
    best = {"chosen": {"learning_rate": 1e-3}, "validation": 0.7}
    assert choose(tries, records) == facts | best
    records[0]["error"] = "diverged"
    assert choose(tries, records)["chosen"] == {"learning_rate": 1e-2}
    records[1]["validation"] = None
    assert choose(tries, records) == {**facts, "failed": 2, "chosen": None, "validation": None}


def test_a_choice_is_found_again_in_the_records_of_runs():
    about = {"chosen": {"learning_rate": 1e-2}, "validation": 0.5}
    tasks = tasks_of(DRCL, range(2), search=about)
    tasks += tasks_of(replace(SM, noise=0.2), range(2), search={"chosen": None})
    tasks += tasks_of(Cell("digits-halves", Method("PLS", "PLS")), range(2))
    records = [record for task in tasks for record in records_of(task, [{}] * len(task.seeds))]
    assert stored(records) == {
        ("digits-halves", "DRCL", 0.0): about,
        ("digits-halves", "SM", 0.2): {"chosen": None},
    }


def test_tries_are_trained_like_runs_and_never_tested():
    cell = replace(DRCL, noise=0.4, changes={"dim": 16}, threads=2)
    tasks = [task for _, task in tries_of(cell)]
    assert {task.seeds for task in tasks} == {(SEED,)}
    for task in tasks:
        assert (task.label_noise, task.settings["label_noise"], task.settings["dim"]) == (0.4, 0.4, 16)
        assert (task.threads, task.test) == (2, False)
    assert len(tries_of(replace(DRCL, changes={"learning_rate": 0.5}))) == 1
    assert tries_of(SM) == []


def test_a_search_needs_something_to_choose_and_to_choose_by(complains, monkeypatch):
    check_search([SM, DRCL])
    with complains("--search", "no chosen method"):
        check_search([SM])
    data = dataset("digits-halves")
    for held in (None, data.validation.only("top")):
        without = type(data)(data.train, held, data.test, "no-validation", data.classes)
        monkeypatch.setattr("drcl_mini.experiments.plan.choice.dataset", lambda name, found=without: found)
        with complains("--search", "'no-validation'", "no validation data"):
            check_search([replace(DRCL, dataset="no-validation")])

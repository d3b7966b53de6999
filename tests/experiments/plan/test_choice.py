"""The search for settings: tries, the choice, and where it is stored."""

import math
from dataclasses import replace

from drcl_mini.experiments.plan.choice import (
    FINAL,
    FIRST,
    MORE,
    SEED,
    SEEDS,
    check_search,
    choose,
    finals,
    more_tries,
    stored,
    tries_of,
)
from drcl_mini.experiments.plan.grid import Cell, tasks_of
from drcl_mini.experiments.plan.loading import dataset
from drcl_mini.experiments.plan.methods import Method
from drcl_mini.experiments.store.results import records_of
from drcl_mini.training.settings import Settings
from drcl_mini.training.space import Log

DRCL = Cell("digits-halves", Method("DRCL", "DRCL", space={"learning_rate": Log(1e-4, 1e-1)}))
SM = Cell("digits-halves", Method("SM", "SM"))


def scored(tries, score):
    """Records of the tries, with a validation score for each one's settings."""
    made = [(task, {"validation": score(choice), "scores": [{"map": 0.9}]}) for choice, task in tries]
    return [record for task, outcome in made for record in records_of(task, [outcome])]


def nearness(best):
    """A score that is the higher the nearer the learning rate is to the best one."""
    return lambda choice: 1 / (1 + abs(math.log(choice.get("learning_rate", 1e-3) / best)))


def test_the_best_on_validation_is_chosen_whatever_the_test_says():
    tries = tries_of(DRCL)
    records = scored(tries, nearness(1e-2))
    best = min((choice for choice, _ in tries[1:]), key=lambda choice: abs(math.log(choice["learning_rate"] / 1e-2)))
    found = choose(DRCL, tries, records)
    assert found["chosen"] == best
    facts = {"method": "DRCL", "label_noise": 0.0, "seed": SEED, "tries": FIRST, "failed": 0, "edges": {}}
    assert facts.items() <= found.items()
    for record in records:
        record["error"] = "diverged" if record["settings"]["learning_rate"] != Settings().learning_rate else None
    assert choose(DRCL, tries, records)["chosen"] == {}  # the defaults
    records[0]["validation"] = None
    nothing = choose(DRCL, tries, records)
    assert (nothing["chosen"], nothing["validation"], nothing["failed"]) == (None, None, FIRST)


def test_further_tries_go_beyond_an_edge_and_their_number_is_the_same_for_all():
    for best, low, high in ((1e-2, 1e-4, 1e-1), (10, 1e-1, 4), (1e-7, 3e-6, 1e-4)):
        tries = tries_of(DRCL)
        further = more_tries(DRCL, tries, scored(tries, nearness(best)))
        assert len(further) == MORE
        assert all(low <= choice["learning_rate"] <= high for choice, _ in further)
        assert not {task.id for _, task in tries} & {task.id for _, task in further}


def test_a_search_goes_on_beyond_what_it_widened_to():
    tries = tries_of(DRCL)
    for _ in range(2):
        tries += more_tries(DRCL, tries, scored(tries, nearness(100)))
    rates = [choice.get("learning_rate", 0) for choice, _ in tries]
    assert max(rates[FIRST + MORE :]) > max(rates[FIRST : FIRST + MORE]) > max(rates[:FIRST])
    assert choose(DRCL, tries, scored(tries, nearness(100)))["edges"] == {"learning_rate": "high"}


def test_the_best_tries_get_more_seeds_and_the_best_mean_is_chosen():
    tries = tries_of(DRCL)
    records = scored(tries, nearness(1e-2))
    last = finals(DRCL, tries, records)
    assert len(last) == FINAL
    assert all(task.seeds == SEEDS and not task.test for _, task in last)
    lucky, second = last[0][0], last[1][0]
    assert choose(DRCL, tries, records)["chosen"] == lucky
    for choice, task in last:  # the lucky one does worse with other seeds
        values = [0.2, 0.2] if choice == lucky else [0.8, 0.6] if choice == second else [0.1, 0.1]
        records += records_of(task, [{"validation": value} for value in values])
    found = choose(DRCL, tries + last, records)
    assert (found["chosen"], found["seeds"], found["tries"]) == (second, 1 + len(SEEDS), FIRST)
    assert math.isclose(found["validation"], (nearness(1e-2)(second) + 0.8 + 0.6) / 3)
    for record in records:  # settings that fail with one seed are out
        if record["task"] == last[1][1].id:
            record["error"] = "diverged"
    assert choose(DRCL, tries + last, records)["chosen"] not in (None, second)


def test_settings_of_a_speaker_are_searched_on_numbers():
    cell = replace(SM, dataset="numbers-theo")
    assert cell.keys == [("numbers", "SM", 0.0)]
    assert cell.searched == replace(SM, dataset="numbers")
    records = [r for task in tasks_of(cell, [0], search={"chosen": {}}) for r in records_of(task, [{}])]
    assert stored(records) == {("numbers", "SM", 0.0): {"chosen": {}}}


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
    tries = tries_of(cell)
    tasks = [task for _, task in tries + more_tries(cell, tries, scored(tries, nearness(1)))]
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

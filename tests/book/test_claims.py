"""What the pages on the real sets and on the wider search say, beside the results that they rest on."""

import json
from pathlib import Path

import numpy as np
import pytest

from drcl_mini import load_collection
from drcl_mini.core.intervals import interval
from drcl_mini.data import minimedia
from drcl_mini.experiments.report.differences import verdict
from drcl_mini.experiments.report.resampling import differences
from drcl_mini.experiments.store.results import read_results

BOOK = Path(__file__).parents[2] / "book"
RESULTS = BOOK / "results"


def page(name):
    return " ".join((BOOK / f"reference/{name}.md").read_text(encoding="utf-8").split())


def maps(records, dataset, method):
    """Mean mAP of each run, in the order of the seeds."""
    own = sorted((r for r in records if (r["dataset"], r["method"]) == (dataset, method)), key=lambda r: r["seed"])
    return np.array([np.mean([s["map"] for s in run["scores"] if s["k"] == "all"]) for run in own])


@pytest.fixture(scope="module")
def real():
    return read_results(RESULTS / "real/results.jsonl")


@pytest.fixture(scope="module")
def evidence():
    return read_results(RESULTS / "evidence/results.jsonl")


def test_a_learned_prior_pays_with_many_classes_only(real):
    told = page("real-sets")
    fixed = ("orthogonal prior × 5", "simplex prior × 5")
    for name, ahead in (("things-fine", True), ("things", False)):
        for other in fixed:
            gap = maps(real, name, "DRCL") - maps(real, name, other)
            assert (gap.mean() > interval(gap)) == ahead
            assert not ahead or round(gap.mean(), 2) == 0.01
    gap = maps(real, "things-groups", "simplex prior") - maps(real, "things-groups", "DRCL")
    assert round(gap.mean(), 2) == 0.01
    assert gap.mean() > interval(gap)
    assert maps(real, "things", "orthogonal prior").mean() > maps(real, "things", "DRCL").mean()
    behind = maps(real, "things-fine", "SM").mean() - maps(real, "things-fine", "DRCL").mean()
    assert round(behind, 2) == 0.02
    assert "With 49 related classes a learned prior is ahead of fixed ones, by 0.01." in told


def test_the_real_sets_are_what_the_page_says():
    told, things, numbers = page("real-sets"), load_collection("things"), load_collection("numbers")
    assert [len(names) for names in things.names.values()] == [5, 12, 49]
    assert "five groups (`things-groups`), twelve classes (`things`), and 49 finer ones (`things-fine`)" in told
    speech = numbers.media["speech"]
    speakers = [len(set(speech.group[speech.part == part].tolist())) for part in range(3)]
    assert speakers == [3, 1, 2]
    assert "three train, one chooses the epoch, and two are the test" in told


def test_where_relatives_of_minimedia_are_strangers():
    found = json.loads((RESULTS / "real-sets.json").read_text(encoding="utf-8"))["strangers in minimedia"]
    assert found == {"image": 6, "text": 0, "audio": 4, "video": 2, "3d": 12}
    told = " ".join(minimedia.__doc__.split())
    assert "6 of the 20 classes in pictures, 4 in sounds, 2 in clips, 12 in shapes and none in text" in told


def test_on_wikipedia_drcl_is_ahead_of_all_but_two(evidence):
    rows = differences(evidence, "DRCL", ["wikipedia-classic"])
    level = {row["method"] for row in rows if verdict(row) == "no difference found"}
    assert level == {"DSCMR", "SPL's encoders"}
    assert not any(verdict(row) == "ahead" for row in rows)
    assert "ahead of all but two, DSCMR and the encoders of its own first stage" in page("evidence")


def test_on_numbers_drcl_is_behind_most_and_its_try_was_lucky(evidence):
    ahead = {row["method"] for row in differences(evidence, "DRCL", ["numbers"]) if verdict(row) == "ahead"}
    assert {"SupCon", "Proxy-Anchor", "joint W", "SPL alone", "SPL's encoders"} <= ahead
    runs = [r for r in evidence if (r["dataset"], r["method"]) == ("numbers", "DRCL")]
    lost = runs[0]["search"]["validation"] - np.mean([run["validation"] for run in runs])
    assert f"{lost:.3f} lower on validation data" in page("evidence")


def test_every_search_of_the_page_has_as_many_tries(evidence):
    assert {record["search"]["tries"] for record in evidence} == {24}
    assert "24 tries on validation data" in page("evidence")

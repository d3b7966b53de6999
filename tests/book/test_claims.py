"""What the pages on the real sets and on the wider search say, beside the results that they rest on."""

import json
from pathlib import Path

import evidence
import numpy as np
import pytest

from drcl_mini import load_collection
from drcl_mini.core.intervals import interval
from drcl_mini.data import minimedia
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
def runs():
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


def test_on_wikipedia_nobody_is_ahead_of_drcl():
    found = evidence.compared().loc["wikipedia-classic"].found
    assert set(found[found == "unclear"].index) == {"DRCL", "DSCMR", "SPL's encoders", "fixed orthogonal prior"}
    assert not (found == "ahead").any()
    told = "all but three are behind: DSCMR, the encoders of DRCL's own first stage, and a fixed prior"
    assert told in page("evidence")


def test_on_numbers_drcl_is_behind_its_first_stage_and_its_try_was_lucky(runs):
    found = evidence.compared().loc["numbers"].found
    ahead = {"SupCon", "Proxy-Anchor", "joint W", "SPL alone", "SPL's encoders"}
    assert ahead == {name for name in found[found == "ahead"].index if "posteriors" not in name}
    drcl = [r for r in runs if (r["dataset"], r["method"]) == ("numbers", "DRCL")]
    lost = drcl[0]["search"]["validation"] - np.mean([run["validation"] for run in drcl])
    assert f"{lost:.3f} lower on validation data" in page("evidence")
    worst, *others = sorted(maps(runs, "numbers", "DRCL"))
    assert (round(worst, 2), round(min(others), 2), round(max(others), 2)) == (0.59, 0.67, 0.70)


def test_the_search_of_sm_chose_worse_than_its_default(runs, real):
    searched, default = (maps(records, "numbers", "SM").mean() for records in (runs, real))
    assert f"{searched:.3f}, where the default has {default:.3f}" in page("evidence")


def test_every_search_of_the_page_has_as_many_tries(runs):
    assert {record["search"]["tries"] for record in runs} == {24}
    assert "24 tries on validation data" in page("evidence")

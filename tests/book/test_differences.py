"""The stored differences: of the runs that lie beside them, and what they are."""

import json
from pathlib import Path

import differences
import numpy as np
import pytest

RESULTS = Path(__file__).parents[2] / "book" / "results"


@pytest.fixture(scope="module")
def stored():
    return json.loads((RESULTS / "differences.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", differences.INPUTS)
def test_differences_are_of_the_runs_that_are_stored(stored, name):
    told = "run  python book/experiments/differences.py"
    assert stored["runs"][name] == differences.digest(differences.runs(name)), told


def test_every_row_has_an_interval_but_the_reference(stored):
    for part, reference in (("benchmark", "DRCL"), ("ablations", "full"), ("default", "DRCL, after")):
        for row in stored[part]:
            assert ("low" in row) == (row["method"] != reference)
            assert "low" not in row or row["low"] <= row["difference"] <= row["high"]


def test_a_difference_is_that_of_the_means(stored):
    for part, reference in (("benchmark", "DRCL"), ("ablations", "full")):
        means = {(row["dataset"], row["method"]): row["mean"] for row in stored[part]}
        for row in stored[part]:
            if "low" in row:
                assert row["difference"] == pytest.approx(row["mean"] - means[row["dataset"], reference], abs=1e-4)


def test_ahead_and_behind_need_an_interval_without_zero_and_a_corrected_p(stored):
    rows = [row for row in stored["benchmark"] if "low" in row]
    assert {row["found"] for row in rows} == {"ahead", "behind", "unclear"}
    for row in rows:
        if row["found"] != "unclear":
            assert min(row["p over seeds (Holm)"], row["p (Holm)"]) < 0.05
            assert row["low"] > 0 if row["found"] == "ahead" else row["high"] < 0


def test_a_sum_of_ablations_is_that_of_their_means(stored):
    means = {(row["dataset"], row["method"]): row["mean"] for row in stored["ablations"]}
    for row in stored["sums of ablations"]:
        parts = differences.SUMS[row["asked"]]
        assert row["difference"] == pytest.approx(sum(n * means[row["dataset"], m] for m, n in parts.items()), abs=1e-4)
        assert "beyond the sum" not in row["asked"] or sum(parts.values()) == 0


def test_chance_is_the_share_of_the_class_in_a_large_gallery(stored):
    assert stored["chance"].keys() == {row["dataset"] for part in ("ablations", "default") for row in stored[part]}
    assert np.isclose(stored["chance"]["numbers"], 0.1, atol=0.03)

"""Grids with a name, and plans."""

import json
from dataclasses import replace

import pytest

from drcl_mini import MultimodalDataset, load_dataset
from drcl_mini.app.cli import main
from drcl_mini.experiments.plan.methods import compared, methods
from drcl_mini.experiments.plan.suites import SUITES, TINY
from drcl_mini.experiments.plan.variants import ABLATIONS
from drcl_mini.experiments.report.scores import run_scores
from drcl_mini.experiments.store.results import read_results

FIXED = ("fixed orthogonal prior", "fixed simplex prior")


def test_the_smoke_suite(out, capsys, scores, tmp_path):
    assert main(["bench", "--suite", "smoke", "--out", str(out)]) == 0
    found = read_results(out / "results.jsonl")
    assert {r["method"] for r in found} == {"DRCL", *FIXED, *compared(), *ABLATIONS}
    assert len(scores(found)) == len(found) == 2 * (1 + len(FIXED) + len(compared()) + len(ABLATIONS))
    printed = capsys.readouterr().out
    assert "without FA" in printed
    assert "results.jsonl" in printed


def test_suites_hold_what_they_say():
    data = load_dataset("digits-halves")
    known = methods(data)
    groups = {name: SUITES[name].methods(data) for name in ("benchmark", "ablations", "sweeps", "tuning")}
    benchmark = groups.pop("benchmark")
    own = {"DRCL", *FIXED}
    assert set(benchmark) == {name for name, m in known.items() if m.kind in compared()} | own
    assert {"SM", "MCCA", "MRL"} <= set(benchmark)
    assert {"full", "prior of top", "prior of bottom", "without FA"} <= set(groups["ablations"])
    assert {"full", "without FA", "gamma = 0.5", "dim = 64"} <= set(groups["sweeps"])
    assert {"full", "simplex prior × 5", "gamma = 0.5", "patience = None", "hidden = 256"} <= set(groups["tuning"])
    assert set().union(benchmark, *groups.values()) == set(known)
    assert not set(benchmark) & set().union(*groups.values())


def test_tuning_never_sees_test_data(out):
    arguments = ["--datasets", "digits-halves", "--methods", "full", "without FA", "--seeds", "2"]
    tiny = [word for name, value in TINY.items() for word in ("--set", f"{name}={json.dumps(value)}")]
    assert main(["bench", "--suite", "tuning", *arguments, *tiny, "--out", str(out)]) == 0
    found = read_results(out / "results.jsonl")
    assert [r["scores"] for r in found] == [[]] * 4
    assert all(r["validation"] > 0.1 for r in found)
    assert run_scores(found, "validation").score.tolist() == [r["validation"] for r in found]


def test_suites_have_seeds_enough_for_a_significant_difference(make_split):
    split = make_split({name: (9, 4) for name in "abcde"})  # as many modalities as minimedia
    data = MultimodalDataset(split, split, split, "five", tuple("abc"))
    for name, seeds in (("benchmark", 10), ("ablations", 12)):
        compared_with = len(SUITES[name].methods(data)) - 1
        assert compared_with > 18
        assert SUITES[name].seeds == seeds
        assert compared_with * 2 / 2**seeds < 0.05
    assert "DRCL released" not in SUITES["benchmark"].methods(replace(data, name="wikipedia-classic"))


def test_help_names_the_suites(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "--help"])
    assert ended.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert all(f"{name}: {suite.what}" in printed for name, suite in SUITES.items())

"""Plots of results files: which are drawn, by which runs there are."""

import json
from pathlib import Path

import pytest

from drcl_mini import Settings
from drcl_mini.app.cli import main
from drcl_mini.experiments.plan.variants import SWEEPS, variants
from drcl_mini.experiments.report.gallery import draw_all
from drcl_mini.experiments.store.results import read_results
from drcl_mini.experiments.store.writing import ResultsFile

PUBLISHED = Path(__file__).parents[3] / "book" / "results" / "published.csv"


@pytest.mark.parametrize(
    ("kept", "drawn"),
    [
        (lambda r: r["dataset"] == "toy", False),
        (lambda r: r["method"] != "SM" or r["seed"] == 9, False),
        (lambda r: r["seed"] < 5, True),  # all runs of which finished
    ],
)
def test_ranks_are_drawn_where_two_sources_have_three_methods(results, tmp_path, kept, drawn):
    with ResultsFile(tmp_path / "some.jsonl") as file:
        file.append([r for r in read_results(results) if kept(r)])
    assert main(["report", str(tmp_path / "some.jsonl"), "--plots", str(tmp_path / "plots")]) == 0
    found = {path.stem for path in (tmp_path / "plots").iterdir()}
    assert found >= {"bars", "precision-recall-toy", "tasks-toy", "tasks-toy-DRCL"}
    assert ("ranks" in found) == drawn


def test_a_method_without_any_finished_run_has_no_rank(results, tmp_path):
    records = [r for r in read_results(results) if r["seed"] < 5]
    lost = [{**r, "method": "lost", "error": "no", "scores": []} for r in records if r["method"] == "SM"]
    with ResultsFile(tmp_path / "some.jsonl") as file:
        file.append([*records, *lost])
    paths = draw_all(read_results(tmp_path / "some.jsonl"), tmp_path)
    assert "ranks" in [path.stem for path in paths]


def test_everything_that_files_hold_is_drawn(tmp_path, capsys):
    folders = [tmp_path / "clean", tmp_path / "noisy"]
    sweeps = list(variants(["top", "bottom"], vars(Settings()), "sweeps"))
    short = ["--datasets", "digits-halves", "--set", "DRCL.epochs=1", "--set", "DRCL.prior_epochs=1"]
    swept = [word.replace("DRCL.", "") for word in short]
    assert main(["bench", "--methods", *sweeps, "--seeds", "2", *swept, "--out", str(folders[0])]) == 0
    assert main(["bench", "--suite", "noise", "--methods", "DRCL", "SM", "MCCA", *short, "--out", str(folders[1])]) == 0
    for folder in folders:
        files = ["report", str(folder / "results.jsonl"), "--reference", "full" if folder == folders[0] else "DRCL"]
        assert main([*files, "--plots", str(folder / "plots"), "--published", str(PUBLISHED)]) == 0
    capsys.readouterr()
    drawn = [{path.stem for path in (folder / "plots").iterdir()} for folder in folders]
    for moved in (64, 32):  # the default is a point of the sweep, or between two
        records = read_results(folders[0] / "results.jsonl")
        changed = [{**r, "settings": r["settings"] | {"dim": moved}} for r in records if r["method"] == "full"]
        others = [r for r in records if r["method"] != "full"]
        paths = draw_all([*others, *changed], folders[0] / "plots")
        assert "sweep-dim" in [path.stem for path in paths]
    always = {"bars", "precision-recall-digits-halves", "tasks-digits-halves", "differences"}
    assert drawn[0] == always | {"tasks-digits-halves-full", *(f"sweep-{setting}" for setting in SWEEPS)}
    assert drawn[1] == always | {"tasks-digits-halves-DRCL", "noise-digits-halves"}


def test_runs_without_a_curve_have_all_other_plots(results, tmp_path, capsys):
    records = [json.loads(line) for line in results.read_text().splitlines()]
    for record in records:
        if record["dataset"] == "toy":
            record.pop("precision_recall", None)
    results.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert main(["report", str(results), "--plots", str(tmp_path / "plots")]) == 0
    capsys.readouterr()
    drawn = {path.stem for path in (tmp_path / "plots").iterdir()}
    assert {"tasks-toy", "tasks-play", "precision-recall-play"} <= drawn
    assert "precision-recall-toy" not in drawn

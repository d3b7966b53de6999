"""Tables and plots of results files, by one command."""

import json
from pathlib import Path

import numpy as np
import pytest

from drcl_mini.app.cli import main
from drcl_mini.experiments.report.report import mean_over
from drcl_mini.experiments.store.results import read_results
from drcl_mini.experiments.store.writing import ResultsFile

PUBLISHED = Path(__file__).parents[3] / "book" / "results" / "published.csv"


def test_tables_say_means_differences_and_what_failed(results, capsys):
    assert main(["report", str(results), "--mean", "toy", "play"]) == 0
    printed = capsys.readouterr().out
    tables = {block.splitlines()[0]: block.splitlines()[2:] for block in printed.strip().split("\n\n")}
    assert list(tables) == ["mean of toy and play, mAP@all", "play, mAP@all", "toy, mAP@all"]
    assert [line.split()[0] for line in tables["toy, mAP@all"]] == ["DRCL", "MRL", "SM"]
    assert "class-wise" in tables["toy, mAP@all"][1]
    assert tables["play, mAP@all"][2].split()[1:3] == ["5", "1"]  # runs, failed
    own = [r["scores"][0]["map"] for r in read_results(results) if (r["dataset"], r["method"]) == ("toy", "DRCL")]
    other = [r["scores"][0]["map"] for r in read_results(results) if (r["dataset"], r["method"]) == ("toy", "SM")]
    line = tables["toy, mAP@all"][2].split()
    assert line[3] == f"{np.mean(other):.4f}"
    assert line[5] == f"{np.mean(other) - np.mean(own):.4f}"
    assert line[-1] == f"{2 * 2 / 2**6:.4f}"  # the smallest p of six seeds, for two methods


def test_the_mean_over_data_sets_is_of_each_seed(results):
    records = read_results(results)
    found = {(r["method"], r["seed"]): r for r in mean_over(records, ["toy", "play"])}
    maps = [r["scores"][1]["map"] for r in records if (r["method"], r["seed"]) == ("DRCL", 3)]
    assert len(found) == 18
    assert found["DRCL", 3]["scores"][1]["map"] == pytest.approx(np.mean(maps))
    assert (found["SM", 5]["error"], found["SM", 5]["scores"]) == ("no", [])
    assert found["MRL", 0]["pairing"] == "class-wise"
    mixed = [{**r, "pairing": "given"} if r["dataset"] == "toy" else r for r in records]
    assert {r["pairing"] for r in mean_over(mixed, ["toy", "play"]) if r["method"] == "MRL"} == {"class-wise"}
    assert mean_over(records, ["toy", "play", "toy"]) == list(found.values())
    with pytest.raises(ValueError, match="no runs of dataset 'toi'"):
        mean_over(records, ["toi"])


def test_tables_and_plots_of_validation_scores_alone(results, tmp_path, capsys):
    path, records = tmp_path / "held.jsonl", read_results(results)
    held = [
        {**r, "validation": None if r["error"] else r["scores"][0]["map"], "scores": [], "precision_recall": None}
        for r in records
    ]
    with ResultsFile(path) as file:
        file.append(held)
    tables = {}
    for file, k in ((results, "all"), (path, "validation")):
        plots = ["--plots", str(tmp_path / k)]
        assert main(["report", str(file), "--k", k, "--mean", "toy", "play", *plots]) == 0
        printed = capsys.readouterr().out.partition("drawn")[0]
        tables[k] = printed.replace("mAP@validation", "mAP@all")
    assert tables["validation"] == tables["all"]
    assert {path.stem for path in (tmp_path / "validation").iterdir()} == {"bars"}


def test_plots_are_drawn_beside_the_tables(results, tmp_path, capsys):
    assert main(["report", str(results), "--k", "50", "--plots", str(tmp_path / "plots")]) == 0
    assert "mAP@50" in capsys.readouterr().out
    drawn = {path.name: path.read_bytes()[:4] for path in (tmp_path / "plots").iterdir()}
    names = ["bars", *(f"{kind}-{data}" for kind in ("precision-recall", "tasks") for data in ("toy", "play"))]
    names += ["tasks-toy-DRCL", "tasks-play-DRCL"]
    assert drawn == {f"{name}.png": b"\x89PNG" for name in names}


def test_bad_input_is_one_clear_line(results, tmp_path, capsys):
    (tmp_path / "other.txt").write_text("hello\n")
    bad = [
        ([str(tmp_path / "other.txt")], "not written by"),
        ([str(tmp_path / "none.jsonl")], "none.jsonl"),
        ([str(results), "--reference", "SN"], "no runs of method 'SN'"),
        ([str(results), "--k", "7"], "no mAP@7"),
        ([str(results), "--mean", "toi"], "no runs of dataset 'toi'"),
    ]
    for arguments, told in bad:
        assert main(["report", *arguments]) == 1
        printed = capsys.readouterr().err
        assert told in printed
        assert printed.count("\n") == 1


def test_published_numbers_stand_beside_ours(results, tmp_path, capsys):
    records = [{**r, "dataset": "wikipedia-classic", "label_noise": 0.2} for r in read_results(results)[:18]]
    records = [{**r, "method": {"DRCL": "MRL", "SM": "MCCA", "MRL": "deep-SM"}[r["method"]]} for r in records]
    path = tmp_path / "wikipedia.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    arguments = ["report", str(path), "--reference", "MRL", "--published"]
    assert main([*arguments, str(PUBLISHED)]) == 0
    printed = capsys.readouterr().out.split("beside published rows")[1]
    assert [line.split()[0] for line in printed.splitlines()[1:4]] == ["MRL", "deep-SM", "MCCA"]
    rows = [line.split(",") for line in PUBLISHED.read_text().splitlines() if line.startswith("Wikipedia,MRL")]
    theirs = [float(row[6]) for row in rows if row[4:6] == ["all", "0.2"]]
    assert f"{np.mean(theirs):.4f}" in printed
    assert "rank correlation 1.00 over 3 methods" in printed
    (tmp_path / "bad.csv").write_text("method,map\nSM,1\n")
    assert main([*arguments, str(tmp_path / "bad.csv")]) == 1
    assert "not found: [" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"", b'{"format": "drcl_mini bench 2", "ta'])
def test_a_file_without_runs_is_an_error(results, tmp_path, capsys, content):
    path = tmp_path / "begun.jsonl"
    path.write_bytes(content)
    for files in ([path], [results, path]):
        assert main(["report", *map(str, files)]) == 1
        printed = capsys.readouterr()
        assert "begun.jsonl' holds no runs" in printed.err
        assert (printed.out, printed.err.count("\n")) == ("", 1)


def test_methods_with_posteriors_have_a_second_row(out, grid, capsys):
    assert grid("DRCL", "SM", more=["--seeds", "2", "--set", "epochs=2", "--set", "DRCL.prior_epochs=1"]) == 0
    capsys.readouterr()
    assert main(["report", str(out / "results.jsonl"), "--posteriors"]) == 0
    printed = capsys.readouterr().out
    assert "DRCL, posteriors" in printed
    assert "SM, posteriors" not in printed

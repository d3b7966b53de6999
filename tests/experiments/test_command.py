"""``python -m drcl_mini bench``, and what it says when something is wrong."""

import os
import signal
import subprocess
import time

import pytest

from drcl_mini import load_dataset
from drcl_mini.cli import main
from drcl_mini.experiments import command
from drcl_mini.experiments.choice import SEED
from drcl_mini.experiments.engines import here
from drcl_mini.experiments.methods import compared, methods
from drcl_mini.experiments.plan import plan_of
from drcl_mini.experiments.results import read_results
from drcl_mini.experiments.suites import SUITES
from drcl_mini.experiments.variants import ABLATIONS
from drcl_mini.experiments.writing import ResultsFile

TINY = ["--set", "hidden=[8]", "--set", "dim=10", "--set", "epochs=2", "--set", "prior_epochs=1"]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def grid(out):
    """Run a grid of toys; gives the exit code."""

    def run(*methods, more=(), folder=None):
        try:
            return main(
                ["bench", "--datasets", "digits-halves", "--methods", *methods, "--out", str(folder or out), *more]
            )
        except SystemExit as ended:
            return ended.code

    return run


@pytest.fixture
def says(capsys):
    """What went to stderr: one line with all fragments."""

    def check(*fragments):
        line = capsys.readouterr().err
        assert line.count("\n") == 1, line
        assert not [fragment for fragment in fragments if fragment not in line], line

    return check


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["--datasets", "digit-halves", "--methods", "SM"], ["'digit-halves'", "did you mean 'digits-halves'"]),
        (["--datasets", "digits-halves", "--methods", "MCCCA"], ["unknown method 'MCCCA'", "did you mean 'MCCA'"]),
        (["--datasets", "digits-halves", "--methods", "prior of image"], ["unknown method 'prior of image'"]),
        (["--suite", "smok"], ["'smok'", "smoke"]),
        (["--datasets", "digits-halves"], ["--methods", "--suite"]),
        (["--methods", "SM"], ["--datasets", "--suite"]),
        (["--suite", "smoke", "--seeds", "0"], ["--seeds is 0", "at least 1"]),
        (["--suite", "smoke", "--seeds", str(SEED + 1)], ["--seeds", f"at most {SEED}"]),
        (["--suite", "smoke", "--seeds", "many"], ["--seeds", "'many'"]),
        (["--suite", "smoke", "--threads", "0"], ["--threads is 0"]),
        (["--suite", "smoke", "--jobs", "0"], ["--jobs is 0"]),
        (["--suite", "smoke", "--jobs", "2", "--cluster", "tcp://x"], ["--cluster", "--jobs"]),
        (["--suite", "smoke", "--set", "epochz=3"], ["'epochz'", "did you mean 'epochs'"]),
        (["--suite", "smoke", "--set", "epochs"], ["'epochs'", "NAME=VALUE"]),
        (["--suite", "smoke", "--set", "epochs=many"], ["'epochs'", "'many'"]),
        (["--suite", "smoke", "--set", "seed=1"], ["'seed'", "--seeds"]),
        (["--datasets", "digits-halves", "--methods", "full", "--search"], ["--search", "no chosen method"]),
    ],
)
def test_bad_usage_is_told_in_one_line(says, out, arguments, fragments, monkeypatch):
    monkeypatch.setattr(command, "here", lambda tasks: pytest.fail("it had begun"))
    with pytest.raises(SystemExit) as ended:
        main(["bench", "--out", str(out), *arguments])
    assert ended.value.code == 2
    says("error: ", *fragments)
    assert not out.exists()


def test_what_is_not_there_is_told_in_one_line(says, out):
    assert main(["bench", "--out", str(out), "--suite", "benchmark"]) == 1
    says("'wikipedia-classic'", "python -m data_scripts wikipedia-classic")
    assert not out.exists()


def test_no_cluster_is_told_in_one_line(says, out, grid, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("drcl_mini.experiments.cluster.PATIENCE", 1)
    assert grid("SM", more=["--cluster", "tcp://127.0.0.1:1"]) == 1
    says("no Dask scheduler", "tcp://127.0.0.1:1")
    assert not out.exists()


@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_a_foreign_file_is_told_in_one_line_and_kept(says, out, grid, more):
    out.mkdir()
    (out / "results.jsonl").write_text("my notes\n")
    assert grid("SM", more=more) == 1
    says("results.jsonl", "line 1", "another --out")
    assert (out / "results.jsonl").read_text() == "my notes\n"


def test_a_file_that_is_being_written_is_told_in_one_line(says, out, grid):
    out.mkdir()
    with ResultsFile(out / "results.jsonl"):
        assert grid("SM", more=["--resume"]) == 1
        says("another process is writing", "results.jsonl")


def test_results_that_are_there_need_resume(says, out, grid, export, capsys):
    export()
    assert grid("toy", more=["--seeds", "1"]) == 0
    content = (out / "results.jsonl").read_bytes()
    capsys.readouterr()
    assert grid("toy") == 1
    says("results.jsonl", "--resume", "another --out")
    assert grid("toy", more=["--resume", "--set", "width=4"]) == 1
    says("'toy'", "'digits-halves'", "width = 3", "now it is 4")
    assert grid("toy", more=["--resume", "--threads", "2"]) == 1
    says("threads = 1", "now it is 2")
    assert (out / "results.jsonl").read_bytes() == content


def test_resume_goes_on_with_what_is_not_done(out, grid, export, monkeypatch):
    export()
    made = []

    def watched(tasks):
        made.extend(task.id for task in tasks)
        return here(tasks)

    monkeypatch.setattr(command, "here", watched)
    assert grid("toy", more=["--seeds", "2", "--resume"]) == 0
    assert grid("toy", "DRCL", more=["--seeds", "3", "--resume", *TINY]) == 0
    assert grid("toy", "DRCL", more=["--seeds", "3", "--resume", *TINY]) == 0
    assert len(made) == len(set(made)) == 2 + 1 + 1
    assert len(read_results(out / "results.jsonl")) == 6


def test_what_fails_is_recorded_and_tried_again(out, grid, export, capsys):
    calm = export()._learn

    def odd_seeds_fail(self, train, held):
        if self.seed % 2 and broken:
            raise ValueError("odd\nseed")
        calm(self, train, held)

    export("toy", _learn=odd_seeds_fail)
    broken = True
    assert grid("toy", "SM", more=["--seeds", "3", "--set", "C=0.01"]) == 1
    printed = capsys.readouterr()
    assert "failed: digits-halves, toy, seed 1" in printed.err
    assert "1 of 6 runs failed" in printed.err
    assert [r["error"] for r in read_results(out / "results.jsonl")] == [None, "odd seed", None] + [None] * 3
    broken = False
    assert grid("toy", "SM", more=["--seeds", "3", "--set", "C=0.01", "--resume"]) == 0
    assert capsys.readouterr().err == ""
    assert [r["error"] for r in read_results(out / "results.jsonl")] == [None] * 6


def test_a_search_is_recorded_and_its_choice_used(out, grid, export):
    export()
    assert grid("toy", "SM", more=["--search", "--seeds", "2"]) == 0
    tries = read_results(out / "search.jsonl")
    assert [(r["method"], r["settings"]["width"], r["seed"]) for r in tries] == [("toy", 2, SEED), ("toy", 4, SEED)]
    best = max(tries, key=lambda r: r["validation"])
    for record in read_results(out / "results.jsonl"):
        if record["method"] == "toy":
            assert record["settings"]["width"] == best["settings"]["width"]
            assert record["search"]["chosen"] == {"width": best["settings"]["width"]}
            assert record["search"]["tries"] == 2
        else:
            assert record["search"] is None
    size = (out / "search.jsonl").stat().st_size
    assert grid("toy", more=["--search", "--seeds", "3", "--resume"]) == 0
    assert (out / "search.jsonl").stat().st_size == size


def test_runs_of_another_commit_are_kept_with_a_warning(says, out, grid, export, monkeypatch):
    export()
    assert grid("toy", more=["--seeds", "2"]) == 0
    monkeypatch.setattr("drcl_mini.experiments.plan.commit", lambda: "0123456789")
    assert grid("toy", more=["--seeds", "2", "--resume"]) == 0
    says("warning: 2 runs are kept", "another commit", "--out")


def test_label_noise_is_no_ordinary_setting(out, grid, export):
    export()
    assert grid("toy", "DRCL", more=["--seeds", "1", "--set", "label_noise=0.4", *TINY]) == 0
    assert [r["label_noise"] for r in read_results(out / "results.jsonl")] == [0.4] * 2
    assert read_results(out / "results.jsonl")[1]["settings"]["label_noise"] == 0.4


def test_ctrl_c_keeps_what_is_done(says, out, grid, export):
    def third(self, *data):
        if self.seed == 2:
            raise KeyboardInterrupt
        calm(self, *data)

    calm = export()._learn
    export("toy", _learn=third)
    assert grid("toy") == 1
    says("interrupted", "2 runs are kept", "--resume")
    assert len(read_results(out / "results.jsonl")) == 2


def test_ctrl_c_in_a_terminal_reaches_workers_too(bench, out):
    begun = [*bench, "--suite", "smoke", "--jobs", "2", "--out", out]
    process = subprocess.Popen(begun, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not (out / "results.jsonl").exists() or not (out / "results.jsonl").stat().st_size:
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=60)[1].count("\n") == 1
    assert process.returncode == 1


def test_the_smoke_suite(out, capsys, scores, tmp_path):
    assert main(["bench", "--suite", "smoke", "--out", str(out)]) == 0
    found = read_results(out / "results.jsonl")
    assert {r["method"] for r in found} == {"DRCL", *ABLATIONS, "SM", "MCCA"}
    assert len(scores(found)) == len(found) == 2 * (len(ABLATIONS) + 3)
    printed = capsys.readouterr().out
    assert "without FA" in printed
    assert "results.jsonl" in printed


def test_suites_hold_what_they_say():
    data = load_dataset("digits-halves")
    known = methods(data)
    benchmark, ablations = (SUITES[name].methods(data) for name in ("benchmark", "ablations"))
    assert set(benchmark) == {name for name, m in known.items() if m.kind in compared()} | {"DRCL"}
    assert "fixed simplex prior" in benchmark
    assert {"full", "prior of top", "prior of bottom", "gamma = 0.5"} <= set(ablations)
    assert set(benchmark) | set(ablations) == set(known)
    assert not set(benchmark) & set(ablations)


def test_a_plan_takes_a_suite_and_changes_parts_of_it():
    plan = plan_of(SUITES["noise"], ["digits-halves"], ["DRCL", "SM"], None, {})
    tasks = [task for pair in plan.pairs() for task in plan.tasks(*pair)]
    assert len(tasks) == 5 + 5 * 5
    assert {task.label_noise for task in tasks} == {0.0, 0.2, 0.4, 0.6, 0.8}
    assert plan_of(SUITES["smoke"], None, ["DRCL"], None, {"epochs": 9}).changes["epochs"] == 9


def test_what_a_data_set_has_not_is_left_out_with_a_warning(make_split, monkeypatch):
    from drcl_mini import MultimodalDataset
    from drcl_mini.files import data_folder

    split = make_split()
    MultimodalDataset(split, split, split, "blobs-to-plan", tuple("abc")).to_npz(data_folder() / "blobs-to-plan.npz")
    with pytest.warns(UserWarning, match="'digits-halves' has no method 'prior of image'"):
        plan = plan_of(None, ["digits-halves", "blobs-to-plan"], ["SM", "prior of image"], 2, {})
    assert [(name, method.name) for name, method in plan.pairs()] == [
        ("digits-halves", "SM"),
        ("blobs-to-plan", "SM"),
        ("blobs-to-plan", "prior of image"),
    ]


def test_help_names_the_suites(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["bench", "--help"])
    assert ended.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert all(f"{name}: {suite.what}" in printed for name, suite in SUITES.items())

"""``python -m drcl_mini bench``, and what it says when something is wrong."""

import os
import shlex
import signal
import subprocess
import time

import pytest

from drcl_mini.app.cli import main
from drcl_mini.experiments.plan.choice import SEED
from drcl_mini.experiments.run import command
from drcl_mini.experiments.store.results import read_results
from drcl_mini.experiments.store.writing import ResultsFile

TINY = ["--set", "hidden=[8]", "--set", "dim=10", "--set", "epochs=2", "--set", "DRCL.prior_epochs=1"]


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
        (["--suite", "smoke", "--set", "gamma=0.5"], ["'gamma'", "--set DRCL.gamma=…"]),
        (["--suite", "smoke", "--set", "DRLC.gamma=0.5"], ["'DRLC.gamma'", "did you mean 'DRCL'"]),
        (["--suite", "smoke", "--set", "DRCL.gamma=2"], ["'gamma' is 2", "[0, 1]"]),
        (["--suite", "smoke", "--set", "label_noise=2"], ["'label_noise' is 2", "from 0 to 1"]),
        (["--suite", "smoke", "--set", "label_noise=true"], ["'label_noise' is True"]),
        (["--suite", "smoke", "--set", "label_noise=[0.2]"], ["'label_noise' is", "0.2", "from 0 to 1"]),
        (["--suite", "noise", "--datasets", "digits-halves", "--set", "label_noise=x"], ["'label_noise' is 'x'"]),
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


def test_a_damaged_file_is_no_bad_usage(says, out, data_home):
    data_home.mkdir()
    (data_home / "some.npz").write_bytes(b"PK and no more")
    assert main(["bench", "--out", str(out), "--datasets", "some", "--methods", "SM"]) == 1
    says("some.npz", "no whole data file")
    assert not out.exists()


def test_no_cluster_is_told_in_one_line(says, out, grid, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("drcl_mini.experiments.run.cluster.PATIENCE", 1)
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


def test_label_noise_is_no_ordinary_setting(out, grid, export):
    export()
    assert grid("toy", "DRCL", more=["--seeds", "1", "--set", "label_noise=0.4", *TINY]) == 0
    assert [r["label_noise"] for r in read_results(out / "results.jsonl")] == [0.4] * 2
    assert read_results(out / "results.jsonl")[1]["settings"]["label_noise"] == 0.4


def heed_ctrl_c():
    """For a process that begins: a shell that runs the tests in the background has Ctrl-C ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_in_a_terminal_reaches_workers_too(bench, out):
    begun = [*bench, "--suite", "smoke", "--jobs", "2", "--out", out]
    process = subprocess.Popen(begun, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=heed_ctrl_c)
    while not (out / "results.jsonl").exists() or not (out / "results.jsonl").stat().st_size:
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=600)[1].count("\n") == 1
    assert process.returncode == 1


def test_the_commands_that_made_a_grid_stand_beside_it(tmp_path):
    grid = ["bench", "--datasets", "digits-halves", "--methods", "SM", "--seeds", "1", "--out", str(tmp_path)]
    assert main(grid) == 0
    assert main([*grid, "--resume"]) == 0
    first, again = (tmp_path / "commands.txt").read_text(encoding="utf-8").splitlines()
    assert first == shlex.join(["python", "-m", "drcl_mini", *grid])
    assert again == f"{first} --resume"

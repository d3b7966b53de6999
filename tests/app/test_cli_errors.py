"""What goes wrong on the command line is told in one line, and soon."""

import errno
import json
import os
import tempfile

import pytest
import torch

import drcl_mini.app.cli
from drcl_mini import TrainingDiverged
from drcl_mini.app.cli import main

FAST = ["--set", "hidden=[8]", "--set", "epochs=1", "--set", "prior_epochs=1"]


@pytest.fixture
def one_line(capsys):
    """What went to stderr: one line, and nothing of a traceback."""

    def read(*fragments):
        line = capsys.readouterr().err
        assert line.count("\n") == 1
        assert line.startswith("error: ")
        assert not [fragment for fragment in fragments if fragment not in line], line

    return read


@pytest.fixture
def fails(one_line):
    def check(code, arguments, *fragments):
        try:
            found = main(arguments)
        except SystemExit as ended:
            found = ended.code
        assert found == code
        one_line(*fragments)

    return check


@pytest.fixture
def untrained(monkeypatch):
    monkeypatch.setattr(drcl_mini.app.cli, "fit_many", lambda *_, **__: pytest.fail("training had begun"))


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["run", "digit-halves"], ["'digit-halves'", "did you mean 'digits-halves'"]),
        (["run", "some/where"], ["unknown data set 'some/where'", "or give the path of an .npz file"]),
        (["run", "--set", "epoch=3"], ["'epoch'", "did you mean 'epochs'"]),
        (["run", "--set", "epochs=many"], ["'epochs'", "'many'"]),
        (["run", "--set", "epochs"], ["'epochs'", "NAME=VALUE"]),
        (["run", "--preset", "paper"], ["'paper'", "released"]),
        (["run", "--preset", "released"], ["no released settings", "'minimedia'"]),
        (["run", "--seeds", "0"], ["--seeds", "0", "at least 1"]),
        (["run", "--seed", "-1"], ["'seed'", "-1"]),
        (["run", "--seeds", "2", "--seed", str(2**63 - 1)], ["'seed'", str(2**63)]),
        (["run", "--seed", "one"], ["--seed", "'one'"]),
        (["walk"], ["'walk'", "run"]),
        ([], ["{run,probe,bench,report,embed,page,bench-speed,env}"]),
    ],
)
@pytest.mark.usefixtures("untrained")
def test_bad_usage_is_told_in_one_line(fails, tmp_path, monkeypatch, arguments, fragments):
    monkeypatch.chdir(tmp_path)
    fails(2, arguments, *fragments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("untrained")
def test_what_cannot_be_is_told_in_one_line_before_training(fails, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    fails(1, ["run", "wikipedia-classic"], "python -m data_scripts wikipedia-classic")
    fails(1, ["run", "--device", "gpu"], "'gpu'")
    fails(1, ["run", "--device", "mps"], "device 'mps' can't be used")
    fails(1, ["run", "some/where.npz"], "no data file 'some/where.npz'")
    if not torch.cuda.is_available():
        fails(1, ["run", "--device", "cuda"], "device 'cuda' can't be used")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("untrained")
def test_an_output_that_cannot_be_written_is_told_before_training(fails, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    fails(1, ["run", "digits-halves", "--out", str(tmp_path / "file")], "file")

    def forbidden(**named):
        raise OSError(errno.EROFS, "Read-only file system", os.path.join(named["dir"], "tmp0random"))

    monkeypatch.setattr(tempfile, "TemporaryFile", forbidden)
    folder = tmp_path / "folder"
    fails(1, ["run", "digits-halves", "--out", str(folder)], f"Read-only file system: {str(folder)!r}")


@pytest.mark.parametrize("out", ["", "file/probe.json", "pipe"])
def test_a_probe_that_cannot_be_kept_is_told_before_it_is_made(fails, tmp_path, monkeypatch, out):
    monkeypatch.setattr(drcl_mini.app.cli, "linear_probe", lambda data: pytest.fail("the work had begun"))
    (tmp_path / "file").write_text("")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    fails(1, ["probe", "digits-halves", "--out", str(tmp_path / out)], str(tmp_path / out.split("/")[0]))


@pytest.mark.parametrize("error", [MemoryError(), MemoryError("8 GB"), RuntimeError("two\nlines"), OSError(28, "full")])
def test_any_failure_has_a_reason_in_one_line(fails, monkeypatch, tmp_path, error):
    def broken(*arguments, **options):
        raise error

    monkeypatch.setattr(drcl_mini.app.cli, "fit_many", broken)
    fails(1, ["run", "digits-halves", "--out", str(tmp_path)], " ".join(str(error).split()) or "MemoryError")


def test_a_seed_that_diverges_keeps_the_results_of_the_others(tmp_path, monkeypatch, fails):
    def one_diverges(models, *data, **options):
        fit_many(models, *data, **options)
        models[1].encoders_ = {}
        raise TrainingDiverged("1 of 2 models diverged")

    fit_many = drcl_mini.app.cli.fit_many
    monkeypatch.setattr(drcl_mini.app.cli, "fit_many", one_diverges)
    arguments = ["run", "digits-halves", *FAST, "--seeds", "2", "--device", "cpu", "--out", str(tmp_path)]
    fails(1, arguments, "1 of 2 models diverged; saved in")
    assert [run["seed"] for run in json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["runs"]] == [0]

import io
import json
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

import drcl_mini
import drcl_mini.app.cli
import drcl_mini.method.consistency
import drcl_mini.method.estimator
from drcl_mini import DRCL, MultimodalDataset, load_dataset
from drcl_mini.app.cli import main, summary

FAST = ["hidden=[8]", "dim=12", "epochs=2", "prior_epochs=2", "batch_size=256"]
SET = [word for setting in FAST for word in ("--set", setting)]


def test_run_prints_and_saves_what_came_of_it(tmp_path, capsys):
    out = tmp_path / "runs" / "first"
    assert main(["run", "digits-halves", *SET, "--seed", "5", "--device", "cpu", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    model, (run,) = DRCL.load(out / "model-seed5.safetensors", "cpu"), results["runs"]
    assert sorted(path.name for path in out.iterdir()) == ["model-seed5.safetensors", "results.json"]
    assert (model.settings.seed, model.settings.epochs, model.settings.hidden) == (5, 2, (8,))
    assert (run["seed"], run["prior"], run["quality_scores"]) == (5, model.prior_source_, model.quality_scores_)
    scores = drcl_mini.evaluate(model, load_dataset("digits-halves").test)
    assert run["scores"][:4] == scores.records()
    assert [s["map"] for s in run["scores"][4:]] == [scores.mean(), scores.mean(50)]
    assert results["settings"]["epochs"] == 2
    assert results["environment"]["torch"] == torch.__version__
    for fragment in (str(scores), f"prior: {model.prior_source_}", f"top {run['quality_scores']['top']:.3f}", str(out)):
        assert fragment in printed


@pytest.mark.parametrize(("text", "hidden"), [("8,6", [8, 6]), ("8", [8]), ("[8, 6]", [8, 6]), ("[]", [])])
def test_a_list_needs_no_brackets(tmp_path, text, hidden):
    arguments = [*SET, "--set", f"hidden={text}", "--device", "cpu", "--out", str(tmp_path)]
    assert main(["run", "digits-halves", *arguments]) == 0
    assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["settings"]["hidden"] == hidden


def test_the_command_in_the_results_repeats_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    setting = 'learning_rate={"top": 0.001, "bottom": 0.002}'
    assert main(["run", "digits-halves", *SET, "--set", setting, "--device", "cpu", "--out", "a b"]) == 0
    first = json.loads((tmp_path / "a b" / "results.json").read_text(encoding="utf-8"))
    assert main(shlex.split(first["command"])[3:]) == 0
    again = next(path for path in tmp_path.rglob("results.json") if path.parent.name != "a b")
    second = json.loads(again.read_text(encoding="utf-8"))
    assert second["runs"][0]["scores"] == first["runs"][0]["scores"]
    assert second["settings"] == first["settings"]


def test_the_folder_is_named_as_the_data_set_was(tmp_path, train, validation, data_home, monkeypatch):
    MultimodalDataset(train, validation, train, "other", tuple("abc")).to_npz(data_home / "mine.npz")
    monkeypatch.chdir(tmp_path)
    assert main(["run", "mine", *SET, "--device", "cpu"]) == 0
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["mine-default-seed0"]


def test_run_takes_the_path_of_a_file(tmp_path, train, validation, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    path = MultimodalDataset(train, validation, train, "mine", tuple("abc")).to_npz(tmp_path / "my files" / "mine.npz")
    assert main(["run", str(path), *SET, "--device", "cpu"]) == 0
    assert "mAP@all" in capsys.readouterr().out
    out = tmp_path / "runs" / "mine-default-seed0"
    assert sorted(file.name for file in out.iterdir()) == ["model-seed0.safetensors", "results.json"]
    command = json.loads((out / "results.json").read_text(encoding="utf-8"))["command"]
    assert shlex.split(command)[4] == str(path)


def test_run_tells_why_there_is_no_table(tmp_path, train, validation, capsys):
    data = MultimodalDataset(train, validation, train.only("text"), "mine", tuple("abc"))
    path, out = data.to_npz(tmp_path / "mine.npz"), tmp_path / "out"
    assert main(["run", str(path), *SET, "--device", "cpu", "--out", str(out)]) == 0
    shown = capsys.readouterr()
    told = "warning: the test split has 'text' only, scores need two modalities"
    assert shown.err == f"{told}: the model is trained and saved, without a table\n"
    assert "mAP" not in shown.out
    assert f"saved in {out}" in shown.out
    assert DRCL.load(out / "model-seed0.safetensors", "cpu").encoders_.keys() == {"image", "text"}
    assert json.loads((out / "results.json").read_text(encoding="utf-8"))["runs"][0]["scores"] == []


def test_a_terminal_that_lacks_letters_shows_question_marks(tmp_path, monkeypatch):
    shown = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", shown)
    assert main(["run", "digits-halves", *SET, "--device", "cpu", "--out", str(tmp_path)]) == 0
    shown.flush()
    assert b"top ? bottom" in shown.buffer.getvalue()


def test_results_are_written_before_they_are_shown(tmp_path, monkeypatch, capsys):
    def closed(text, *_, **__):
        if "seed 0" in text:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(drcl_mini.app.cli, "print", closed, raising=False)
    assert main(["run", "digits-halves", *SET, "--device", "cpu", "--out", str(tmp_path)]) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model-seed0.safetensors", "results.json"]


def test_several_seeds_with_their_spread(tmp_path, capsys):
    arguments = ["run", "digits-halves", *SET, "--seeds", "2", "--seed", "3", "--device", "cpu", "--out", str(tmp_path)]
    assert main(arguments) == 0
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [run["seed"] for run in results["runs"]] == [3, 4]
    first, second = ([s["map"] for s in run["scores"] if s["query"] == "mean"] for run in results["runs"])
    assert first != second
    expected = f"2 seeds: mean mAP@all {(first[0] + second[0]) / 2:.3f} ± {12.706 * abs(first[0] - second[0]) / 2:.3f}"
    assert expected in capsys.readouterr().out
    assert (tmp_path / "model-seed4.safetensors").is_file()


@pytest.mark.parametrize(
    "scores", [[], [{"query": "mean", "k": "all", "map": 0.5}, {"query": "mean", "k": 50, "map": 0.5}]]
)
def test_a_summary_of_fewer_than_two_scores_has_no_spread(scores):
    cut_short = {"scores": [{"query": "mean", "k": "all", "map": 0.1}], "unfinished": ["text"]}
    told = summary([{"scores": scores, "unfinished": []}, cut_short, {"scores": [], "unfinished": ["image", "text"]}])
    assert told == "too few scores for a spread"


@pytest.mark.parametrize(("batch", "usable"), [(1, []), (8, ["top"])])
def test_ctrl_c_saves_what_is_usable(tmp_path, monkeypatch, capsys, batch, usable):
    calls, augment = [], drcl_mini.method.consistency.augment

    def interrupted(*arguments):
        calls.append(None)
        if len(calls) == batch:
            raise KeyboardInterrupt
        return augment(*arguments)

    monkeypatch.setattr(drcl_mini.method.consistency, "augment", interrupted)
    assert main(["run", "digits-halves", *SET, "--device", "cpu", "--out", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert "interrupted" in shown.err
    assert "Traceback" not in shown.err
    if usable:
        assert list(DRCL.load(tmp_path / "model-seed0.safetensors", "cpu").encoders_) == usable
        assert json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["runs"][0]["interrupted"]


def test_main_leaves_the_way_warnings_are_shown_alone():
    shown = warnings.showwarning
    main(["env"])
    assert warnings.showwarning is shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["run", "probe", "env"]),
        (["run", "--help"], ["--preset", "--seed", "--device", "--out", "--set", "minimedia"]),
        (["env", "--help"], ["usage"]),
    ],
)
def test_help(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(word in text for word in words)


def test_env_names_versions_and_data(capsys, data_home):
    assert main(["env"]) == 0
    printed = capsys.readouterr().out
    for fragment in (drcl_mini.__version__, torch.__version__.split("+")[0], "digits-halves", str(data_home)):
        assert fragment in printed


def test_env_as_a_module():
    root = Path(drcl_mini.__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-m", "drcl_mini", "env"], capture_output=True, text=True, cwd=root, check=False
    )
    assert found.returncode == 0
    assert drcl_mini.__version__ in found.stdout

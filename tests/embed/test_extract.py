import os
import signal
import sys

import numpy as np
import pytest

from drcl_mini.embed import extract as module
from drcl_mini.embed.extract import Stopped, extract, finishing
from drcl_mini.embed.row import Row

SPECS = {"text": "classic", "picture": "classic", "sound": "classic"}


def texts(n, modality="text"):
    return [Row("text", modality, None, f"word {i}", "a", "train", "", "", f"row {i}") for i in range(n)]


@pytest.fixture
def reading(monkeypatch):
    """Names of the items that were read; ``before`` is called ahead of each."""

    class Reading(list):
        before = staticmethod(lambda row: None)

    read, real = Reading(), module.read_item

    def counted(row):
        read.before(row)
        read.append(row.where)
        return real(row)

    monkeypatch.setattr(module, "read_item", counted)
    monkeypatch.setattr(module, "BATCH", 4)
    return read


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_batches_are_the_same_as_one_by_one(tmp_path, reading):
    done, whole = extract({"text": texts(10)}, SPECS, tmp_path / "p", print)
    alone = [extract({"text": [row]}, SPECS, tmp_path / row.where, print)[0] for row in texts(10)]
    assert whole
    assert np.array_equal(done["text"].features, np.concatenate([one["text"].features for one in alone]))
    assert done["text"].items == [f"word {i}".encode() for i in range(10)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_half_way_no_item_is_read_twice(tmp_path, reading, number):
    rows = {"text": texts(5), "more": texts(11, "more")}
    extract(rows, SPECS, tmp_path / "whole", print)
    expected = list(reading)
    reading.clear()
    reading.before = lambda row: len(reading) == 10 and os.kill(os.getpid(), number)
    with pytest.raises(Stopped, match=r"8 of 11 of more are done, the same command goes on from there"):
        extract(rows, SPECS, tmp_path / "p", print)
    reading.before = lambda row: None
    assert len(reading) == 13
    extract(rows, SPECS, tmp_path / "p", print)
    assert reading == expected
    assert contents(tmp_path / "p") == contents(tmp_path / "whole")


def test_killed_at_once_only_the_batch_at_hand_is_read_again(tmp_path, reading):
    rows = {"text": texts(11)}
    extract(rows, SPECS, tmp_path / "whole", print)
    reading.clear()
    pid = os.fork()
    if pid == 0:
        reading.before = lambda row: row.where == "row 6" and os.kill(os.getpid(), signal.SIGKILL)
        extract(rows, SPECS, tmp_path / "p", print)
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    extract(rows, SPECS, tmp_path / "p", print)
    assert reading == [f"row {i}" for i in range(4, 11)]
    assert contents(tmp_path / "p") == contents(tmp_path / "whole")


def test_a_second_signal_ends_at_once():
    with finishing() as got:
        os.kill(os.getpid(), signal.SIGINT)
        assert got == [signal.SIGINT]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_faults_are_told_again_when_the_work_goes_on(tmp_path, reading):
    rows = texts(6)
    rows[1] = rows[1]._replace(text=" ", file=tmp_path / "none.txt")
    first, again = [], []
    done, _ = extract({"text": rows}, SPECS, tmp_path / "p", first.append)
    extract({"text": rows}, SPECS, tmp_path / "p", again.append)
    assert done["text"].kept == [0, 2, 3, 4, 5]
    assert first == again
    assert first[0].startswith("row 1: can't be read as a text")
    assert len(reading) == 6


@pytest.mark.parametrize("change", ["text", "size", "time", "model"])
def test_other_files_or_models_begin_anew(tmp_path, reading, capsys, change):
    path = tmp_path / "a.txt"
    path.write_text("one")
    rows = [*texts(3), Row("text", "text", path, "", "a", "train", "", "", "a.txt")]
    extract({"text": rows}, SPECS, tmp_path / "p", print)
    specs = SPECS
    if change == "text":
        rows[0] = rows[0]._replace(text="another")
    elif change == "size":
        path.write_text("longer")
    elif change == "time":
        os.utime(path, (1, 1))
    else:
        specs = SPECS | {"text": "call:tests_none:none"}
    capsys.readouterr()
    extract({"text": rows}, specs, tmp_path / "p", lambda line: None)
    assert "text: what was kept is of other files or another model, begun anew" in capsys.readouterr().err
    assert len(reading) == (8 if change != "model" else 4)


def test_another_split_or_class_begins_nothing_anew(tmp_path, reading):
    extract({"text": texts(4)}, SPECS, tmp_path / "p", print)
    extract({"text": [row._replace(split="test", label="b") for row in texts(4)]}, SPECS, tmp_path / "p", print)
    assert len(reading) == 4


def test_a_modality_without_its_model_is_left_out(tmp_path):
    told = []
    rows = {"text": texts(3), "sounds": [row._replace(kind="sound", modality="sounds") for row in texts(2)]}
    done, whole = extract(rows, SPECS | {"sound": "timm:vit"}, tmp_path / "p", told.append)
    assert (list(done), whole) == (["text"], False)
    assert told == ["all 2 of sounds: model 'timm:vit' is for pictures, not for sounds"]


def test_values_that_are_no_numbers_leave_their_item_out(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "load_model", lambda spec, kind: lambda items: [[1.0], [np.nan], [2.0]])
    told = []
    done, _ = extract({"text": texts(3)}, SPECS, tmp_path / "p", told.append)
    assert done["text"].kept == [0, 2]
    assert done["text"].features.tolist() == [[1], [2]]
    assert told == ["row 1: model 'classic' gives values that are no numbers"]


def test_another_code_of_a_model_begins_anew(tmp_path, reading, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    code, specs = tmp_path / "models_of_mine.py", SPECS | {"text": "call:models_of_mine:f"}
    code.write_text("def f(texts):\n    return [[1] for _ in texts]\n")
    extract({"text": texts(5)}, specs, tmp_path / "p", print)
    extract({"text": texts(5)}, specs, tmp_path / "p", print)
    assert (len(reading), capsys.readouterr().err.count("begun anew")) == (5, 0)
    code.write_text("def f(texts):\n    return [[1, 2] for _ in texts]\n")
    sys.modules.pop("models_of_mine")
    done, _ = extract({"text": texts(5)}, specs, tmp_path / "p", print)
    assert "begun anew" in capsys.readouterr().err
    assert done["text"].features.tolist() == [[1, 2]] * 5


@pytest.mark.parametrize("again", [False, True])
def test_features_of_another_width_lose_their_modality_until_the_next_run(tmp_path, reading, monkeypatch, again):
    width, told = [3], []
    monkeypatch.setattr(module, "load_model", lambda spec, kind: lambda items: np.ones((len(items), width[0])))

    def before(row):
        if row.where == "row 4":
            if again and width == [3]:
                os.kill(os.getpid(), signal.SIGTERM)
            else:
                width[:] = [7]

    reading.before = before
    if again:
        with pytest.raises(Stopped):
            extract({"text": texts(10)}, SPECS, tmp_path / "p", told.append)
        width[:] = [7]
    done, whole = extract({"text": texts(10)}, SPECS, tmp_path / "p", told.append)
    assert (done, whole) == ({}, False)
    assert told == ["all 10 of text: model 'classic' gave 3 columns, now 7: what it made is thrown away"]
    done, whole = extract({"text": texts(10)}, SPECS, tmp_path / "p", told.append)
    assert (done["text"].features.shape, whole) == ((10, 7), True)


def test_stopped_in_the_last_batch(tmp_path, reading):
    reading.before = lambda row: row.where == "row 9" and os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Stopped, match="10 of 10 of text are done"):
        extract({"text": texts(10)}, SPECS, tmp_path / "p", print)
    assert extract({"text": texts(10)}, SPECS, tmp_path / "p", print)[1]
    assert len(reading) == 10

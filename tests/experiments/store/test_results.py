"""A results file keeps every finished task and nothing else, whatever is done to it."""

import gzip
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from drcl_mini.experiments.plan.grid import Task
from drcl_mini.experiments.store.results import FORMAT, KINDS, read_results, records_of
from drcl_mini.experiments.store.writing import ResultsFile

OUTCOME = {"scores": [{"query": "a", "gallery": "b", "k": "all", "map": 0.1 + 0.2}], "validation": 1 / 3}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.jsonl"


@pytest.fixture
def stacks(drcl):
    """Records of three tasks, with 1, 2 and 3 runs."""
    tasks = [drcl(f"method {n}", seeds=range(n)) for n in (1, 2, 3)]
    return [records_of(task, [OUTCOME] * len(task.seeds)) for task in tasks]


@pytest.fixture
def written(path, stacks):
    """A file of three tasks: its content, and where each task ends."""
    ends = [0]
    with ResultsFile(path) as file:
        for records in stacks:
            file.append(records)
            ends.append(path.stat().st_size)
    return path.read_bytes(), ends


def test_what_is_read_is_what_was_written(path, written, stacks):
    found = read_results(path)
    assert found == [record for records in stacks for record in records]
    assert [record["seed"] for record in found] == [0, 0, 1, 0, 1, 2]
    assert found[0]["scores"][0]["map"] == 0.1 + 0.2
    with ResultsFile(path) as file:
        assert file.records == found
        assert file.done == {record["task"] for record in found}
    assert path.read_bytes() == written[0]


def test_a_compressed_file_is_read_and_a_damaged_one_is_told(path, written, complains, monkeypatch):
    whole = gzip.compress(path.read_bytes(), mtime=0)
    before = read_results(path)
    packed = path.with_suffix(".jsonl.gz")
    packed.write_bytes(whole)
    assert read_results(packed) == before
    for damaged, fragment in ((whole[:-20], "cut off"), (whole[:40] + b"xx" + whole[42:], "damaged")):
        packed.write_bytes(damaged)
        with complains(packed.name, fragment):
            read_results(packed)
    packed.write_bytes(whole)
    monkeypatch.setattr("drcl_mini.experiments.store.results.MOST", 100)
    with complains(packed.name, "more than"):
        read_results(packed)


def test_cut_off_anywhere_it_loses_the_last_task_only(path, written, stacks):
    content, ends = written
    near = {end + step for end in ends for step in (-2, -1, 0, 1, 2)}
    for length in sorted({*near, *range(0, len(content), 61)} & set(range(len(content)))):
        path.write_bytes(content[:length])
        whole = sum(end <= length for end in ends) - 1
        assert read_results(path) == [record for records in stacks[:whole] for record in records]
        if length not in ends:
            with pytest.warns(UserWarning, match=f"last {length - ends[whole]} bytes are cut off"):
                ResultsFile(path).__exit__(None, None, None)
            assert path.read_bytes() == content[: ends[whole]]


def test_zeros_that_a_crash_of_the_machine_left_are_cut_off(path, written, stacks):
    content, ends = written
    path.write_bytes(content[: ends[2]] + b"\0" * 300)
    with pytest.warns(UserWarning, match="300 bytes"), ResultsFile(path) as file:
        file.append(stacks[2])
    assert path.read_bytes() == content


def line(**changes):
    task = Task("digits-halves", "SM", "SM", {}, (0,))
    return json.dumps({**records_of(task, [OUTCOME])[0], **changes}).encode() + b"\n"


WRONG = [
    *({name: value} for name in ("seed", "stack", "threads") for value in (None, "1", 1.0, True)),
    *({"stack": value} for value in (0, -1)),
    *({name: 1} for name in ("task", "dataset", "method", "data", "scores", "settings", "search", "diverged", "error")),
    *({name: "0.5"} for name in ("label_noise", "validation", "seconds", "jobs")),
    *({"scores": [score]} for score in (1, {}, {"map": 0.5})),
]


def score(**changes):
    return {"scores": [OUTCOME["scores"][0] | changes]}


IMPOSSIBLE = [
    *((score(map=value), [f"map of a → b is {value}", "from 0 to 1"]) for value in (7.0, -0.1)),
    *((score(map=float(value)), [f"map of a → b is {value}"]) for value in ("nan", "inf")),
    *(({name: 1.5}, [f"{name} is 1.5", "from 0 to 1"]) for name in ("validation", "label_noise")),
    *(
        ({"precision_recall": value}, ["precision_recall", "11 numbers from 0 to 1"])
        for value in (1, [], {}, [0.5] * 10, [0.5] * 12, [0.5] * 10 + [1.1], [0.5] * 10 + ["1"], [float("nan")] * 11)
    ),
    *(({name: "a\nb"}, [r"'a\nb'", "can't be printed"]) for name in ("dataset", "method", "pairing")),
    *((score(**{name: "\ud800"}), [r"'\ud800'", "can't be printed"]) for name in ("query", "gallery")),
    ({"dataset": "../up"}, ["'../up'", "slash"]),
]


@pytest.mark.parametrize(
    ("content", "fragments"),
    [
        (b"hello", ["line 1", "not written by"]),
        (b"hello\n", ["line 1", "not written by"]),
        (b"\xff\xfe\x00\n", ["line 1", "not written by"]),
        (b"[1]\n", ["line 1"]),
        (b"{}\n", ["line 1"]),
        (b'{"format": 1}\n', ["line 1", "not written by"]),
        (b'{"format": null}\n', ["line 1"]),
        (b"dataset,method,map\nx,y,0.5\n", ["line 1"]),
        (line(format="drcl_mini bench 1"), ["line 1", "another version", "'drcl_mini bench 1'", repr(FORMAT)]),
        (line() + b"\n" + line(), ["line 2"]),
        (line() + b"half of a li", ["line 2"]),
        (line() + line(stack=2, task="5") + line(stack=2, task="6"), ["line 3", "1 of the 2 runs"]),
        (json.dumps({"format": FORMAT}).encode() + b"\n", ["line 1", "not written by"]),
        *((line(**change), ["line 1", "not written by"]) for change in WRONG),
        *((line() + line(**change), ["line 2", *told]) for change, told in IMPOSSIBLE),
    ],
)
def test_what_is_no_results_file_is_told_and_left_alone(path, content, fragments, complains):
    path.write_bytes(content)
    for use in (read_results, ResultsFile):
        with complains(repr(str(path)), "another --out", *fragments):
            use(path)
    assert path.read_bytes() == content


def test_a_record_with_and_without_a_curve_is_read(path):
    path.write_bytes(line() + line(seed=1, precision_recall=[1, 0.5] + [0.0] * 9) + line(seed=2, precision_recall=None))
    assert len(read_results(path)) == 3


@pytest.mark.parametrize("path", sorted((Path(__file__).parents[3] / "book" / "results").glob("*/*.jsonl*")), ids=str)
def test_stored_results_are_read(path):
    assert read_results(path)


def test_a_folder_or_nothing_at_all(tmp_path):
    with pytest.raises(OSError, match="nothing"):
        read_results(tmp_path / "nothing")
    with pytest.raises(OSError, match="folder"):
        ResultsFile(tmp_path / "folder" / "results.jsonl")


def test_the_last_record_of_a_run_counts(path, drcl, stacks):
    one, two = stacks[1], [record | {"error": "diverged"} for record in stacks[1]]
    with ResultsFile(path) as file:
        file.append(two)
        assert file.done == set()
        file.append(one)
        assert file.done == {one[0]["task"]}
        file.append([two[0], one[1]])
        assert file.done == set()
        assert [record["error"] for record in file.records] == ["diverged", None]
    assert len(read_results(path)) == 2


def test_a_stack_takes_the_place_of_the_whole_stack_before_it(path, drcl, sm):
    single = [sm(seed) for seed in range(3)]
    with ResultsFile(path) as file:
        for task in single:
            file.append(records_of(task, [OUTCOME]))
        for seeds in (2, 4, 1, 3):
            task = drcl(seeds=range(seeds))
            file.append(records_of(task, [OUTCOME] * seeds))
            assert [record["task"] for record in file.records if record["method"] == "DRCL"] == [task.id] * seeds
        file.append(records_of(single[1], [OUTCOME]))
        assert len(file.records) == 3 + 3
        assert file.done == {task.id, *(task.id for task in single)}


def test_runs_of_other_settings_data_or_threads_stand_beside_each_other(path, drcl):
    tasks = [drcl(), drcl(epochs=3), replace(drcl(), data="01234567"), replace(drcl(), threads=2)]
    tasks += [replace(drcl(), label_noise=0.2)]
    with ResultsFile(path) as file:
        for task in tasks:
            file.append(records_of(task, [OUTCOME] * 2))
        assert file.done == {task.id for task in tasks}


def test_what_diverged_is_done_and_what_failed_is_not(path, drcl):
    diverged, failed = {"error": "no", "diverged": True}, {"error": "no"}
    with ResultsFile(path) as file:
        for method, outcomes in (("a", [OUTCOME, diverged]), ("b", [failed, diverged]), ("c", [OUTCOME, OUTCOME])):
            file.append(records_of(drcl(method), outcomes))
        assert file.done == {drcl("a").id, drcl("c").id}


def test_one_writer_at_a_time(path, stacks, complains):
    with ResultsFile(path) as file:
        with complains("another process is writing", repr(str(path)), error=BlockingIOError):
            ResultsFile(path)
        file.append(stacks[0])
        assert len(read_results(path)) == 1
    with ResultsFile(path) as file:
        assert len(file.records) == 1


def test_a_killed_writer_leaves_no_lock(path, complains):
    code = f"from drcl_mini.experiments.store.writing import ResultsFile as F; f = F({str(path)!r}); print(); input()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], **pipes) as other:
        other.stdout.readline()
        with complains("another process is writing", error=BlockingIOError):
            ResultsFile(path)
        other.kill()
    ResultsFile(path).__exit__(None, None, None)


def test_a_full_disk_leaves_the_file_as_it_was(path, written, stacks, monkeypatch):
    write = os.write
    with ResultsFile(path) as file:
        monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[: len(content) // 2]))
        with pytest.raises(OSError, match="is the disk full"):
            file.append(stacks[0])
        assert path.read_bytes() == written[0]
        monkeypatch.setattr(os, "write", write)
        file.append(stacks[0])
    assert path.read_bytes() == written[0] + written[0][: written[1][1]]


def test_one_write_and_one_sync_a_task(path, stacks, monkeypatch):
    calls = []
    write, sync = os.write, os.fsync
    monkeypatch.setattr(os, "write", lambda *given: (calls.append("write"), write(*given))[1])
    monkeypatch.setattr(os, "fsync", lambda *given: (calls.append("sync"), sync(*given))[1])
    with ResultsFile(path) as file:
        file.append(stacks[2])
    assert calls == ["write", "sync"]


def test_a_record_says_all_that_a_table_needs(drcl):
    task = replace(drcl(), label_noise=0.2, search={"tries": 6})
    good, bad = records_of(task, [OUTCOME, {"error": "diverged"}], {"device": "cpu"})
    assert (good["seed"], bad["seed"]) == (0, 1)
    for record in (good, bad):
        assert (record["format"], record["task"], record["dataset"]) == (FORMAT, task.id, "digits-halves")
        assert (record["method"], record["stack"], record["label_noise"]) == ("DRCL", 2, 0.2)
        assert (record["settings"], record["search"], record["device"]) == (task.settings, {"tries": 6}, "cpu")
    assert (good["error"], good["validation"]) == (None, 1 / 3)
    assert (bad["error"], bad["scores"], bad["seconds"]) == ("diverged", [], None)
    assert all(type(record[name]) in kinds for record in (good, bad) for name, kinds in KINDS.items())

"""Worker processes give what one process gives, and one that dies takes nothing with it."""

import os
import signal
from dataclasses import replace

from drcl_mini.experiments import engines
from drcl_mini.experiments.engines import here, in_processes


def test_processes_give_the_same_bits_though_a_task_kills_its_worker(drcl, sm, scores, monkeypatch):
    worker, tasks = engines._in_worker, [drcl("a"), drcl("fatal"), sm(), replace(drcl("c"), dataset="no such")]
    expected = scores(record for _, records in here(tasks) for record in records)

    def fatal(task, parent):
        if task.method == "fatal":
            os.kill(os.getpid(), signal.SIGKILL)
        return worker(task, parent)

    monkeypatch.setattr(engines, "_in_worker", fatal)
    found = {}
    for task, records in in_processes(tasks, 2):
        assert [record["task"] for record in records] == [task.id] * len(task.seeds)
        found[task.method] = records
    for record in found.pop("fatal"):
        assert "worker process died" in record["error"]
        assert "\n" not in record["error"]
    rest = {run: result for run, result in expected.items() if run[1] != "fatal"}
    assert scores(record for records in found.values() for record in records) == rest
    assert sum(error is not None for _, _, error in rest.values()) == 2


def test_nothing_to_do():
    assert list(here([])) == list(in_processes([], 2)) == []

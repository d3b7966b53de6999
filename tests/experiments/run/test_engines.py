"""Worker processes give what one process gives, and one that dies takes nothing with it."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from drcl_mini.experiments.run import engines
from drcl_mini.experiments.run.engines import here, in_processes


def test_processes_give_the_same_bits_though_a_task_kills_its_worker(drcl, sm, scores, monkeypatch):
    worker, tasks = engines.in_worker, [drcl("a"), drcl("fatal"), sm(), replace(drcl("c"), dataset="no such")]
    expected = scores(record for _, records in here(tasks) for record in records)

    def fatal(task, parent):
        if task.method == "fatal":
            os.kill(os.getpid(), signal.SIGKILL)
        return worker(task, parent)

    monkeypatch.setattr(engines, "in_worker", fatal)
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


def test_ctrl_c_does_not_wait_for_a_task_that_is_done_again_alone(drcl, monkeypatch, tmp_path):
    begun = tmp_path / "begun"

    def endless(task, parent):
        begun.write_text(str(os.getpid()))
        time.sleep(600)

    def interrupt(*_):
        raise KeyboardInterrupt

    def when_it_has_begun():
        wait_for(lambda: begun.exists() and begun.read_text())
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    monkeypatch.setattr(engines, "in_worker", endless)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        threading.Thread(target=when_it_has_begun).start()
        with pytest.raises(KeyboardInterrupt):
            engines.alone(drcl())
    finally:
        signal.signal(signal.SIGUSR1, before)
    wait_for(lambda: not alive(int(begun.read_text())))


def test_a_worker_ends_with_its_parent():
    worker = (
        "import os, sys, time; from drcl_mini.experiments.run.engines import end_with; end_with(os.getppid());"
        "print(os.getpid(), flush=True); time.sleep(600)"
    )
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {worker!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True)
    number = int(process.stdout.readline())
    process.kill()
    try:
        process.communicate(timeout=600)  # to the end: of the worker, too, which writes there as well
    finally:
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def wait_for(happened):
    until = time.monotonic() + 600
    while not happened():
        assert time.monotonic() < until, "not within ten minutes"
        time.sleep(0.02)


def alive(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True

"""A real scheduler and real workers on this machine; some of them are killed."""

import json
import os
import subprocess
import sys
import time

import pytest

from drcl_mini.experiments import cluster
from drcl_mini.experiments.cluster import connected, in_cluster
from drcl_mini.experiments.engines import here

pytest.importorskip("distributed")


class Cluster:
    """A scheduler and workers, a process each."""

    def __init__(self, folder):
        self.folder, self.file, self.workers = folder, folder / "scheduler.json", []
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", str(self.file))
        until = time.monotonic() + 60
        while not self.file.exists() or not self.file.read_text():
            assert time.monotonic() < until, "no scheduler within a minute"
            time.sleep(0.05)
        self.address = json.loads(self.file.read_text())["address"]

    def start(self, *arguments):
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard", "--host", "127.0.0.1"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen(command, cwd=self.folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, **quiet)

    def work(self, number):
        for _ in range(number):
            self.workers.append(self.start("worker", self.address, "--no-nanny", "--nthreads", "1"))


@pytest.fixture
def running(tmp_path):
    found = Cluster(tmp_path)
    yield found
    for process in [*found.workers, found.scheduler]:
        process.kill()
        process.wait()


def test_a_cluster_whose_parts_go_one_by_one(running, drcl, sm, scores, monkeypatch, complains):
    tasks = [drcl("a"), drcl("b", gamma=1.0), drcl("c", seeds=range(3)), sm(), drcl("broken", learning_rate=1e30)]
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with complains(repr(running.address), "no workers", "dask worker", error=ConnectionError):
        connected(running.address).__enter__()
    running.work(2)
    monkeypatch.setattr(cluster, "PATIENCE", 60)
    found = []
    with connected(running.address) as client:
        client.wait_for_workers(2, timeout=60)
        for task, records in in_cluster(tasks, client):
            if not found:  # the others are under way, or wait
                running.workers[0].kill()
            assert records[0]["task"] == task.id
            found += records
        assert scores(found) == scores(record for _, records in here(tasks) for record in records)
        assert sum(record["error"] is not None for record in found) == 2
        results = in_cluster([drcl(str(number)) for number in range(50)], client)
        next(results)
        running.scheduler.kill()
        with complains(repr(running.address), "is gone", "--resume", error=ConnectionError):
            list(results)


def test_a_cluster_without_workers_is_left_after_a_while(monkeypatch, complains):
    class Client:
        def scheduler_info(self):
            return {"workers": {}}

    now = cluster.time.monotonic()
    assert cluster._check(Client(), now) == now
    with complains("no workers for 60 s", "--resume", error=ConnectionError):
        cluster._check(Client(), now - 61)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:1", "nonsense://x", "tcp://", ""])
def test_no_scheduler_there(address, monkeypatch, complains):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with complains("no Dask scheduler", repr(address), "dask scheduler", error=ConnectionError):
        connected(address).__enter__()


def test_missing_dask_names_the_extra(monkeypatch, complains):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with complains("pip install 'drcl-mini[cluster]'", error=ImportError):
        connected("tcp://127.0.0.1:1").__enter__()


def test_a_task_that_kills_one_worker_after_another_is_a_failure(drcl):
    from distributed import KilledWorker

    class Lost:
        status = "error"

        def __init__(self, error):
            self.error = error

        def exception(self):
            return self.error

    class Killed(KilledWorker):
        def __init__(self):
            pass

    Killed.__name__ = "KilledWorker"
    for error, reason in [(Killed(), "died"), (ModuleNotFoundError("No module named 'x'"), "ModuleNotFoundError: No")]:
        records = cluster._records(drcl(), Lost(error))
        assert [record["seed"] for record in records] == [0, 1]
        assert all(reason in record["error"] for record in records)

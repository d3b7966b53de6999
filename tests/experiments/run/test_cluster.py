"""A real scheduler and real workers on this machine; some of them are killed."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import CancelledError
from dataclasses import replace
from types import SimpleNamespace

import pytest

from drcl_mini import MultimodalDataset
from drcl_mini.experiments.run import cluster
from drcl_mini.experiments.run.cluster import connected, in_cluster
from drcl_mini.experiments.run.engines import here
from drcl_mini.experiments.store.results import records_of

pytest.importorskip("distributed")


class Cluster:
    """A scheduler and workers, a process each."""

    def __init__(self, folder):
        self.folder, self.file, self.workers = folder, folder / "scheduler.json", []
        self.scheduler = self.start("scheduler", "--port", "0", "--scheduler-file", str(self.file))
        wait_for(lambda: self.file.exists() and self.file.read_text())
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


def test_a_cluster_whose_parts_go_one_by_one(running, drcl, sm, scores, monkeypatch, complains, slow):
    tasks = [sm(), replace(drcl("slow"), dataset=slow.stem), drcl("c", seeds=range(3)), drcl("d", learning_rate=1e30)]
    monkeypatch.setattr(cluster, "PATIENCE", 5)
    with complains(repr(running.address), "no workers", "dask worker", error=ConnectionError):
        connected(running.address).__enter__()
    running.work(1)
    monkeypatch.setattr(cluster, "PATIENCE", 600)
    found = []
    with connected(running.address) as client:
        for task, records in in_cluster(tasks, client):
            if not found:
                wait_for(lambda: any(map(len, client.processing().values())))
                os.replace(slow.with_suffix(".real"), slow)
                running.work(1)
                client.wait_for_workers(2, timeout=600)
                running.workers[0].kill()
                wait_for(lambda: blamed(client))
            assert records[0]["task"] == task.id
            found += records
        assert scores(found) == scores(record for _, records in here(tasks) for record in records)
        assert sum(record["error"] is not None for record in found) == 2
        results = in_cluster([drcl(str(number)) for number in range(50)], client)
        next(results)
        running.scheduler.kill()
        with complains(repr(running.address), "is gone", "--resume", error=ConnectionError):
            list(results)


@pytest.fixture
def slow(data_home, make_split):
    """The file of a data set that takes minutes to train on, and beside it one that it can be replaced with."""
    data_home.mkdir()
    file, small = data_home / "slow.npz", make_split()
    great = make_split({name: (100_000, x.shape[1]) for name, x in small.features.items()})
    for path, split in ((file, great), (file.with_suffix(".real"), small)):
        MultimodalDataset(split, small, small, "slow", tuple("abc")).to_npz(path)
    return file


def blamed(client):
    """How often the scheduler has seen a worker die that had a task under way."""
    return client.run_on_scheduler(lambda dask_scheduler: sum(t.suspicious for t in dask_scheduler.tasks.values()))


def wait_for(happened):
    until = time.monotonic() + 600
    while not happened():
        assert time.monotonic() < until, "not within ten minutes"
        time.sleep(0.02)


class Future:
    """One whose status and result come in turns."""

    def __init__(self, *turns):
        self.turns, self.status = list(turns), "pending"

    def turn(self):
        self.status, self.found = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]

    def result(self, timeout):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


class Client:
    """A client whose futures and workers are made up."""

    scheduler = SimpleNamespace(address="tcp://made-up")

    def __init__(self, *futures, workers=("one",)):
        self.futures, self.workers, self.cancelled = list(futures), workers, []

    def submit(self, function, task, pure):
        return self.futures.pop(0)

    def scheduler_info(self):
        return {"workers": self.workers}

    def cancel(self, futures):
        self.cancelled += futures


@pytest.fixture
def turns(monkeypatch):
    """Have every wait give the futures their next turn."""

    def wait(futures, timeout, return_when):
        for future in futures:
            future.turn()
        return SimpleNamespace(done={future for future in futures if future.status != "pending"})

    monkeypatch.setattr("distributed.wait", wait)


def records_for(task, changes=None):
    return [record | (changes or {}) for record in records_of(task, [{}] * len(task.seeds))]


def test_a_lost_result_is_waited_for_again(drcl, sm, turns):
    tasks, good = [drcl(), sm()], [records_for(drcl()), records_for(sm())]
    lost = Future(("lost", None), ("finished", TimeoutError()), ("pending", None), ("finished", good[0]))
    client = Client(lost, Future(("finished", good[1])))
    assert [(task.method, found) for task, found in in_cluster(tasks, client)] == [("SM", good[1]), ("DRCL", good[0])]
    assert lost.turns == [("finished", good[0])]
    assert client.cancelled == []


@pytest.mark.parametrize("error", [CancelledError(), ConnectionResetError("gone")])
def test_a_scheduler_that_goes_while_a_result_is_fetched(drcl, turns, complains, error):
    future = Future(("finished", error))
    client = Client(future)
    with complains("'tcp://made-up' is gone", "--resume", error=ConnectionError):
        list(in_cluster([drcl()], client))
    assert client.cancelled == [future]


@pytest.mark.parametrize(
    "changes", [{"format": "drcl_mini bench 1"}, {"task": "digits-halves, DRCL, seeds 0 to 1, 01234567"}, {"seed": 7}]
)
def test_a_worker_of_another_version_is_told(drcl, turns, changes):
    for found in (records_for(drcl(), changes), records_for(drcl())[:1], None, [1, 2]):
        ((task, records),) = in_cluster([drcl()], Client(Future(("finished", found))))
        assert [record["seed"] for record in records] == list(task.seeds)
        assert all("the worker runs another version" in record["error"] for record in records)


def test_a_cluster_without_workers_is_left_after_a_while(drcl, turns, complains, monkeypatch):
    monkeypatch.setattr(cluster, "DESERTED", 0.05)
    with complains("no workers for 0.05 s", "--resume", error=ConnectionError):
        list(in_cluster([drcl()], Client(Future(("pending", None)), workers=())))
    clock = iter(range(100))  # a second each time it is asked
    monkeypatch.setattr(cluster, "time", SimpleNamespace(monotonic=clock.__next__))
    monkeypatch.setattr(cluster, "DESERTED", 1.5)
    tasks = [drcl(str(number)) for number in range(5)]
    futures = [Future(*[("pending", None)] * n, ("finished", records_for(task))) for n, task in enumerate(tasks)]
    assert len(list(in_cluster(tasks, Client(*futures, workers=())))) == 5  # what is done shows that someone was there


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "127.0.0.1:1", "nonsense://x", "tcp://", ""])
def test_no_scheduler_there(address, monkeypatch, complains):
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with complains("no Dask scheduler", repr(address), "dask scheduler", error=ConnectionError):
        connected(address).__enter__()


def test_missing_dask_names_the_extra(monkeypatch, complains):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with complains("pip install 'drcl-mini[cluster]'", error=ImportError):
        connected("tcp://127.0.0.1:1").__enter__()


def test_a_task_that_kills_one_worker_after_another_is_a_failure(drcl, turns):
    killed = type("KilledWorker", (Exception,), {})()
    for error, reason in [
        (killed, "died one after another"),
        (ModuleNotFoundError("No module named 'x'"), "ModuleNotFoundError: No"),
        (OSError("disk"), "OSError: disk"),
    ]:
        ((_, records),) = in_cluster([drcl()], Client(Future(("error", error))))
        assert [record["seed"] for record in records] == [0, 1]
        assert all(reason in record["error"] for record in records)

"""Tasks on a Dask cluster that is running already.

This uses Dask's own client, not joblib's backend for Dask, which hides what a grid must know:
results come as soon as they are ready, a task that kills its workers differs from one that fails,
and results lost with a worker are repeated.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ...core.checks import require
from ..plan.grid import Record, Task
from ..store.results import FORMAT, failed
from .engines import Results
from .execution import one_line, run_task

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 10
"""Seconds to wait for a scheduler, for its first worker, and for a result that is ready."""
DESERTED = 60
"""Seconds to wait for new workers when all are gone."""
KEPT = "finished runs are kept, go on with --resume"


def in_cluster(tasks: Sequence[Task], client: "Client") -> Results:
    """On the workers of a cluster.

    A task whose worker dies is done again by another one, also if only its result was lost with the
    worker. A task that has killed several workers (the scheduler's ``allowed-failures``) is
    recorded as failed, and the rest goes on.

    Raises:
        ConnectionError: the scheduler is gone, or there have been no workers for a minute.
    """
    waiting = {client.submit(run_task, task, pure=False): task for task in tasks}
    seen = time.monotonic()
    try:
        while waiting:
            try:
                ended = _ended(waiting)
                there = bool(ended or _workers(client))
            except (CancelledError, OSError):
                address = client.scheduler.address
                raise ConnectionError(
                    f"the Dask scheduler at {address!r} is gone: {KEPT}"
                ) from None
            now = time.monotonic()
            if there:
                seen = now
            elif now - seen > DESERTED:
                raise ConnectionError(f"the Dask cluster had no workers for {DESERTED} s: {KEPT}")
            for future, records in ended.items():
                yield waiting.pop(future), records
    finally:
        with suppress(Exception):  # the scheduler may be gone
            client.cancel(list(waiting))


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A client of the cluster with this scheduler.

    Raises:
        ImportError: Dask is missing; says how to install it.
        ConnectionError: no scheduler there, or one without workers.
    """
    distributed = require("distributed", "'drcl-mini[cluster]'")
    try:
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TypeError) as error:
        reason = one_line(error).partition(" after ")[0]
        told = f"no Dask scheduler at {address!r} within {PATIENCE} s ({reason})"
        raise ConnectionError(f"{told}: start one with  dask scheduler") from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # no tracebacks of its own
    with client:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=PATIENCE)
        if not _workers(client):
            told = f"the Dask cluster at {address!r} has no workers"
            raise ConnectionError(f"{told}: start some with  dask worker {address}")
        yield client


def _ended(waiting: Mapping["Future", Task]) -> dict["Future", list[Record]]:
    """Records of the tasks that end within a second, without results that were lost with a worker.

    Raises:
        CancelledError: the scheduler is gone.
    """
    from distributed import wait

    ended = {}
    with suppress(TimeoutError):
        for future in wait(list(waiting), timeout=1, return_when="FIRST_COMPLETED").done:
            if future.status in ("finished", "error"):
                ended[future] = _records(waiting[future], future)
    return ended


def _records(task: Task, future: "Future") -> list[Record]:
    try:
        records = future.result(timeout=PATIENCE)
    except Exception as error:
        if future.status != "error":  # the task did not fail
            raise
        reason = f"{type(error).__name__}: {one_line(str(error))}"
        if reason.startswith("KilledWorker"):
            reason = "its workers died one after another"
        return failed(task, reason)
    try:
        found = [(record["format"], record["task"], record["seed"]) for record in records]
    except (TypeError, KeyError):
        found = []
    if found == [(FORMAT, task.id, seed) for seed in task.seeds]:
        return records
    return failed(task, "the worker runs another version of drcl_mini: install the same one there")


def _workers(client: "Client") -> dict[str, Any]:
    return client.scheduler_info()["workers"]

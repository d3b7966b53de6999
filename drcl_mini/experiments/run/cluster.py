"""Tasks on a Dask cluster that is there already. Dask itself gives the task of a dead worker to another one.

This uses Dask's own client, not joblib's backend for Dask, which hides what a grid must know: results come as they are
ready, a task that kills its workers is told from one that fails, and what is lost with a worker is made again.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..plan.grid import Record, Task
from ..store.results import FORMAT, records_of
from .engines import Results
from .execution import one_line, run_task

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 10
"""Seconds to wait for a scheduler, for its first worker, and for a result that is ready."""
DESERTED = 60
"""Seconds to wait for new workers where all have gone."""
KEPT = "what is done is kept, go on with --resume"


def in_cluster(tasks: Sequence[Task], client: "Client") -> Results:
    """On the workers of a cluster.

    A task whose worker dies is done again by another, also where it was done and the result went with the worker; one
    that has killed several workers (the scheduler's ``allowed-failures``) is recorded as failed, and the rest goes on.

    Raises:
        ConnectionError: the scheduler is gone, or all workers are, and none has come for a minute.
    """
    waiting = {client.submit(run_task, task, pure=False): task for task in tasks}
    seen = time.monotonic()
    try:
        while waiting:
            try:
                ended = _ended(waiting)
                there = bool(ended or _workers(client))
            except (CancelledError, OSError):
                raise ConnectionError(
                    f"the Dask scheduler at {client.scheduler.address!r} is gone: {KEPT}"
                ) from None
            now = time.monotonic()
            if not there and now - seen > DESERTED:
                raise ConnectionError(
                    f"the Dask cluster has had no workers for {DESERTED} s: {KEPT}"
                )
            seen = now if there else seen
            for future, records in ended.items():
                yield waiting.pop(future), records
    finally:
        with suppress(
            Exception
        ):  # what is left to do is not wanted any more; the scheduler may be gone
            client.cancel(list(waiting))


@contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A client of the cluster whose scheduler is at this address.

    Raises:
        ImportError: Dask is missing; names the extra.
        ConnectionError: no scheduler there, or one without workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError(
            f"--cluster needs Dask ({error}): pip install 'drcl-mini[cluster]'"
        ) from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TypeError) as error:
        reason = one_line(error).partition(" after ")[0]
        raise ConnectionError(
            f"no Dask scheduler at {address!r} within {PATIENCE} s ({reason}): start one with  dask scheduler"
        ) from None
    logging.getLogger("distributed.client").setLevel(
        logging.CRITICAL
    )  # one line says it, not its tracebacks
    with client:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=PATIENCE)
        if not _workers(client):
            raise ConnectionError(
                f"the Dask cluster at {address!r} has no workers: start some with  dask worker {address}"
            )
        yield client


def _ended(waiting: Mapping["Future", Task]) -> dict["Future", list[Record]]:
    """What has ended, a second at most being given to it. What was lost with a worker is not among it: it comes again.

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
        if future.status != "error":  # the task is not what failed
            raise
        name = type(error).__name__
        reason = (
            "its workers died one after another"
            if name == "KilledWorker"
            else f"{name}: {one_line(str(error))}"
        )
    else:
        if _ours(task, records):
            return records
        reason = "the worker runs another version: install there the drcl_mini that is here"
    return records_of(task, [{"error": reason}] * len(task.seeds))


def _ours(task: Task, records: Any) -> bool:
    try:
        found = [(record["format"], record["task"], record["seed"]) for record in records]
    except (TypeError, KeyError):
        return False
    return found == [(FORMAT, task.id, seed) for seed in task.seeds]


def _workers(client: "Client") -> dict[str, Any]:
    return client.scheduler_info()["workers"]

"""Tasks on a Dask cluster that is there already. Dask itself gives the task of a dead worker to another one."""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from .engines import Results
from .execution import one_line, run_task
from .grid import Task
from .results import Record, records_of

if TYPE_CHECKING:
    from distributed import Client, Future

PATIENCE = 10
"""Seconds to wait for a scheduler, and for its first worker."""
DESERTED = 60
"""Seconds to wait for new workers where all have gone."""
KEPT = "what is done is kept, go on with --resume"


def in_cluster(tasks: Sequence[Task], client: "Client") -> Results:
    """On the workers of a cluster.

    A task whose worker dies is done again by another; one that has killed several workers (the scheduler's
    ``allowed-failures``) is recorded as failed, and the rest goes on.

    Raises:
        ConnectionError: the scheduler is gone, or all workers are, and none has come for a minute.
    """
    from distributed import wait

    waiting = {client.submit(run_task, task, pure=False): task for task in tasks}
    seen = time.monotonic()
    try:
        while waiting:
            done: Sequence[Future] = ()
            try:
                done = wait(list(waiting), timeout=1, return_when="FIRST_COMPLETED").done
            except TimeoutError:
                seen = _check(client, seen)
            except CancelledError:
                raise _gone(client) from None
            for future in done:
                task = waiting.pop(future)
                yield task, _records(task, future)
    finally:
        with suppress(Exception):  # what is left to do is not wanted any more; the scheduler may be gone
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
        raise ImportError(f"--cluster needs Dask ({error}): pip install 'drcl-mini[cluster]'") from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TypeError) as error:
        reason = one_line(error).partition(" after ")[0]
        raise ConnectionError(
            f"no Dask scheduler at {address!r} within {PATIENCE} s ({reason}): start one with  dask scheduler"
        ) from None
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # one line says it, not its tracebacks
    with client:
        with suppress(TimeoutError):
            client.wait_for_workers(1, timeout=PATIENCE)
        if not _workers(client):
            raise ConnectionError(
                f"the Dask cluster at {address!r} has no workers: start some with  dask worker {address}"
            )
        yield client


def _records(task: Task, future: "Future") -> list[Record]:
    if future.status == "finished":
        return future.result()
    error = future.exception()
    name = type(error).__name__
    reason = "its workers died one after another" if name == "KilledWorker" else f"{name}: {one_line(str(error))}"
    return records_of(task, [{"error": reason}] * len(task.seeds))


def _check(client: "Client", seen: float) -> float:
    """When workers were there last; now, as a rule."""
    now = time.monotonic()
    try:
        there = _workers(client)
    except OSError:
        raise _gone(client) from None
    if not there and now - seen > DESERTED:
        raise ConnectionError(f"the Dask cluster has had no workers for {DESERTED} s: {KEPT}")
    return now if there else seen


def _gone(client: "Client") -> ConnectionError:
    return ConnectionError(f"the Dask scheduler at {client.scheduler.address!r} is gone: {KEPT}")


def _workers(client: "Client") -> dict[str, Any]:
    return client.scheduler_info()["workers"]

"""Where tasks run: here one after another, in worker processes of this machine, or on a Dask cluster.

Each engine gives (task, records) as tasks end, in any order, and goes on when a worker dies.
"""

import functools
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ...core.checks import needs
from ..plan.grid import Record, Task
from ..store.results import records_of
from .execution import run_task

Results = Iterator[tuple[Task, list[Record]]]


class Engine(NamedTuple):
    """Where tasks run.

    Args:
        name: "here", "jobs" or "cluster", for the records.
        jobs: how many processes compute.
        run: does tasks.
    """

    name: str
    jobs: int
    run: Callable[[Sequence[Task]], Results]


def here(tasks: Iterable[Task]) -> Results:
    """One after another, in this process."""
    for task in tasks:
        yield task, run_task(task)


def in_processes(tasks: Sequence[Task], jobs: int) -> Results:
    """In worker processes, through joblib.

    Where a worker dies, say of too little memory, the tasks that were under way are done again, each alone: the one
    that kills its worker again is recorded as failed, and the rest goes on.

    Args:
        tasks: what to do.
        jobs: how many processes.
    """
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    left, work = {task.id: task for task in tasks}, delayed(in_worker)
    while left:
        begun: list[Task] = []

        def calls(begun: list[Task] = begun) -> Iterator[tuple]:
            for task in list(left.values()):
                begun.append(task)
                yield work(task, os.getpid())

        options = {"return_as": "generator_unordered", "batch_size": 1, "pre_dispatch": jobs}
        results = Parallel(jobs, backend="loky", **options)(calls())
        try:
            for name, records in results:
                yield left.pop(name), records
        except TerminatedWorkerError:
            for task in begun:
                if task.id in left:
                    yield left.pop(task.id), _alone(task)
        finally:
            with warnings.catch_warnings(
                action="ignore"
            ):  # that tasks are cancelled: who closes this wants it
                results.close()


def in_worker(task: Task, parent: int) -> tuple[str, list[Record]]:
    """Ctrl-C reaches the workers, too: they leave it to the parent, which ends them.

    Bars take a lock of threads: one of processes would be told as leaked when the worker is ended.
    """
    _end_with(parent)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    needs("tqdm").tqdm.set_lock(threading.RLock())
    return task.id, run_task(task)


@functools.cache
def _end_with(parent: int) -> None:
    """End this process when its parent has ended: nobody waits for its results, and a resumed grid needs the cores."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _alone(task: Task) -> list[Record]:
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    executor = ProcessPoolExecutor(1)
    try:
        return executor.submit(in_worker, task, os.getpid()).result()[1]
    except TerminatedWorkerError as error:
        reason = " ".join(str(error).split())
        return records_of(task, [{"error": f"its worker process died: {reason}"}] * len(task.seeds))
    finally:
        executor.shutdown(kill_workers=True)  # Ctrl-C doesn't wait for the task

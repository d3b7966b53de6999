"""Where tasks run: one after another in this process, in worker processes, or on a Dask cluster.

Each engine yields (task, records) as tasks end, in any order, and goes on when a worker dies.
"""

import functools
import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tqdm import tqdm

from ..plan.grid import Record, Task
from ..store.results import failed
from .execution import one_line, run_task

Results = Iterator[tuple[Task, list[Record]]]


class Engine(NamedTuple):
    """Where tasks run.

    Args:
        name: "here", "jobs" or "cluster", for the records.
        jobs: how many processes compute.
        run: runs tasks.
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

    When a worker dies, say of too little memory, the tasks that were running are done again, each
    alone: one that kills its worker again is recorded as failed, and the rest goes on.
    """
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    left = {task.id: task for task in tasks}
    begun: list[Task] = []

    def calls() -> Iterator[tuple]:
        for task in list(left.values()):
            begun.append(task)
            yield delayed(in_worker)(task, os.getpid())

    options = {"return_as": "generator_unordered", "batch_size": 1, "pre_dispatch": jobs}
    while left:
        begun.clear()
        results = Parallel(jobs, backend="loky", **options)(calls())
        try:
            for name, records in results:
                yield left.pop(name), records
        except TerminatedWorkerError:
            for task in begun:
                if task.id in left:
                    yield left.pop(task.id), alone(task)
        finally:
            with warnings.catch_warnings(action="ignore"):  # joblib warns that it cancels tasks
                results.close()


def in_worker(task: Task, parent: int) -> tuple[str, list[Record]]:
    """Do a task in a worker process, which leaves Ctrl-C to its parent and ends with it."""
    end_with(parent)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    tqdm.set_lock(threading.RLock())  # tqdm's own lock would be reported as leaked at the end
    return task.id, run_task(task)


@functools.cache
def end_with(parent: int) -> None:
    """End this process when its parent has ended: a resumed grid needs the cores."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def alone(task: Task) -> list[Record]:
    """Do a task in a new process of its own; records of a failure if that dies."""
    from joblib.externals.loky import ProcessPoolExecutor
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    executor = ProcessPoolExecutor(1)
    try:
        return executor.submit(in_worker, task, os.getpid()).result()[1]
    except TerminatedWorkerError as error:
        return failed(task, f"its worker process died: {one_line(str(error))}")
    finally:
        executor.shutdown(kill_workers=True)  # Ctrl-C doesn't wait for the task

"""``python -m drcl_mini bench``: a grid of data sets, methods and seeds; one JSON line a run, resumable."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ...core.checks import needs
from ...core.files import check_writable
from ...core.intervals import interval
from ..plan.changes import HELP, change_of
from ..plan.choice import check_search, choose, stored
from ..plan.grid import Record, Task, key_of
from ..plan.plan import Plan, check_same, plan_of, warn_of_commits
from ..plan.suites import SUITES
from ..store.results import read_results
from ..store.writing import ResultsFile
from .cluster import connected, in_cluster
from .engines import Engine, here, in_processes

THREADS = """threads of a run (default: 1), here and in every worker of --jobs (N processes of T threads) and --cluster:
another number rounds otherwise, so scores are the same bit for bit however they are made"""

RESUME = """go on: skip tasks that are done, try again what failed; a run that diverged would do so again and counts as
done. A task of DRCL or of a variant is all its seeds, one stack: with another --seeds it is made anew and replaces the
old runs of that method. Other methods have a task for each seed"""

SEARCH = """first choose each method's settings on validation data, at each share of wrong labels anew: search.jsonl.
Where DRCL is searched, its variants take its choice. Choices that results.jsonl holds are kept"""


def add_parser(commands: Any) -> None:
    """Add ``bench`` to the command line."""
    parser = commands.add_parser(
        "bench", help="a grid of data sets, methods and seeds", description=__doc__
    )
    suites = "; ".join(f"{name}: {suite.what}" for name, suite in SUITES.items())
    parser.add_argument(
        "--suite", choices=SUITES, metavar="NAME", help=f"a grid with a name. {suites}"
    )
    parser.add_argument(
        "--datasets", nargs="+", metavar="NAME", help="data sets (default: the suite's)"
    )
    parser.add_argument(
        "--methods", nargs="+", metavar="NAME", help="methods (default: the suite's)"
    )
    parser.add_argument(
        "--seeds", type=int, metavar="N", help="seeds 0 to N - 1 (default: the suite's, else 5)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of results.jsonl, and of the commands that made it",
    )
    parser.add_argument("--resume", action="store_true", help=RESUME)
    parser.add_argument("--search", action="store_true", help=SEARCH)
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="worker processes on this machine"
    )
    where.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="scheduler of a Dask cluster, whose workers have the data",
    )
    parser.add_argument("--threads", type=int, default=1, metavar="T", help=THREADS)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help=HELP)
    parser.set_defaults(fail=parser.error)


def bench(options: argparse.Namespace) -> int:
    """Do a grid: plan, search, train, print means. 1 where runs failed or Ctrl-C ended it."""
    try:
        plan = _plan(options)
    except ValueError as error:
        options.fail(str(error))
    with ExitStack() as stack:
        engine = _engine(options, stack)
        folder = check_writable(options.out)
        files = {}
        for name in ["search", "results"] if options.search else ["results"]:
            files[name] = stack.enter_context(ResultsFile(folder / f"{name}.jsonl"))
            if files[name].records and not options.resume:
                raise ValueError(
                    f"{str(files[name].path)!r} holds runs: --resume goes on, or use another --out"
                )
        with open(folder / "commands.txt", "a", encoding="utf-8") as told:
            print(options.told, file=told)
        try:
            tasks = _tasks(plan, files, engine)
            warn_of_commits(tasks, files["results"].records, files["results"].done)
            _do(tasks, files["results"], engine, "runs")
        except KeyboardInterrupt:
            kept = len(read_results(files["results"].path))
            print(
                f"error: interrupted; {kept} runs are kept in {folder}: go on with --resume",
                file=sys.stderr,
            )
            return 1
        return _report(tasks, files["results"])


def _plan(options: argparse.Namespace) -> Plan:
    if options.jobs < 1:
        raise ValueError(f"--jobs is {options.jobs}, expected at least 1")
    names = options.datasets, options.methods, options.seeds
    plan = plan_of(
        SUITES.get(options.suite), *names, list(map(change_of, options.set)), options.threads
    )
    if options.search:
        check_search(plan.methods)
    plan.tasks()  # bad settings are told now
    return plan


def _engine(options: argparse.Namespace, stack: ExitStack) -> Engine:
    if options.cluster is not None:
        client = stack.enter_context(connected(options.cluster))
        return Engine("cluster", len(client.nthreads()), partial(in_cluster, client=client))
    if options.jobs == 1:
        return Engine("here", 1, here)
    return Engine("jobs", options.jobs, partial(in_processes, jobs=options.jobs))


def _tasks(plan: Plan, files: Mapping[str, ResultsFile], engine: Engine) -> list[Task]:
    """The tasks of a plan, after a check of what is stored; with a search, its tries are done first."""
    results, search = files["results"], files.get("search")
    choices = stored(results.records) if search else {}
    tries = {
        c.key: plan.tries(c)
        for c in plan.cells()
        if search and c.method.grid and c.key not in choices
    }
    tasks = plan.tasks(choices | dict.fromkeys(tries, ({}, {})))
    check_same(tasks, results.records, results.path)
    if tries:
        _do([task for some in tries.values() for _, task in some], search, engine, "tries")
        tasks = plan.tasks(
            choices | {key: choose(some, search.records) for key, some in tries.items()}
        )
    return tasks


def _do(tasks: Sequence[Task], file: ResultsFile, engine: Engine, what: str) -> None:
    """Do what isn't done yet, write it down task by task, and show how long it will take."""
    tqdm, done = needs("tqdm").tqdm, file.done
    left = [task for task in tasks if task.id not in done]
    runs, todo = (sum(len(task.seeds) for task in some) for some in (tasks, left))
    with tqdm(total=runs, initial=runs - todo, desc=what, unit="run", disable=None) as bar:
        results = engine.run(left)
        try:
            for task, records in results:
                file.append(
                    [{**record, "engine": engine.name, "jobs": engine.jobs} for record in records]
                )
                for error in dict.fromkeys(
                    record["error"] for record in records if record["error"]
                ):
                    tqdm.write(f"failed: {task.id}: {error}", file=sys.stderr)
                bar.update(len(records))
        finally:
            results.close()


def _report(tasks: Sequence[Task], file: ResultsFile) -> int:
    """Print each method's means over its seeds, the test's with its 95 % interval."""
    groups: dict[tuple, list[Record]] = {
        (task.dataset, task.method, task.label_noise): [] for task in tasks
    }
    wanted = {(t.dataset, t.method, t.label_noise, seed) for t in tasks for seed in t.seeds}
    for record in file.records:
        if (*key_of(record), record["seed"]) in wanted:
            groups[key_of(record)].append(record)
    print(
        f"{'data set':<20}{'method':<26}{'noise':>6}{'runs':>6}{'failed':>7}{'validation':>12}  test mAP@all"
    )
    for (data, method, noise), group in groups.items():
        whole = [record for record in group if record["error"] is None]
        print(
            f"{data:<20}{method:<26}{noise:>6g}{len(group):>6}{len(group) - len(whole):>7}", end=""
        )
        held = [record["validation"] for record in whole if record["validation"] is not None]
        maps = [
            np.mean([s["map"] for s in record["scores"] if s["k"] == "all"])
            for record in whole
            if record["scores"]
        ]
        print(f"{np.mean(held) if held else np.nan:12.4f}", end="")
        print(f"{np.mean(maps):8.4f} ± {interval(maps):.4f}" if maps else "     not scored")
    failed = sum(record["error"] is not None for group in groups.values() for record in group)
    print(f"saved in {file.path}")
    if failed:
        print(
            f"error: {failed} of {len(wanted)} runs failed: {str(file.path)!r} says why",
            file=sys.stderr,
        )
    return 1 if failed else 0

"""A grid of data sets, methods and seeds; one JSON line a run, resumable."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ...core.files import check_writable
from ...core.intervals import interval
from ...core.terminal import one_line
from ..plan.changes import HELP, change_of
from ..plan.choice import ROUNDS, Try, check_search, choose, finals, more_tries, stored, tries_of
from ..plan.grid import Key, Record, Task, key_of
from ..plan.plan import Plan, check_same, plan_of, warn_of_commits
from ..plan.suites import SUITES
from ..store.results import read_results
from ..store.writing import ResultsFile
from .cluster import connected, in_cluster
from .duration import as_text, measured, rows_of, seconds_of
from .engines import Engine, here, in_processes

THREADS = """threads of a run (default: 1), here and in every worker of --jobs (N processes of T
threads) and --cluster. Another number rounds differently; with the same number scores are the same
bit for bit wherever they are computed"""

RESUME = """go on: skip tasks that are done, repeat those that failed; a run that diverged would do
so again and counts as done. A task of DRCL or of a variant is all its seeds, one stack: with
another --seeds it is repeated and replaces the old runs of that method. Other methods have a task
for each seed"""

SEARCH = """first choose each method's settings on validation data, for each share of wrong labels:
search.jsonl. If DRCL is searched, its variants take its choice. Choices stored in results.jsonl are
kept"""

DRY = """only say what would be done, and about how long each row takes: by the runs that --out
holds, else by times that were measured on one core of a 2-core machine"""

HEAD = "{:<20}{:<26}{:>6}{:>6}{:>7}{:>12}  {}"
ROW = "{:<20}{:<26}{:>6g}{:>6}{:>7}{:>12.4f}  {}"


def add_parser(commands: Any) -> None:
    """Add ``bench`` to the command line."""
    told = "a grid of data sets, methods and seeds"
    parser = commands.add_parser("bench", help=told, description=__doc__)
    suites = "; ".join(f"{name}: {suite.what}" for name, suite in SUITES.items())
    add = parser.add_argument
    names = {"nargs": "+", "metavar": "NAME"}
    add("--suite", choices=SUITES, metavar="NAME", help=f"a grid with a name. {suites}")
    add("--datasets", **names, help="data sets (default: the suite's)")
    add("--methods", **names, help="methods (default: the suite's)")
    seeds = "seeds 0 to N - 1 (default: the suite's, else 5)"
    add("--seeds", type=int, metavar="N", help=seeds)
    out = "folder of results.jsonl, and of the commands that made it"
    add("--out", type=Path, required=True, metavar="DIR", help=out)
    add("--resume", action="store_true", help=RESUME)
    add("--search", action="store_true", help=SEARCH)
    add("--dry-run", action="store_true", help=DRY)
    where = parser.add_mutually_exclusive_group()
    jobs = "worker processes on this machine"
    where.add_argument("--jobs", type=int, default=1, metavar="N", help=jobs)
    cluster = "scheduler of a Dask cluster, whose workers have the data"
    where.add_argument("--cluster", metavar="ADDRESS", help=cluster)
    add("--threads", type=int, default=1, metavar="T", help=THREADS)
    add("--set", action="append", default=[], metavar="NAME=VALUE", help=HELP)
    parser.set_defaults(fail=parser.error)


def bench(options: argparse.Namespace) -> int:
    """Do a grid: plan, search, train, print means. 1 if runs failed or Ctrl-C ended it."""
    try:
        plan = _plan(options)
    except ValueError as error:
        options.fail(str(error))
    if options.dry_run:
        print(_foretold(options, plan))
        return 0
    with ExitStack() as stack:
        engine = _engine(options, stack)
        folder = check_writable(options.out)
        files = {}
        for name in ["search", "results"] if options.search else ["results"]:
            path = folder / f"{name}.jsonl"
            files[name] = stack.enter_context(ResultsFile(path))
            if files[name].records and not options.resume:
                todo = "--resume goes on, or use another --out"
                raise ValueError(f"{str(path)!r} holds runs: {todo}")
        with open(folder / "commands.txt", "a", encoding="utf-8") as told:
            print(options.told, file=told)
        results = files["results"]
        try:
            tasks = _tasks(plan, results, files.get("search"), engine)
            warn_of_commits(tasks, results.records, results.done)
            _do(tasks, results, engine, "runs")
        except KeyboardInterrupt:
            kept = len(results.records)
            told = f"interrupted; {kept} runs are kept in {folder}: go on with --resume"
            print(one_line(told), file=sys.stderr)
            return 1
        return _report(tasks, results)


def _plan(options: argparse.Namespace) -> Plan:
    if options.jobs < 1:
        raise ValueError(f"--jobs is {options.jobs}, expected at least 1")
    names = options.datasets, options.methods, options.seeds
    given = list(map(change_of, options.set))
    plan = plan_of(SUITES.get(options.suite), *names, given, options.threads)
    if options.search:
        check_search(plan.cells)
    searched = [cell.searched.key for cell in plan.cells if cell.method.space]
    plan.tasks({key: {} for key in searched} if options.search else None)  # finds bad settings now
    return plan


def _foretold(options: argparse.Namespace, plan: Plan) -> str:
    """What a grid would do, and about how long it takes."""
    files = [options.out / f"{name}.jsonl" for name in ("results", "search")]
    made, tried = (read_results(path) if path.is_file() else [] for path in files)
    seconds = measured() | seconds_of([*tried, *made])
    rows = rows_of(plan, options.search, stored(made), seconds)
    return as_text(rows, options.jobs)


def _engine(options: argparse.Namespace, stack: ExitStack) -> Engine:
    if options.cluster is not None:
        client = stack.enter_context(connected(options.cluster))
        return Engine("cluster", len(client.nthreads()), partial(in_cluster, client=client))
    if options.jobs == 1:
        return Engine("here", 1, here)
    return Engine("jobs", options.jobs, partial(in_processes, jobs=options.jobs))


def _tasks(
    plan: Plan, results: ResultsFile, search: ResultsFile | None, engine: Engine
) -> list[Task]:
    """The tasks of a plan, after a check of what is stored and the tries of a search."""
    searches = stored(results.records) if search else {}
    wanted = {cell.searched.key: cell.searched for cell in plan.cells if cell.method.space}
    new = [cell for key, cell in wanted.items() if key not in searches]
    tries = [(cell, tries_of(cell)) for cell in new] if search else []
    tasks = plan.tasks(searches | {cell.key: {} for cell, _ in tries})
    check_same(tasks, results.records, results.path)
    if tries:
        _try([made for _, made in tries], search, engine)
        for round_ in [more_tries] * ROUNDS + [finals]:
            further = [round_(cell, made, search.records) for cell, made in tries]
            _try(further, search, engine)
            for (_, made), more in zip(tries, further, strict=True):
                made += more
        searches |= {cell.key: choose(cell, made, search.records) for cell, made in tries}
        tasks = plan.tasks(searches)
    return tasks


def _try(tries: Sequence[Sequence[Try]], search: ResultsFile, engine: Engine) -> None:
    """Do a round's tries that aren't done yet, those of all methods at once."""
    _do([task for made in tries for _, task in made], search, engine, "tries")


def _do(tasks: Sequence[Task], file: ResultsFile, engine: Engine, what: str) -> None:
    """Do what isn't done yet, write it down task by task, and show how long it will take."""
    done = file.done
    left = [task for task in tasks if task.id not in done]
    runs, todo = (sum(len(task.seeds) for task in some) for some in (tasks, left))
    facts = {"engine": engine.name, "jobs": engine.jobs}
    with tqdm(total=runs, initial=runs - todo, desc=what, unit="run", disable=None) as bar:
        results = engine.run(left)
        try:
            for task, records in results:
                file.append([record | facts for record in records])
                for error in dict.fromkeys(r["error"] for r in records if r["error"]):
                    tqdm.write(f"failed: {task.id}: {error}", file=sys.stderr)
                bar.update(len(records))
        finally:
            results.close()


def _report(tasks: Sequence[Task], file: ResultsFile) -> int:
    """Print each method's means over its seeds, the test's with its 95 % interval."""
    groups: dict[Key, list[Record]] = {task.key: [] for task in tasks}
    wanted = {(*task.key, seed) for task in tasks for seed in task.seeds}
    for record in file.records:
        key = key_of(record)
        if (*key, record["seed"]) in wanted:
            groups[key].append(record)
    print(
        HEAD.format("data set", "method", "noise", "runs", "failed", "validation", "test mAP@all")
    )
    lost = 0
    for key, group in groups.items():
        good = [record for record in group if record["error"] is None]
        failed = len(group) - len(good)
        lost += failed
        held = [record["validation"] for record in good if record["validation"] is not None]
        scored = [record["scores"] for record in good if record["scores"]]
        maps = [np.mean([s["map"] for s in scores if s["k"] == "all"]) for scores in scored]
        test = f"{np.mean(maps):.4f} ± {interval(maps):.4f}" if maps else "not scored"
        print(ROW.format(*key, len(group), failed, np.mean(held) if held else np.nan, test))
    print(f"saved in {file.path}")
    if lost:
        told = f"{lost} of {len(wanted)} runs failed: see {str(file.path)!r}"
        print(one_line(told), file=sys.stderr)
    return 1 if lost else 0

"""From names on a command line to tasks. Mistakes are found before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core.checks import suggest, warn
from ...core.environment import commit
from ...data.load import CONVERTED, available_datasets
from ...training.settings import Settings
from .changes import Change, check_changes
from .choice import SEED
from .grid import Cell, Key, Record, Search, Task, key_of, tasks_of
from .loading import dataset
from .methods import methods
from .suites import Suite


@dataclass(frozen=True)
class Plan:
    """What a grid consists of.

    Args:
        cells: every method on every data set at every share of wrong labels.
        seeds: with which seeds.
        test: whether to score on test data.
    """

    cells: Sequence[Cell]
    seeds: range
    test: bool = True

    def tasks(self, searches: Mapping[Key, Search] | None = None) -> list[Task]:
        """All tasks, with the settings that searches chose.

        Raises:
            ValueError: bad settings, or some that have no default and that no search chose.
        """
        searches = searches or {}
        tasks = []
        for cell in self.cells:
            found = [searches[key] for key in cell.keys if key in searches]
            missing = [] if found else [k for k in cell.method.first if k not in cell.changes]
            if missing:
                given = f'--set "{cell.method.name}.{missing[0]}=…"'
                raise ValueError(
                    f"the released rates of {cell.dataset!r} aren't known: add --search, or {given}"
                )
            tasks += tasks_of(cell, self.seeds, found[0] if found else None, self.test)
        return tasks


def plan_of(
    suite: Suite | None,
    datasets: Sequence[str] | None,
    names: Sequence[str] | None,
    seeds: int | None,
    given: Sequence[Change],
    threads: int = 1,
) -> Plan:
    """A plan from a suite, from names, or from a suite with some of it replaced.

    A method that a data set doesn't have (another modality's prior, released settings) is left out
    there, with a warning.

    Raises:
        ValueError: unknown names, bad numbers or settings, nothing to do.
        FileNotFoundError: a data set that isn't here yet; names the command that fetches it.
        RuntimeError: a data set's file is damaged.

    Example:
        >>> plan = plan_of(None, ["digits-halves"], ["DRCL", "SM"], 3, [Change("", "epochs", 2)])
        >>> [cell.method.name for cell in plan.cells], plan.seeds
        (['DRCL', 'SM'], range(0, 3))
    """
    suite = suite or Suite("as named", datasets=(), group=(), seeds=5)
    seeds = suite.seeds if seeds is None else seeds
    datasets = list(dict.fromkeys(datasets or suite.present()))
    if not datasets or not (names or suite.group):
        raise ValueError("name --datasets and --methods, or a --suite")
    for what, number in (("--seeds", seeds), ("--threads", threads)):
        if not 1 <= number <= SEED:
            raise ValueError(f"{what} is {number}, expected at least 1 and at most {SEED}")
    known = [*available_datasets(), *CONVERTED]
    for name in datasets:
        if name not in known:
            raise ValueError(f"unknown data set {name!r}: {suggest(name, known)}")
    shares = [change.value for change in given if change[:2] == ("", "label_noise")]
    noises = [Settings(label_noise=share).label_noise for share in shares]
    try:
        data = {name: dataset(name) for name in datasets}
    except ValueError as error:  # the names are right
        raise RuntimeError(str(error)) from None
    tables = {name: methods(data[name]) for name in datasets}
    every = sorted({method for table in tables.values() for method in table})
    chosen = []
    for name, table in tables.items():
        for method in dict.fromkeys(names or suite.methods(data[name])):
            if method not in every:
                raise ValueError(f"unknown method {method!r}: {suggest(method, every)}")
            if method in table:
                chosen.append((name, table[method]))
            else:
                warn(f"{name!r} has no method {method!r}: left out there")
    check_changes([method for _, method in chosen], given)
    given = [change for change in given if change.name != "label_noise"]
    cells = [
        Cell(name, method, float(noise), suite.changes(name, method, given), threads)
        for name, method in chosen
        for noise in noises[-1:] or suite.noises
    ]
    return Plan(cells, range(seeds), suite.test)


def check_same(tasks: Sequence[Task], records: Sequence[Record], path: object) -> None:
    """Runs of one method in one file must have the same settings, data and threads.

    Raises:
        ValueError: the file holds others; names the first difference.
    """
    before = {key_of(record): record for record in records}
    for task in tasks:
        record = before.get(task.key)
        if record is None:
            continue
        now, then = _facts(vars(task)), _facts(record)
        if record["error"] is None:
            now["scored on test data"] = task.test
            then["scored on test data"] = bool(record["scores"])
        for name in now | then:
            new, old = (facts.get(name, "not there") for facts in (now, then))
            if new != old:
                raise ValueError(
                    f"{str(path)!r} holds {task.method!r} on {task.dataset!r} with {name} = {old}, "
                    f"now it is {new}: use another --out"
                )


def _facts(about: Mapping[str, Any]) -> dict[str, Any]:
    """What must agree between runs of one method on one data set."""
    facts = {"--search": "not made" if about["search"] is None else "made"}
    return facts | {"data (digest)": about["data"], "threads": about["threads"]} | about["settings"]


def warn_of_commits(tasks: Sequence[Task], records: Sequence[Record], done: set[str]) -> None:
    """A warning if runs that are kept were made by other code than what runs now."""
    kept = {task.id for task in tasks} & done
    commits = [record.get("commit") for record in records if record["task"] in kept]
    others = [str(found)[:7] for found in commits if found != commit()]
    if others:
        told = f"{len(others)} runs of another commit are kept ({', '.join(sorted(set(others)))})"
        warn(f"{told}; to repeat them, use another --out")

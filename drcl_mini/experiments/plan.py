"""From names on a command line to methods, seeds and settings; what doesn't fit is told before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..checks import nearest, warn
from ..datasets import CONVERTED, available_datasets
from .choice import SEED
from .execution import dataset
from .grid import Task, tasks_of
from .measures import commit
from .methods import Method, check_changes, methods
from .results import Record
from .suites import Suite


@dataclass(frozen=True)
class Plan:
    """What a grid consists of.

    Args:
        methods: by data set, what to train on it.
        seeds: with which seeds.
        changes: changed settings.
        noises: shares of wrong training labels.
        threads: threads of each task.
    """

    methods: Mapping[str, Sequence[Method]]
    seeds: range
    changes: Mapping[str, Any]
    noises: Sequence[float] = (0.0,)
    threads: int = 1

    def pairs(self) -> list[tuple[str, Method]]:
        """Every data set with every method."""
        return [(name, method) for name, chosen in self.methods.items() for method in chosen]

    def tasks(self, name: str, method: Method, **chosen: Any) -> list[Task]:
        """The tasks of one of the :meth:`pairs`, with what a search chose."""
        shared = {"changes": self.changes, "noises": self.noises, "threads": self.threads}
        return tasks_of(name, method, self.seeds, **shared, **chosen)


def plan_of(
    suite: Suite | None,
    datasets: Sequence[str] | None,
    names: Sequence[str] | None,
    seeds: int | None,
    changes: Mapping[str, Any],
    threads: int = 1,
) -> Plan:
    """A plan from a suite, from names, or from a suite with some of it replaced.

    A method that a data set hasn't got (another modality's prior, released settings) is left out there, with a
    warning.

    Raises:
        ValueError: unknown names, bad numbers or settings, nothing to do.
        FileNotFoundError: a data set that isn't here yet; names the command that fetches it.

    Example:
        >>> plan = plan_of(None, ["digits-halves"], ["DRCL", "SM"], 3, {"epochs": 2})
        >>> [method.name for _, method in plan.pairs()], plan.seeds
        (['DRCL', 'SM'], range(0, 3))
    """
    datasets = list(dict.fromkeys(datasets or (suite.datasets if suite else ())))
    if not datasets or not (names or suite):
        raise ValueError("name --datasets and --methods, or a --suite")
    seeds = seeds if seeds is not None else suite.seeds if suite else 5
    for number, what in ((seeds, "--seeds"), (threads, "--threads")):
        if not 1 <= number <= SEED:
            raise ValueError(f"{what} is {number}, expected at least 1" + f" and at most {SEED}" * (number > 1))
    for name in datasets:
        known = [*available_datasets(), *CONVERTED]
        if name not in known:
            raise ValueError(f"unknown data set {name!r}: {nearest(name, known)}")
    changes = {**(suite.settings if suite else {}), **changes}
    noises = [changes.pop("label_noise")] if "label_noise" in changes else suite.noises if suite else [0.0]
    data = {name: dataset(name) for name in datasets}
    found = {name: methods(data[name]) for name in datasets}
    every = {method for table in found.values() for method in table}
    chosen: dict[str, list[Method]] = {}
    for name, table in found.items():
        wanted = list(dict.fromkeys(names or suite.methods(data[name])))
        for method in wanted:
            if method not in every:
                raise ValueError(f"unknown method {method!r}: {nearest(method, sorted(every))}")
            if method not in table:
                warn(f"{name!r} has no method {method!r}: left out there")
        chosen[name] = [table[method] for method in wanted if method in table]
    check_changes([method for own in chosen.values() for method in own], changes)
    return Plan(chosen, range(seeds), changes, tuple(noises), threads)


def check_same(tasks: Sequence[Task], records: Sequence[Record], path: object) -> None:
    """Results that stand beside each other in one file must be of the same settings.

    Raises:
        ValueError: a method stands there with other settings; names the first one.
    """
    before = {(r["dataset"], r["method"], r["label_noise"]): r for r in records}
    for task in tasks:
        record = before.get((task.dataset, task.method, task.label_noise))
        if record is None:
            continue
        now, then = ({**part, "threads": t} for part, t in _both(task, record))
        for name in [*now, *then]:
            if now.get(name, "not there") != then.get(name, "not there"):
                raise ValueError(
                    f"{str(path)!r} holds {task.method!r} on {task.dataset!r} with {name} = "
                    f"{then.get(name, 'not there')}, now it is {now.get(name, 'not there')}: use another --out"
                )


def warn_of_commits(tasks: Sequence[Task], records: Sequence[Record]) -> None:
    """A warning where runs that are kept were made by other code than what runs now."""
    wanted = {task.id for task in tasks}
    others = [r["commit"] for r in records if r["task"] in wanted and not r["error"] and r.get("commit") != commit()]
    if others:
        told = ", ".join(sorted({str(other)[:7] for other in others}))
        warn(f"{len(others)} runs are kept that another commit made ({told}): another --out would make them anew")


def _both(task: Task, record: Record) -> list[tuple[dict[str, Any], int]]:
    return [(task.settings, task.threads), (record["settings"], record["threads"])]

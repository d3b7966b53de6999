"""From names on a command line to methods, seeds and settings; what doesn't fit is told before anything runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...core.checks import nearest, warn
from ...core.environment import commit
from ...data.load import CONVERTED, available_datasets
from .changes import Change, changes_of, check_changes, check_share
from .choice import SEED, Choice, tries_of
from .grid import Key, Record, Task, key_of, tasks_of
from .loading import dataset
from .methods import Method, methods
from .suites import Suite


class Cell(NamedTuple):
    """A method on a data set, at a share of wrong training labels: all its seeds have the same settings."""

    dataset: str
    method: Method
    noise: float

    @property
    def key(self) -> Key:
        """Its name in results."""
        return self.dataset, self.method.name, self.noise

    @property
    def keys(self) -> list[Key]:
        """Whose choice it takes: its own, and where it is a variant of DRCL without a grid, that of DRCL."""
        variant = self.method.kind == "DRCL" and not self.method.grid
        return [self.key] + [(self.dataset, "DRCL", self.noise)] * variant


@dataclass(frozen=True)
class Plan:
    """What a grid consists of.

    Args:
        methods: by data set, what to train on it.
        seeds: with which seeds.
        changes: by method, changed settings.
        noises: shares of wrong training labels; validation and test labels stay clean.
        threads: threads of each task.
        test: whether to score on test data.
    """

    methods: Mapping[str, Sequence[Method]]
    seeds: range
    changes: Mapping[str, Mapping[str, Any]]
    noises: Sequence[float] = (0.0,)
    threads: int = 1
    test: bool = True

    def cells(self) -> list[Cell]:
        """Every data set with every method at every share of wrong labels."""
        pairs = [(dataset, method) for dataset, chosen in self.methods.items() for method in chosen]
        return [Cell(*pair, noise) for pair in pairs for noise in self.noises]

    def tasks(self, choices: Mapping[Key, Choice] | None = None) -> list[Task]:
        """All tasks, with the settings that a search chose."""
        tasks = []
        for cell in self.cells():
            choice, search = next(
                (choices[key] for key in cell.keys if choices and key in choices), (None, None)
            )
            tasks += tasks_of(
                cell.dataset,
                cell.method,
                self.seeds,
                choice=choice,
                search=search,
                test=self.test,
                **self._shared(cell),
            )
        return tasks

    def tries(self, cell: Cell) -> list[tuple[dict, Task]]:
        """The tries of a search for the settings of a cell, see :func:`drcl_mini.experiments.plan.choice.tries_of`."""
        return tries_of(cell.dataset, cell.method, **self._shared(cell))

    def _shared(self, cell: Cell) -> dict[str, Any]:
        return {
            "changes": self.changes[cell.method.name],
            "noise": cell.noise,
            "threads": self.threads,
        }


def plan_of(
    suite: Suite | None,
    datasets: Sequence[str] | None,
    names: Sequence[str] | None,
    seeds: int | None,
    given: Sequence[Change],
    threads: int = 1,
) -> Plan:
    """A plan from a suite, from names, or from a suite with some of it replaced.

    A method that a data set hasn't got (another modality's prior, released settings) is left out there, with a
    warning.

    Raises:
        ValueError: unknown names, bad numbers or settings, nothing to do.
        FileNotFoundError: a data set that isn't here yet; names the command that fetches it.
        RuntimeError: a data set's file is damaged.

    Example:
        >>> plan = plan_of(None, ["digits-halves"], ["DRCL", "SM"], 3, [Change("", "epochs", 2)])
        >>> [cell.method.name for cell in plan.cells()], plan.seeds
        (['DRCL', 'SM'], range(0, 3))
    """
    datasets = list(dict.fromkeys(datasets or (suite.datasets if suite else ())))
    if not datasets or not (names or suite):
        raise ValueError("name --datasets and --methods, or a --suite")
    seeds = seeds if seeds is not None else suite.seeds if suite else 5
    for number, what in ((seeds, "--seeds"), (threads, "--threads")):
        if not 1 <= number <= SEED:
            raise ValueError(
                f"{what} is {number}, expected at least 1" + f" and at most {SEED}" * (number > 1)
            )
    for name in datasets:
        known = [*available_datasets(), *CONVERTED]
        if name not in known:
            raise ValueError(f"unknown data set {name!r}: {nearest(name, known)}")
    shares = [
        check_share(change.value)
        for change in given
        if (change.of, change.name) == ("", "label_noise")
    ]
    noises = shares[-1:] or (suite.noises if suite else [0.0])
    try:
        data = {name: dataset(name) for name in datasets}
    except ValueError as error:  # the names are right
        raise RuntimeError(str(error)) from None
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
    used = {method.name: method for own in chosen.values() for method in own}
    check_changes(list(used.values()), given)
    given = [change for change in given if change.name != "label_noise"]
    given = (
        [*(Change("", *setting) for setting in suite.settings.items()), *given] if suite else given
    )
    changes = {name: changes_of(method, given) for name, method in used.items()}
    return Plan(
        chosen,
        range(seeds),
        changes,
        tuple(map(float, noises)),
        threads,
        suite is None or suite.test,
    )


def check_same(tasks: Sequence[Task], records: Sequence[Record], path: object) -> None:
    """Results that stand beside each other in one file must be of the same settings, data and threads.

    Raises:
        ValueError: a method stands there with others; names the first one.
    """
    before = {key_of(record): record for record in records}
    for task in tasks:
        record = before.get((task.dataset, task.method, task.label_noise))
        if record is None:
            continue
        now, then = _facts(vars(task)), _facts(record)
        if record["error"] is None:
            then["scored on test data"], now["scored on test data"] = (
                bool(record["scores"]),
                task.test,
            )
        for name in [*now, *then]:
            if now.get(name, "not there") != then.get(name, "not there"):
                raise ValueError(
                    f"{str(path)!r} holds {task.method!r} on {task.dataset!r} with {name} = "
                    f"{then.get(name, 'not there')}, now it is {now.get(name, 'not there')}: use another --out"
                )


def _facts(about: Mapping[str, Any]) -> dict[str, Any]:
    """What must agree between runs of one method on one data set."""
    searched = "made" if about["search"] is not None else "not made"
    return {
        "--search": searched,
        "data (digest)": about["data"],
        "threads": about["threads"],
        **about["settings"],
    }


def warn_of_commits(tasks: Sequence[Task], records: Sequence[Record], done: set[str]) -> None:
    """A warning where runs that are kept were made by other code than what runs now."""
    kept = {task.id for task in tasks} & done
    others = [r["commit"] for r in records if r["task"] in kept and r.get("commit") != commit()]
    if others:
        told = ", ".join(sorted({str(other)[:7] for other in others}))
        warn(
            f"{len(others)} runs are kept that another commit made ({told}): another --out would make them anew"
        )

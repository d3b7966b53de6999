"""Cells and tasks of a grid. What a task gives depends on nothing but its fields."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ...data.load import SPEAKERS
from .loading import digest
from .methods import Method

Record = dict[str, Any]
"""One run, as a results file keeps it."""

Search = dict[str, Any]
"""How a method's settings were chosen: ``chosen``, the score, the number of tries."""

Key = tuple[str, str, float]
"""Data set, method, share of wrong training labels."""


SEARCHED_ON = {
    "minimedia": "minimedia-small",
    "things-groups": "things",
    "things-fine": "things",
    **dict.fromkeys(SPEAKERS, "numbers"),
}
"""Data sets whose settings are searched on another one: smaller, or with the same samples."""


def key_of(record: Record) -> Key:
    """What all seeds of a method have in common."""
    return record["dataset"], record["method"], record["label_noise"]


def searched_on(key: Key) -> Key:
    """The key of the search that chooses the settings.

    Example:
        >>> searched_on(("numbers-theo", "SM", 0.0))
        ('numbers', 'SM', 0.0)
    """
    return SEARCHED_ON.get(key[0], key[0]), *key[1:]


@dataclass(frozen=True)
class Cell:
    """A method on a data set, at one share of wrong training labels.

    All its seeds have the same settings.

    Args:
        dataset: name of the data set.
        method: what to train.
        noise: share of wrong training labels.
        changes: changed settings, by name; those that the method doesn't have are ignored.
        threads: threads of each task.
    """

    dataset: str
    method: Method
    noise: float = 0.0
    changes: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 1

    @property
    def key(self) -> Key:
        """Its name in results."""
        return self.dataset, self.method.name, self.noise

    @property
    def keys(self) -> list[Key]:
        """The searches it may take settings from: its own, and for variants of DRCL also DRCL's."""
        variant = self.method.kind == "DRCL" and not self.method.space
        keys = [self.key, (self.dataset, "DRCL", self.noise)] if variant else [self.key]
        return list(map(searched_on, keys))

    @property
    def searched(self) -> "Cell":
        """The cell whose search chooses its settings: itself, or the one on another data set."""
        return replace(self, dataset=searched_on(self.key)[0])


@dataclass(frozen=True)
class Task:
    """What is trained at once: DRCL with all its seeds as one stack, other methods with one seed.

    Args:
        dataset: name of the data set.
        method: name of the method.
        kind: what makes it, see :class:`drcl_mini.experiments.plan.methods.Method`.
        settings: all of them but the seed, as JSON keeps them.
        seeds: one run each.
        label_noise: share of wrong training labels; labels of validation and test data are never
            changed.
        threads: threads it computes with: another number of threads rounds differently.
        data: digest of the data set; ``""`` if it need not be checked.
        test: whether to score the runs on test data; a search's tries are not.
        search: how the settings were chosen, ``None`` without a search.
    """

    dataset: str
    method: str
    kind: str
    settings: dict[str, Any]
    seeds: tuple[int, ...]
    label_noise: float = 0.0
    threads: int = 1
    data: str = ""
    test: bool = True
    search: Search | None = field(default=None, compare=False)

    @property
    def key(self) -> Key:
        """What it has in common with its records, see :func:`key_of`."""
        return key_of(vars(self))

    @property
    def id(self) -> str:
        """Its name in a results file: words, and a digest of all that the result depends on.

        Example:
            >>> Task("digits-halves", "SM", "SM", {}, (0,)).id
            'digits-halves, SM, seed 0, 73ce92e3'
        """
        content = asdict(self)
        del content["search"]
        own = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
        first, last = self.seeds[0], self.seeds[-1]
        seeds = f"seed {first}" if len(self.seeds) == 1 else f"seeds {first} to {last}"
        noise = f"label noise {self.label_noise:g}, " if self.label_noise else ""
        return f"{self.dataset}, {self.method}, {noise}{seeds}, {own}"


def tasks_of(
    cell: Cell, seeds: Sequence[int], search: Search | None = None, test: bool = True
) -> list[Task]:
    """The tasks of a cell.

    Args:
        cell: what to train.
        seeds: with which seeds.
        search: how its settings were chosen.
        test: whether to score on test data.

    Example:
        >>> cell = Cell("digits-halves", Method("full", "DRCL"), changes={"epochs": 3})
        >>> [(task.seeds, task.settings["epochs"]) for task in tasks_of(cell, range(5))]
        [((0, 1, 2, 3, 4), 3)]
    """
    method, noise = cell.method, float(cell.noise)
    chosen = {**method.first, **((search or {}).get("chosen") or {})}
    settings = method.settings(cell.dataset, {**chosen, **cell.changes, "label_noise": noise})
    stacks = [tuple(seeds)] if method.kind.startswith("DRCL") else [(seed,) for seed in seeds]
    more = {"threads": cell.threads, "data": digest(cell.dataset), "test": test, "search": search}
    about = (cell.dataset, method.name, method.kind, settings)
    return [Task(*about, stack, noise, **more) for stack in stacks]

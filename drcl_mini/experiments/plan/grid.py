"""The tasks of a grid: data set, method, settings, seeds. What a task gives depends on nothing else."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .loading import digest
from .methods import Method

Search = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """What is trained in one go: DRCL with all its seeds as one stack, any other method with one seed.

    Args:
        dataset: name of the data set.
        method: name of the method.
        kind: what makes it, see :class:`drcl_mini.experiments.plan.methods.Method`.
        settings: all of them but the seed, as JSON keeps them.
        seeds: one run each.
        label_noise: share of the training labels that are made wrong; those of validation and test stay as they are.
        threads: threads it computes with: other numbers of threads round otherwise.
        data: digest of the data set; ``""`` where it doesn't matter.
        test: whether to score the runs on test data; a search's tries are not.
        search: how the settings were chosen, ``None`` where no search was made.
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
    def id(self) -> str:
        """Names the task in a results file: words for people, and a digest of all that the result depends on.

        Example:
            >>> Task("digits-halves", "SM", "SM", {}, (0,)).id
            'digits-halves, SM, seed 0, 73ce92e3'
        """
        content = {name: value for name, value in asdict(self).items() if name != "search"}
        own = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
        seeds = (
            f"seed {self.seeds[0]}"
            if len(self.seeds) == 1
            else f"seeds {self.seeds[0]} to {self.seeds[-1]}"
        )
        noise = f"label noise {self.label_noise:g}, " if self.label_noise else ""
        return f"{self.dataset}, {self.method}, {noise}{seeds}, {own}"


def tasks_of(
    dataset: str,
    method: Method,
    seeds: Sequence[int],
    *,
    changes: Mapping[str, Any],
    noise: float = 0.0,
    threads: int = 1,
    choice: Mapping[str, Any] | None = None,
    search: Search | None = None,
    test: bool = True,
) -> list[Task]:
    """The tasks of one method on one data set, at one share of wrong training labels.

    Args:
        dataset: its name.
        method: what to train.
        seeds: with which seeds.
        changes: changed settings, by name; those that the method hasn't got don't matter.
        noise: share of wrong training labels.
        threads: threads of each task.
        choice: settings that a search chose.
        search: what the records say of that search.
        test: whether to score on test data.

    Example:
        >>> tasks = tasks_of("digits-halves", Method("full", "DRCL"), range(5), changes={"epochs": 3})
        >>> [(task.seeds, task.settings["epochs"]) for task in tasks]
        [((0, 1, 2, 3, 4), 3)]
    """
    told = {"label_noise": noise} if noise and method.takes("label_noise") else {}
    settings = method.settings(dataset, {**changes, **told}, choice)
    stacks = [tuple(seeds)] if method.kind.startswith("DRCL") else [(seed,) for seed in seeds]
    shared = {
        "label_noise": float(noise),
        "threads": threads,
        "data": digest(dataset),
        "test": test,
        "search": search,
    }
    return [Task(dataset, method.name, method.kind, settings, stack, **shared) for stack in stacks]


Record = dict[str, Any]


Key = tuple[str, str, float]
"""Data set, method, share of wrong training labels."""


def key_of(record: Record) -> Key:
    """What all seeds of a method have in common."""
    return record["dataset"], record["method"], record["label_noise"]

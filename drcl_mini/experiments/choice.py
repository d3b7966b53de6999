"""Hyper-parameters: every method's grid tried with one seed, chosen by the mean mAP on validation data, recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

from .execution import dataset
from .grid import Search, Task, tasks_of
from .methods import Method
from .results import Record

SEED = 999_999
"""The seed of the tries; no run of a benchmark has it."""


def check_search(chosen: Mapping[str, Sequence[Method]]) -> None:
    """A search needs validation data to choose by, and something to choose.

    Args:
        chosen: methods by data set.

    Raises:
        ValueError: there is none.
    """
    for name in chosen:
        if dataset(name).validation is None:
            raise ValueError(f"--search: {name!r} has no validation data to choose by")
    if not any(method.grid for own in chosen.values() for method in own):
        raise ValueError("--search: no chosen method has settings to choose from")


def tries_of(dataset: str, method: Method, changes: Mapping[str, Any], threads: int) -> list[tuple[dict, Task]]:
    """A task for every choice in a method's grid; choices that ``changes`` make alike are one.

    Example:
        >>> drcl = Method("DRCL", "DRCL", grid={"learning_rate": (1e-3, 1e-2), "gamma": (0.8, 0.9)})
        >>> len(tries_of("digits-halves", drcl, {}, 1)), len(tries_of("digits-halves", drcl, {"gamma": 1}, 1))
        (4, 2)
    """
    found: dict[str, tuple[dict, Task]] = {}
    if not method.grid:
        return []
    for choice in method.choices():
        (task,) = tasks_of(dataset, method, [SEED], changes=changes, threads=threads, choice=choice)
        found.setdefault(task.id, (choice, task))
    return list(found.values())


def choose(tries: Sequence[tuple[dict, Task]], records: Sequence[Record]) -> tuple[dict[str, Any], Search]:
    """The choice with the best validation score, the first of equals; the defaults where every try failed.

    Args:
        tries: from :func:`tries_of`.
        records: what became of them.

    Returns:
        The choice, and what the runs' records say of the search.
    """
    scores = {record["task"]: record["validation"] for record in records if record["error"] is None}
    scored = [(choice, scores[task.id]) for choice, task in tries if task.id in scores]
    about = {"seed": SEED, "tries": len(tries), "failed": len(tries) - len(scored)}
    if not scored:
        return {}, {**about, "chosen": None, "validation": None}
    choice, best = max(scored, key=lambda pair: pair[1])
    return choice, {**about, "chosen": choice, "validation": best}

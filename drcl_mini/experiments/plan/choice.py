"""Hyper-parameters: every method's grid tried with one seed, chosen by the mean mAP on validation data, recorded.

Tries are trained as the runs they choose for are, on as many wrong training labels; validation labels stay clean. They
are never scored on test data.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .grid import Key, Record, Search, Task, key_of, tasks_of
from .loading import dataset
from .methods import Method

SEED = 999_999
"""The seed of the tries; no run of a benchmark has it."""

Choice = tuple[dict[str, Any], Search]
"""The settings chosen, and what the records of runs say of the search."""


def check_search(chosen: Mapping[str, Sequence[Method]]) -> None:
    """A search needs validation data to choose by, and something to choose.

    Args:
        chosen: methods by data set.

    Raises:
        ValueError: there is none.
    """
    for name in chosen:
        held = dataset(name).validation
        if held is None or len(held.modalities) < 2:
            raise ValueError(
                f"--search: {name!r} has no validation data of two modalities to choose by"
            )
    if not any(method.grid for own in chosen.values() for method in own):
        raise ValueError("--search: no chosen method has settings to choose from")


def tries_of(
    dataset: str, method: Method, changes: Mapping[str, Any], threads: int = 1, noise: float = 0.0
) -> list[tuple[dict[str, Any], Task]]:
    """A task for every choice in a method's grid; choices that ``changes`` make alike are one.

    Example:
        >>> drcl = Method("DRCL", "DRCL", grid={"learning_rate": (1e-3, 1e-2), "gamma": (0.8, 0.9)})
        >>> len(tries_of("digits-halves", drcl, {})), len(tries_of("digits-halves", drcl, {"gamma": 1}))
        (4, 2)
    """
    found: dict[str, tuple[dict, Task]] = {}
    shared = {"changes": changes, "noise": noise, "threads": threads, "test": False}
    for choice in method.choices() if method.grid else ():
        (task,) = tasks_of(dataset, method, [SEED], choice=choice, **shared)
        found.setdefault(task.id, (choice, task))
    return list(found.values())


def choose(tries: Sequence[tuple[dict[str, Any], Task]], records: Sequence[Record]) -> Choice:
    """The choice with the best validation score, the first of equals; the defaults where every try failed.

    Args:
        tries: from :func:`tries_of`.
        records: among them, what became of the tries.
    """
    scores = {
        r["task"]: r["validation"]
        for r in records
        if r["error"] is None and r["validation"] is not None
    }
    scored = [(choice, scores[task.id]) for choice, task in tries if task.id in scores]
    choice, best = max(scored, key=lambda pair: pair[1], default=({}, None))
    about = {"method": tries[0][1].method, "label_noise": tries[0][1].label_noise, "seed": SEED}
    about |= {
        "tries": len(tries),
        "failed": len(tries) - len(scored),
        "chosen": choice or None,
        "validation": best,
    }
    return choice, about


def stored(records: Sequence[Record]) -> dict[Key, Choice]:
    """The choices that runs were made with: an earlier search isn't made again.

    Example:
        >>> run = {"dataset": "toy", "method": "SM", "label_noise": 0.0, "search": {"chosen": {"C": 1.0}}}
        >>> stored([run])[key_of(run)]
        ({'C': 1.0}, {'chosen': {'C': 1.0}})
    """
    return {
        key_of(r): (r["search"].get("chosen") or {}, r["search"])
        for r in records
        if r["search"] is not None
    }

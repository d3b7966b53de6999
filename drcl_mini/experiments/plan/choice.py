"""The search for hyper-parameters: each method's grid, chosen by mAP on validation data.

Tries are trained like the runs they choose for, on as many wrong training labels; validation labels
stay clean. They are never scored on test data.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from .grid import Cell, Key, Record, Search, Task, key_of, tasks_of
from .loading import dataset

SEED = 999_999
"""The seed of the tries; no run of a benchmark has it."""

Try = tuple[dict[str, Any], Task]
"""Settings from a method's grid, and the task that tries them."""


def check_search(cells: Sequence[Cell]) -> None:
    """A search needs validation data to choose by, and something to choose.

    Raises:
        ValueError: there is none.
    """
    for name in dict.fromkeys(cell.dataset for cell in cells):
        held = dataset(name).validation
        if held is None or len(held.modalities) < 2:
            raise ValueError(
                f"--search: {name!r} has no validation data of two modalities to choose by"
            )
    if not any(cell.method.grid for cell in cells):
        raise ValueError("--search: no chosen method has settings to choose from")


def tries_of(cell: Cell) -> list[Try]:
    """A task for every combination in a method's grid.

    Where the cell's own changes make some of them equal, the first one counts.

    Example:
        >>> from drcl_mini.experiments.plan.methods import Method
        >>> drcl = Method("DRCL", "DRCL", grid={"learning_rate": (1e-3, 1e-2), "gamma": (0.8, 0.9)})
        >>> [len(tries_of(Cell("digits-halves", drcl, changes=own))) for own in ({}, {"gamma": 1})]
        [4, 2]
    """
    found: dict[str, Try] = {}
    for choice in cell.method.choices() if cell.method.grid else ():
        own = replace(cell, changes={**choice, **cell.changes})
        (task,) = tasks_of(own, [SEED], test=False)
        found.setdefault(task.id, (choice, task))
    return list(found.values())


def choose(tries: Sequence[Try], records: Sequence[Record]) -> Search:
    """What a search found: the settings with the best validation score, the first of equals.

    ``chosen`` is ``None`` if every try failed.

    Args:
        tries: from :func:`tries_of`.
        records: the records of the tries, possibly among others.
    """
    scores = {r["task"]: r["validation"] for r in records if r["error"] is None}
    good = [(scores[task.id], choice) for choice, task in tries if scores.get(task.id) is not None]
    best, chosen = max(good, key=lambda pair: pair[0], default=(None, None))
    _, first = tries[0]
    about = {"method": first.method, "label_noise": first.label_noise, "seed": SEED}
    counts = {"tries": len(tries), "failed": len(tries) - len(good)}
    return about | counts | {"chosen": chosen, "validation": best}


def stored(records: Sequence[Record]) -> dict[Key, Search]:
    """The searches that runs were made with: none of them is made again.

    Example:
        >>> run = {"dataset": "toy", "method": "SM", "label_noise": 0.0}
        >>> stored([run | {"search": {"chosen": {"C": 1.0}}}])
        {('toy', 'SM', 0.0): {'chosen': {'C': 1.0}}}
    """
    return {key_of(r): r["search"] for r in records if r["search"] is not None}

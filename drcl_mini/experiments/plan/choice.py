"""The search for settings: as many tries for every method, chosen by mAP on validation data.

The defaults are the first try. Others are spread over the method's space; then come two rounds of
further ones, which go beyond the edges that the best try so far lies on. The best few of all are
tried with more seeds, and the best mean is chosen: one lucky seed doesn't decide.

Tries are trained like the runs they choose for, on as many wrong training labels; validation labels
stay clean. They are never scored on test data.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ...training.space import Log, Space, beyond, draw, edges
from .grid import Cell, Key, Record, Search, Task, key_of, searched_on, tasks_of
from .loading import dataset

SEED = 999_999
"""The seed of the tries; no run of a benchmark has it."""

FIRST, MORE, ROUNDS = 16, 4, 2
"""Tries of a method at first, and in each round after; 24 in all."""

FINAL, SEEDS = 4, (SEED - 1, SEED - 2)
"""How many of the best tries are made again, and with which seeds."""

Try = tuple[dict[str, Any], Task]
"""Settings from a method's space, and the task that tries them."""


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
    if not any(cell.method.space for cell in cells):
        raise ValueError("--search: no chosen method has settings to choose from")


def tries_of(cell: Cell) -> list[Try]:
    """The first tries of a method's search: its defaults, and settings from all over its space.

    Where the cell's own changes make some of them equal, the first one counts.

    Example:
        >>> from drcl_mini.experiments.plan.methods import Method
        >>> from drcl_mini.training.space import Log
        >>> drcl = Method("DRCL", "DRCL", space={"learning_rate": Log(1e-4, 1e-1)})
        >>> [len(tries_of(Cell("digits-halves", drcl, changes=own))) for own in ({}, {"epochs": 2})]
        [16, 16]
    """
    first = {k: v for k, v in cell.method.first.items() if k not in cell.changes}
    return _tries(cell, [first, *_drawn(cell, cell.method.space, FIRST - 1, SEED)])


def more_tries(cell: Cell, tries: Sequence[Try], records: Sequence[Record]) -> list[Try]:
    """As many further tries for every method: beyond the edges that its best try so far is on.

    A method whose best try is on no edge gets them within its space.
    """
    space = covered(cell.method.space, tries)
    found = edges(space, choose(cell, tries, records)["chosen"] or {})
    settings = _drawn(cell, beyond(space, found), MORE, SEED + len(tries), found)
    return _tries(cell, settings, {task.id for _, task in tries})


def covered(space: Space, tries: Sequence[Try]) -> Space:
    """The space that a search has drawn from: its ranges, widened to what tries have."""
    for choice, _ in tries:
        for name, value in choice.items():
            if isinstance(own := space.get(name), Log):
                values = value.values() if isinstance(value, Mapping) else [value]
                wide = replace(own, low=min(own.low, *values), high=max(own.high, *values))
                space = {**space, name: wide}
    return space


def _drawn(
    cell: Cell, space: Space, number: int, seed: int, found: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    open_ = {name: values for name, values in space.items() if name not in cell.changes}
    names = dataset(cell.dataset).modalities
    return draw(open_, number, seed, names, found) if open_ else []


def finals(cell: Cell, tries: Sequence[Try], records: Sequence[Record]) -> list[Try]:
    """The best few tries once more, with :data:`SEEDS`."""
    ranked = sorted(_tried(tries, records), key=lambda found: found.score, reverse=True)
    return [
        (found.choice, task)
        for found in ranked[:FINAL]
        for task in tasks_of(_with(cell, found.choice), SEEDS, test=False)
    ]


class Tried(NamedTuple):
    """Settings that no seed failed with: how many seeds, and the mean validation score."""

    seeds: int
    score: float
    choice: dict[str, Any]


def _tried(tries: Sequence[Try], records: Sequence[Record]) -> list[Tried]:
    scores: dict[str, list[float | None]] = {}
    for record in records:
        score = record["validation"] if record["error"] is None else None
        scores.setdefault(record["task"], []).append(score)
    found: dict[str, tuple[dict[str, Any], list[float | None]]] = {}
    for choice, task in tries:
        _, own = found.setdefault(json.dumps(choice, sort_keys=True), (choice, []))
        own += scores.get(task.id, [None])
    return [
        Tried(len(own), float(np.mean(own)), choice)
        for choice, own in found.values()
        if None not in own
    ]


def _with(cell: Cell, choice: Mapping[str, Any]) -> Cell:
    return replace(cell, changes={**choice, **cell.changes})


def _tries(cell: Cell, settings: Sequence[dict[str, Any]], known: set[str] = frozenset()) -> list:
    found: dict[str, Try] = {}
    for choice in settings if cell.method.space else ():
        (task,) = tasks_of(_with(cell, choice), [SEED], test=False)
        if task.id not in known:
            found.setdefault(task.id, (choice, task))
    return list(found.values())


def choose(cell: Cell, tries: Sequence[Try], records: Sequence[Record]) -> Search:
    """What a search found: the settings with the best mean validation score, the first of equals.

    Settings that were tried with more seeds go before those with fewer. ``chosen`` is ``None`` if
    every try failed. ``edges`` has the settings that lie in the outer tenth of the range that was
    tried, and on which side.

    Args:
        cell: what is searched.
        tries: from :func:`tries_of`, :func:`more_tries` and :func:`finals`.
        records: the records of the tries, possibly among others.
    """
    good = _tried(tries, records)
    best = max(good, key=lambda found: found[:2], default=Tried(0, None, None))
    _, first = tries[0]
    about = {"method": first.method, "label_noise": first.label_noise, "seed": SEED}
    number = len({json.dumps(choice, sort_keys=True) for choice, _ in tries})
    counts = {"tries": number, "failed": number - len(good), "seeds": best.seeds}
    edge = edges(covered(cell.method.space, tries), best.choice or {})
    return about | counts | {"chosen": best.choice, "validation": best.score, "edges": edge}


def stored(records: Sequence[Record]) -> dict[Key, Search]:
    """The searches that runs were made with: none of them is made again.

    Example:
        >>> run = {"dataset": "toy", "method": "SM", "label_noise": 0.0}
        >>> stored([run | {"search": {"chosen": {"C": 1.0}}}])
        {('toy', 'SM', 0.0): {'chosen': {'C': 1.0}}}
    """
    return {searched_on(key_of(r)): r["search"] for r in records if r["search"] is not None}

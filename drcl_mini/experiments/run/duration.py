"""How long a grid will take, row by row, before it starts: by the times of earlier runs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..plan.choice import FINAL, FIRST, MORE, ROUNDS, SEEDS
from ..plan.grid import Key, Record
from ..plan.plan import Plan

MEASURED = Path(__file__).with_name("seconds.json")
"""Seconds of a run by data set and method; ``book/experiments/seconds.py`` makes it."""

TRIES = FIRST + ROUNDS * MORE + FINAL * len(SEEDS)
"""Runs of a method's search."""

Seconds = Mapping[tuple[str, str], float]
"""Mean seconds of a run by data set and method."""


class Row(NamedTuple):
    """A method on a data set: what is left to do, and the seconds that it takes on one core."""

    dataset: str
    method: str
    noise: float
    tries: int
    runs: int
    seconds: float | None


def seconds_of(records: Iterable[Record]) -> dict[tuple[str, str], float]:
    """Mean seconds of a finished run.

    Example:
        >>> run = {"dataset": "toy", "method": "SM", "error": None}
        >>> seconds_of([run | {"seconds": 1.0}, run | {"seconds": 2.0}])
        {('toy', 'SM'): 1.5}
    """
    found: dict[tuple[str, str], list[float]] = {}
    for record in records:
        if record["error"] is None and record.get("seconds") is not None:
            found.setdefault((record["dataset"], record["method"]), []).append(record["seconds"])
    return {key: float(np.mean(values)) for key, values in found.items()}


def measured() -> dict[tuple[str, str], float]:
    """The times that come with the package."""
    table = json.loads(MEASURED.read_text(encoding="utf-8"))["seconds"]
    return {(name, method): s for name, row in table.items() for method, s in row.items()}


def rows_of(plan: Plan, search: bool, known: Mapping[Key, object], seconds: Seconds) -> list[Row]:
    """What a grid will do, and how long each row takes.

    A variant of DRCL without times of its own takes DRCL's.

    Args:
        plan: the grid.
        search: whether settings are searched.
        known: searches that are made already.
        seconds: from :func:`seconds_of` or :func:`measured`.
    """
    found, searched = [], set(known)
    for cell in plan.cells:
        name, method, noise = cell.key
        where = cell.searched.key
        tries = TRIES if search and cell.method.space and where not in searched else 0
        searched.add(where)
        parts = [(name, len(plan.seeds)), (where[0], tries)]
        each = [_time(seconds, place, cell.method.name, cell.method.kind) for place, _ in parts]
        counts = [count for _, count in parts]
        whole = [count * one for count, one in zip(counts, each, strict=True) if count and one]
        lacking = any(count and one is None for count, one in zip(counts, each, strict=True))
        found.append(Row(name, method, noise, tries, counts[0], None if lacking else sum(whole)))
    return found


def _time(seconds: Seconds, name: str, method: str, kind: str) -> float | None:
    known = ((name, method), (name, kind))
    return next((seconds[key] for key in known if key in seconds), None)


def as_text(rows: Sequence[Row], jobs: int) -> str:
    """The table, and the whole time where it is known.

    Example:
        >>> rows = [Row("toy", "SM", 0.0, 24, 10, 60.0), Row("toy", "New", 0.0, 0, 5, None)]
        >>> print(as_text(rows, 2))
        data set            method                     noise  tries   runs   minutes of a core
        toy                 SM                             0     24     10                 1.0
        toy                 New                            0      0      5             unknown
        in all about 1 minute with 2 jobs, and what is unknown
    """
    line = "{:<20}{:<26}{:>6}{:>7}{:>7}{:>20}"
    lines = [line.format("data set", "method", "noise", "tries", "runs", "minutes of a core")]
    for row in rows:
        told = "unknown" if row.seconds is None else f"{row.seconds / 60:.1f}"
        lines.append(line.format(*row[:2], f"{row.noise:g}", row.tries, row.runs, told))
    minutes = sum(row.seconds or 0 for row in rows) / 60 / jobs
    whole = f"{minutes / 60:.1f} hours" if minutes >= 90 else f"{max(round(minutes), 1)} minutes"
    whole = "1 minute" if whole == "1 minutes" else whole
    more = ", and what is unknown" if any(row.seconds is None for row in rows) else ""
    lines.append(f"in all about {whole} with {jobs} job{'s' * (jobs > 1)}{more}")
    return "\n".join(lines)

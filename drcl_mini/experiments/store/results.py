"""Records, and how they are read: one JSON line a run, the lines of a task next to each other.

A process can be killed while it writes. Then the file ends in a torn line or in a task that lacks lines: readers
leave that end out. Anything else that isn't a record is an error.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any

from ...core.files import not_a_file
from ..plan.grid import Record, Task, key_of

FORMAT = "drcl_mini bench 2"
"""First in every record: what wrote it, and the version of the format."""

BEGINNING = json.dumps({"format": FORMAT})[:-1].encode()
"""What every line begins with."""

KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("task", "dataset", "method", "data"), (str,)),
    **dict.fromkeys(("seed", "stack", "threads"), (int,)),
    **dict.fromkeys(("pairing", "engine", "error"), (str, NoneType)),
    **dict.fromkeys(("validation", "seconds"), (float, NoneType)),
    **{
        "label_noise": (float,),
        "settings": (dict,),
        "search": (dict, NoneType),
        "jobs": (int, NoneType),
    },
    **{"scores": (list,), "diverged": (bool,)},
}
"""What every record holds, and of which type; other things may stand beside it."""

SCORE: Mapping[str, tuple[type, ...]] = {
    "query": (str,),
    "gallery": (str,),
    "k": (str, int),
    "map": (float,),
}
"""What each of a record's scores holds."""

SIDES = ("query", "gallery")

POINTS = 11
"""Recalls 0, 0.1, …, 1 that a record's ``precision_recall`` is of, where it has one."""

Outcome = dict[str, Any]


def records_of(
    task: Task, outcomes: Sequence[Outcome], facts: Mapping[str, Any] | None = None
) -> list[Record]:
    """A record for each run of a task.

    Args:
        task: the task.
        outcomes: of each run ``scores``, ``validation``, ``seconds`` …; or ``error``, in one line, and whether it
            ``diverged``.
        facts: what holds for all of them.

    Example:
        >>> record, = records_of(Task("digits-halves", "SM", "SM", {}, (0,)), [{"error": "no luck"}])
        >>> record["method"], record["seed"], record["scores"], record["error"]
        ('SM', 0, [], 'no luck')
    """
    about = {
        "format": FORMAT,
        "task": task.id,
        "dataset": task.dataset,
        "method": task.method,
        "seed": None,
    }
    about |= {
        "stack": len(task.seeds),
        "label_noise": task.label_noise,
        "threads": task.threads,
        "data": task.data,
    }
    about |= {
        "engine": None,
        "jobs": None,
        "pairing": None,
        "scores": [],
        "validation": None,
        "seconds": None,
    }
    about |= {
        "error": None,
        "diverged": False,
        **(facts or {}),
        "settings": task.settings,
        "search": task.search,
    }
    each = zip(task.seeds, outcomes, strict=True)
    return [{**about, "seed": seed, **outcome} for seed, outcome in each]


def read_results(path: str | os.PathLike) -> list[Record]:
    """The runs of a results file; where one was made again, the last one, see :func:`latest`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it isn't a results file, or of another version; names the line.

    Example:
        >>> path = getfixture("tmp_path") / "results.jsonl"
        >>> from drcl_mini.experiments.store.writing import ResultsFile
        >>> with ResultsFile(path) as file:
        ...     file.append(records_of(Task("digits-halves", "SM", "SM", {}, (0,)), [{"error": "no luck"}]))
        >>> [record["error"] for record in read_results(path)]
        ['no luck']
    """
    if other := not_a_file(path):
        raise ValueError(f"{str(path)!r} is {other}, expected a results file")
    records, _ = parse(Path(path).read_bytes(), path)
    return latest(records)


def latest(records: Sequence[Record]) -> list[Record]:
    """Each run once. A task that holds a run which an earlier task holds, too, takes that task's place as a whole.

    So the seeds of a method that trains them as a stack are always of one stack. Runs that differ in settings, data or
    threads, like the tries of a search, don't replace each other.

    Args:
        records: all runs of whole tasks, as they were written.
    """
    kept, taken, end = [], set(), len(records)
    while end:
        task = records[max(0, end - records[end - 1]["stack"]) : end]
        end -= len(task)
        runs = set()
        for r in task:
            settings = json.dumps(r["settings"], sort_keys=True)
            runs.add((*key_of(r), r["threads"], r["data"], settings, r["seed"]))
        kept += [] if runs & taken else [task]
        taken |= runs
    return [record for task in reversed(kept) for record in task]


def parse(content: bytes, path: str | os.PathLike) -> tuple[list[Record], int]:
    """All records of whole tasks, in their order, and where the last of them ends."""
    records, size, part, length = [], 0, [], 0
    for number, line in _lines(content, path):
        record = _record(line, number, path)
        if part and record["task"] != part[0]["task"]:
            raise ValueError(
                f"{os.fspath(path)!r}, line {number}: before it stand {len(part)} of the {part[0]['stack']} runs of a "
                "task: use another --out, or put the file back as it was"
            )
        part.append(record)
        length += len(line) + 1
        if len(part) == record["stack"]:
            records, size, part, length = records + part, size + length, [], 0
    return records, size


def _lines(content: bytes, path: str | os.PathLike) -> Iterator[tuple[int, bytes]]:
    """Whole lines with their numbers; a torn one at the end must be the beginning of one of ours."""
    *lines, rest = content.split(b"\n")
    yield from enumerate(lines, start=1)
    rest = rest.rstrip(b"\0")  # a crash of the machine may leave these
    if rest[: len(BEGINNING)] != BEGINNING[: len(rest)]:
        raise ValueError(_foreign(path, len(lines) + 1))


def _record(line: bytes, number: int, path: str | os.PathLike) -> Record:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(_foreign(path, number)) from None
    try:
        if record["format"] != FORMAT and str(record["format"]).startswith(
            FORMAT.rstrip("0123456789")
        ):
            raise ValueError(
                f"{os.fspath(path)!r}, line {number}, is of another version: {record['format']!r}, this one writes "
                f"{FORMAT!r}; use another --out"
            )
        whole = record["format"] == FORMAT and all(
            type(record[name]) in kinds for name, kinds in KINDS.items()
        )
        scored = whole and all(
            type(s[name]) in kinds for s in record["scores"] for name, kinds in SCORE.items()
        )
        ours = scored and record["stack"] >= 1
    except (KeyError, TypeError):
        ours = False
    if not ours:
        raise ValueError(_foreign(path, number))
    fault = _fault(record)
    if fault:
        raise ValueError(
            f"{os.fspath(path)!r}, line {number}: {fault}; use another --out, or put the file back as it was"
        )
    return record


def _fault(record: Record) -> str:
    """What of a record can't be: a name that can't be shown, or a score that is none; empty where all can."""
    scores, curve = record["scores"], record.get("precision_recall")
    names = [
        record["dataset"],
        record["method"],
        record["pairing"] or "",
        *(s[n] for s in scores for n in SIDES),
    ]
    for name in names:
        if not name.isprintable():
            return f"the name {name!r} can't be printed"
    if {"/", "\\"} & set(record["dataset"]):  # plots are files of that name
        return f"the data set's name {record['dataset']!r} has a slash"
    shares = [(f"map of {s['query']} → {s['gallery']}", s["map"]) for s in scores]
    for what, value in [*shares, *((n, record[n]) for n in ("validation", "label_noise"))]:
        if value is not None and not _is_share(value):
            return f"{what} is {value}, expected a number from 0 to 1"
    if curve is not None and not (
        isinstance(curve, list) and len(curve) == POINTS and all(map(_is_share, curve))
    ):
        return f"precision_recall is not a list of {POINTS} numbers from 0 to 1"
    return ""


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


def _foreign(path: str | os.PathLike, number: int) -> str:
    return f"{os.fspath(path)!r}, line {number}, was not written by  drcl_mini bench: use another --out"

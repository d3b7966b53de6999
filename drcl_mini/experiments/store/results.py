"""Records, and how they are read: one JSON line a run, the lines of a task next to each other.

A process can be killed while it writes. Then the file ends in a torn line, or in a task that lacks
lines: readers ignore that end. Anything else that isn't a record is an error.
"""

import json
import os
import zlib
from collections.abc import Mapping, Sequence
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
    **dict.fromkeys(("engine", "pairing", "error"), (str, NoneType)),
    **dict.fromkeys(("validation", "seconds"), (float, NoneType)),
    "label_noise": (float,),
    "jobs": (int, NoneType),
    "scores": (list,),
    "diverged": (bool,),
    "settings": (dict,),
    "search": (dict, NoneType),
}
"""What every record holds, and of which type; other things may stand beside it."""

SCORE: Mapping[str, tuple[type, ...]] = {
    "query": (str,),
    "gallery": (str,),
    "k": (str, int),
    "map": (float,),
}
"""What each of a record's scores holds."""

POINTS = 11
"""Recalls 0, 0.1, …, 1 of the ``precision_recall`` that a record may have."""

MOST = 2 * 2**30
"""Bytes that a compressed file may hold."""

FOREIGN = "not written by  drcl_mini bench"

Outcome = dict[str, Any]


def records_of(
    task: Task, outcomes: Sequence[Outcome], facts: Mapping[str, Any] | None = None
) -> list[Record]:
    """A record for each run of a task.

    Args:
        task: the task.
        outcomes: of each run ``scores``, ``validation``, ``seconds`` …; or ``error``, in one line,
            and whether it ``diverged``.
        facts: what all of them share.

    Example:
        >>> task = Task("digits-halves", "SM", "SM", {}, (0,))
        >>> record, = records_of(task, [{"error": "no luck"}])
        >>> record["method"], record["seed"], record["scores"], record["error"]
        ('SM', 0, [], 'no luck')
    """
    about = {"format": FORMAT, **dict.fromkeys(KINDS), "scores": [], "diverged": False}
    about |= {name: value for name, value in vars(task).items() if name in KINDS}
    about |= {"task": task.id, "stack": len(task.seeds), **(facts or {})}
    runs = zip(task.seeds, outcomes, strict=True)
    return [{**about, "seed": seed, **outcome} for seed, outcome in runs]


def failed(task: Task, reason: str) -> list[Record]:
    """A record for each run of a task that failed as a whole."""
    return records_of(task, [{"error": reason}] * len(task.seeds))


def read_results(path: str | os.PathLike) -> list[Record]:
    """The runs of a results file; where one was made again, the last one, see :func:`latest`.

    A file may be compressed by gzip.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it isn't a results file, or of another version; names the line.

    Example:
        >>> path = getfixture("tmp_path") / "results.jsonl"
        >>> from drcl_mini.experiments.store.writing import ResultsFile
        >>> with ResultsFile(path) as file:
        ...     file.append(failed(Task("digits-halves", "SM", "SM", {}, (0,)), "no luck"))
        >>> [record["error"] for record in read_results(path)]
        ['no luck']
    """
    if other := not_a_file(path):
        raise ValueError(f"{str(path)!r} is not a results file: it is {other}")
    records, _ = parse(_unpacked(Path(path).read_bytes(), path), path)
    return latest(records)


def _unpacked(content: bytes, path: str | os.PathLike) -> bytes:
    """What a file holds, decompressed where it begins as gzip does."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    stream = zlib.decompressobj(wbits=31)
    try:
        found = stream.decompress(content, MOST)
    except zlib.error as error:
        raise ValueError(f"{os.fspath(path)!r} is a damaged gzip file: {error}") from None
    if not stream.eof:
        size = f"of more than {MOST // 2**30} GiB" if stream.unconsumed_tail else "cut off"
        raise ValueError(f"{os.fspath(path)!r} is a gzip file {size}, expected a whole one")
    return found


def latest(records: Sequence[Record]) -> list[Record]:
    """Each run once: a task that repeats a run of an earlier task replaces that task as a whole.

    So the seeds of a method that trains them as a stack are always of one stack. Runs that differ
    in settings, data or threads, like the tries of a search, don't replace each other.

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
        if not runs & taken:
            kept.append(task)
        taken |= runs
    return [record for task in reversed(kept) for record in task]


def parse(content: bytes, path: str | os.PathLike) -> tuple[list[Record], int]:
    """All records of whole tasks, in their order, and where the last of them ends."""
    *lines, torn = content.split(b"\n")
    records: list[Record] = []
    part: list[Record] = []
    end = whole = 0
    for number, line in enumerate(lines, start=1):
        record, fault = _record(line)
        if part and not fault and record["task"] != part[0]["task"]:
            fault = f"only {len(part)} of the {part[0]['stack']} runs of the task before are there"
        if fault:
            raise _wrong(path, number, fault)
        part.append(record)
        end += len(line) + 1
        if len(part) == record["stack"]:
            records += part
            part = []
            whole = end
    torn = torn.rstrip(b"\0")  # a crash of the machine may leave these
    if not BEGINNING.startswith(torn[: len(BEGINNING)]):
        raise _wrong(path, len(lines) + 1, FOREIGN)
    return records, whole


def _wrong(path: str | os.PathLike, number: int, fault: str) -> ValueError:
    todo = "use another --out, or put the file back as it was"
    return ValueError(f"{os.fspath(path)!r}, line {number}: {fault}; {todo}")


def _record(line: bytes) -> tuple[Record, str]:
    """A line as a record, and what is wrong with it, if anything."""
    try:
        record = json.loads(line)
        return record, _fault(record)
    except (ValueError, RecursionError, KeyError, TypeError):
        return {}, FOREIGN


def _fault(record: Record) -> str:
    version = record["format"]
    if version != FORMAT and str(version).startswith(FORMAT.rstrip("0123456789")):
        return f"another version, {version!r}, this one writes {FORMAT!r}"
    scores, curve = record["scores"], record.get("precision_recall")
    typed = _typed(record, KINDS) and all(_typed(score, SCORE) for score in scores)
    if version != FORMAT or not typed or record["stack"] < 1:
        return FOREIGN
    names = [record["dataset"], record["method"], record["pairing"] or ""]
    shares = [(name, record[name]) for name in ("validation", "label_noise")]
    for score in scores:
        names += [score["query"], score["gallery"]]
        shares.append((f"map of {score['query']} → {score['gallery']}", score["map"]))
    for name in names:
        if not name.isprintable():
            return f"the name {name!r} can't be printed"
    if {"/", "\\"} & set(record["dataset"]):  # plots are files of that name
        return f"the data set's name {record['dataset']!r} has a slash"
    for what, value in shares:
        if value is not None and not _is_share(value):
            return f"{what} is {value}, expected a number from 0 to 1"
    fits = isinstance(curve, list) and len(curve) == POINTS and all(map(_is_share, curve))
    if curve is not None and not fits:
        return f"precision_recall is not a list of {POINTS} numbers from 0 to 1"
    return ""


def _typed(found: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> bool:
    return all(type(found[name]) in wanted for name, wanted in kinds.items())


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1

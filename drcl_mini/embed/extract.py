"""Every item read once, its features made batch by batch, what is done kept on disk."""

import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .models import Model, ModelError, features, load_model, source_of
from .partial import Batch, Done, open_partial, read_done, writing
from .reading import Item, digest, read_item
from .row import Row, Told

BATCH = 32
"""Items that are in memory at once."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM; the batch at hand was finished first."""


class Changed(ModelError):
    """A model whose features aren't as wide as before; what it made is thrown away."""


def extract(
    rows: Mapping[str, Sequence[Row]], specs: Mapping[str, str], folder: Path, told: Told
) -> tuple[dict[str, Done], bool]:
    """Features and kept items of every modality; a modality whose model fails is left out.

    Args:
        rows: rows by modality.
        specs: models by kind, as :func:`.load_model` takes them.
        folder: keeps what is done; the same call goes on from there, whatever ended the last one.
        told: gets a line for each item or modality that is left out.

    Returns:
        What is done, by modality, and whether that is every modality.

    Raises:
        Stopped: Ctrl-C or SIGTERM.
    """
    done, whole = {}, True
    for number, (name, own) in enumerate(rows.items()):
        spec, place = specs[own[0].kind], folder / str(number)
        if open_partial(place, [name, spec, _stamp(source_of(spec)), list(map(_identity, own))]):
            print(
                f"{name}: what was kept is of other files or another model, begun anew",
                file=sys.stderr,
            )
        try:
            _extract(name, own, spec, place, told)
        except ModelError as error:
            told(f"all {len(own)} of {name}: {error}")
            whole = False
            if isinstance(error, Changed):
                shutil.rmtree(place)
            continue
        done[name] = read_done(place)
    return done, whole


def _identity(row: Row) -> list[Any]:
    """What changes when an item does."""
    return [row.where, row.text, str(row.file or ""), *_stamp(row.file)]


def _stamp(path: Path | None) -> list[int]:
    """Size and time of a file; empty if there is none."""
    if path is None or not path.is_file():
        return []
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _extract(name: str, rows: Sequence[Row], spec: str, folder: Path, told: Told) -> None:
    """All of a modality that isn't done yet."""
    before = read_done(folder)
    for fault in before.faults:
        told(fault)
    start, width = before.read, before.features.shape[1]
    model = load_model(spec, rows[0].kind) if start < len(rows) else None
    bar = tqdm(total=len(rows), initial=start, desc=name, unit="item", disable=None)
    with bar, writing(folder) as out, finishing() as stopped:
        for first in range(start, len(rows), BATCH):
            batch, table, kept = _batch(rows[first : first + BATCH], first, model, spec)
            width = width or batch.width
            if batch.width not in (0, width):
                gave = f"gave {width} columns, now {batch.width}"
                raise Changed(f"model {spec!r} {gave}: what it made is thrown away")
            out.write(batch, table, kept)
            for fault in batch.faults:
                told(fault)
            bar.update(batch.read)
            start = first + batch.read
            if stopped:
                break
    if stopped:
        many = f"{start} of {len(rows)} of {name} are done"
        raise Stopped(f"interrupted: {many}, the same command goes on from there")


def _batch(
    rows: Sequence[Row], first: int, model: Model, spec: str
) -> tuple[Batch, np.ndarray, list[bytes]]:
    """Read and embed some rows, the first of which has place ``first``."""
    items: dict[int, Item] = {}
    digests: dict[int, int] = {}
    faults = []
    for place, row in enumerate(rows, start=first):
        try:
            items[place] = read_item(row)
            digests[place] = digest(row)
        except (ValueError, OSError) as error:
            faults.append(f"{row.where}: {error}")
    table = features(model, list(items.values()), spec) if items else np.zeros((0, 0), np.float32)
    fine = np.isfinite(table).all(axis=1)
    for place in [place for place, good in zip(list(items), fine, strict=True) if not good]:
        del items[place]
        faults.append(
            f"{rows[place - first].where}: model {spec!r} gives values that are no numbers"
        )
    kept = [_as_bytes(item.kept) for item in items.values()]
    own = [digests[place] for place in items]
    batch = Batch(len(rows), list(items), list(map(len, kept)), table.shape[1], faults, own)
    return batch, table[fine], kept


def _as_bytes(kept: Any) -> bytes:
    return kept.encode() if isinstance(kept, str) else kept.tobytes()


@contextmanager
def finishing() -> Iterator[list[int]]:
    """Signals that end a program are collected in a list, so that the batch at hand ends first."""
    got: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield got
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def note(number: int, _: object) -> None:
        if got:  # asked twice: at once
            raise KeyboardInterrupt
        got.append(number)

    for number in numbers:
        signal.signal(number, note)
    try:
        yield got
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

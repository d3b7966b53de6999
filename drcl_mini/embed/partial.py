"""What is done so far, in a folder beside the output: killed half way, the work goes on from there.

Each modality has a folder with three files: features as float32, kept items as bytes, and a log
with a line a batch. A line is written after what it tells of, so the files hold at least what the
log says, and are cut to that when work goes on.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from ..core.files import check_writable


class Batch(NamedTuple):
    """A line of the log."""

    read: int
    """How many rows were read."""
    kept: list[int]
    """Places of those that worked out, among all rows of the modality."""
    sizes: list[int]
    """Bytes of their kept items."""
    width: int
    """d, the number of features."""
    faults: list[str]
    """A line for each of the others."""
    digests: list[int]
    """Of those that worked out, see :func:`.digest`."""


class Done(NamedTuple):
    """All that is done of a modality."""

    read: int
    kept: list[int]
    features: np.ndarray
    """float32 (n, d), a memory map."""
    items: list[bytes]
    faults: list[str]
    digests: list[int]


def open_partial(folder: Path, asked: Any) -> bool:
    """Make the folder, or keep it where it is of the same work.

    Args:
        folder: where to keep what is done.
        asked: what makes the work this work; JSON can hold it.

    Returns:
        Whether other work was there, which is thrown away then.
    """
    plan = folder / "plan.json"
    text = json.dumps(asked)
    same = plan.is_file() and plan.read_text(encoding="utf-8") == text
    other = folder.is_dir() and not same
    if other:
        shutil.rmtree(folder)
    check_writable(folder)
    if not same:
        plan.write_text(text, encoding="utf-8")
    return other


def _batches(folder: Path) -> list[Batch]:
    return [Batch(*json.loads(line)) for line in _whole_lines(folder / "log")]


def _whole_lines(log: Path) -> list[bytes]:
    """The lines of a log; one that a crash has cut off is left out."""
    lines = log.read_bytes().splitlines(keepends=True) if log.exists() else []
    return [line for line in lines if line.endswith(b"\n")]


class Writer(NamedTuple):
    """Open files of a modality."""

    features: BinaryIO
    items: BinaryIO
    log: BinaryIO

    def write(self, batch: Batch, features: np.ndarray, items: list[bytes]) -> None:
        """Append a batch, its line in the log last."""
        self.features.write(np.ascontiguousarray(features, dtype="<f4").tobytes())
        self.items.write(b"".join(items))
        self.features.flush()
        self.items.flush()
        self.log.write(json.dumps(batch).encode() + b"\n")
        self.log.flush()


@contextmanager
def writing(folder: Path) -> Iterator[Writer]:
    """Files to append to, cut to what the log says."""
    batches = _batches(folder)
    ends = {
        "features": sum(4 * len(batch.kept) * batch.width for batch in batches),
        "items": sum(sum(batch.sizes) for batch in batches),
        "log": sum(map(len, _whole_lines(folder / "log"))),
    }
    with ExitStack() as stack:
        opened = []
        for name, size in ends.items():
            (folder / name).touch()
            file = stack.enter_context(open(folder / name, "r+b"))
            file.truncate(size)
            file.seek(size)
            opened.append(file)
        yield Writer(*opened)


def read_done(folder: Path) -> Done:
    """What is done of a modality; none before the first batch."""
    batches = _batches(folder)
    kept = [place for batch in batches for place in batch.kept]
    sizes = [size for batch in batches for size in batch.sizes]
    width = max((batch.width for batch in batches), default=0)
    table = np.zeros((0, width), np.float32)
    if kept:
        table = np.memmap(folder / "features", "<f4", "r", shape=(len(kept), width))
    cuts = np.cumsum([0, *sizes]).tolist()
    items = (folder / "items").read_bytes() if kept else b""
    whole = [items[start:stop] for start, stop in pairwise(cuts)]
    faults = [fault for batch in batches for fault in batch.faults]
    digests = [digest for batch in batches for digest in batch.digests]
    return Done(sum(batch.read for batch in batches), kept, table, whole, faults, digests)

"""Writing a results file: the lines of a task at once, one writer at a time, nothing lost."""

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from ...core.checks import warn
from ...core.files import name_file, not_a_file
from ..plan.grid import Record
from .results import latest, parse

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

FAR = 2**40
"""The byte to lock on Windows, which lets nobody read what is locked: one that is never written."""


class ResultsFile(AbstractContextManager):
    """A results file that this process, and no other, appends to; use it in a ``with``.

    Args:
        path: of the file, made if need be.

    Raises:
        BlockingIOError: another process is writing to it.
        ValueError: it isn't a results file.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        if odd := not_a_file(path):
            raise ValueError(f"{str(path)!r} is not a results file: it is {odd}")
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115 (__exit__ closes it)
        try:
            lock(self._file.fileno(), self.path)
            content = self.path.read_bytes()
            self._all, self._size = parse(content, path)
            extra = len(content) - self._size
            if extra:
                told = "ended within a task, as after a crash"
                warn(f"{str(path)!r} {told}: the last {extra} bytes are cut off")
                self._file.truncate(self._size)
        except BaseException:
            self._file.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def records(self) -> list[Record]:
        """The runs in the file; where one was repeated, the last one, see :func:`.latest`."""
        return latest(self._all)

    @property
    def done(self) -> set[str]:
        """Tasks whose runs ended well, or diverged, as they would again."""
        records = self.records
        again = {r["task"] for r in records if r["error"] is not None and not r["diverged"]}
        return {r["task"] for r in records} - again

    def append(self, records: Sequence[Record]) -> None:
        """Write all runs of a task, in one piece, and wait until they are on the disk.

        Raises:
            OSError: they can't be written, say on a full disk; the file is as it was before.
        """
        lines = [json.dumps(record, ensure_ascii=False) + "\n" for record in records]
        content = "".join(lines).encode()
        try:
            written = os.write(self._file.fileno(), content)
            if written < len(content):
                told = f"took {written} of {len(content)} bytes"
                raise OSError(f"{str(self.path)!r} {told}: is the disk full?")
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(self._size)
            name_file(error, self.path)
            raise
        self._size += len(content)
        self._all += records


def lock(handle: int, path: Path) -> None:
    """Lock an open file for this process.

    Raises:
        BlockingIOError: another process holds it.

    Example:
        >>> path = getfixture("tmp_path") / "file"
        >>> mine, other = (os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(2))
        >>> lock(mine, path)
        >>> lock(other, path)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        BlockingIOError: another process is writing to '...': wait for it, or use another --out
    """
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            os.lseek(handle, FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        message = f"another process is writing to {str(path)!r}: wait for it, or use another --out"
        raise BlockingIOError(message) from None

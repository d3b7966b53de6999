"""Writing a results file: the lines of a task at once, one writer at a time, nothing lost."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from ...core.checks import warn
from ...core.files import name_file, not_a_file
from ..plan.grid import Record
from .results import latest, parse


class ResultsFile:
    """A results file that this process, and no other, appends to; use it in a ``with``.

    Args:
        path: of the file, made if need be.

    Attributes:
        records: the runs in it, as :func:`.read_results` gives them.

    Raises:
        BlockingIOError: another process is writing to it.
        ValueError: it isn't a results file.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        if odd := not_a_file(path):
            raise ValueError(f"{str(path)!r} is no results file: it is {odd}")
        self._handle = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666
        )
        try:
            lock(self._handle, self.path)
            content = self.path.read_bytes()
            self._all, self._size = parse(content, path)
            if self._size < len(content):
                cut = len(content) - self._size
                warn(
                    f"{str(path)!r} ended within a task, as after a crash: the last {cut} bytes are cut off"
                )
                os.ftruncate(self._handle, self._size)
        except BaseException:
            os.close(self._handle)
            raise

    def __enter__(self) -> "ResultsFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._handle)

    @property
    def records(self) -> list[Record]:
        """The runs in the file; where one was made again, the last one, see :func:`.latest`."""
        return latest(self._all)

    @property
    def done(self) -> set[str]:
        """Tasks that need not be done again: all their runs ended well, or diverged, as they would again."""
        records = self.records
        again = {r["task"] for r in records if r["error"] is not None and not r["diverged"]}
        return {r["task"] for r in records} - again

    def append(self, records: Sequence[Record]) -> None:
        """Write all runs of a task, in one piece, and wait until the disk has them.

        Raises:
            OSError: they can't be written, say on a full disk; the file is as it was before.
        """
        lines = "".join(
            json.dumps(record, ensure_ascii=False) + "\n" for record in records
        ).encode()
        try:
            written = os.write(self._handle, lines)
            if written < len(lines):
                raise OSError(
                    f"{str(self.path)!r} took {written} of {len(lines)} bytes: is the disk full?"
                )
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, self._size)
            name_file(error, self.path)
            raise
        self._size += len(lines)
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
        _lock(handle)
    except (BlockingIOError, PermissionError):
        message = f"another process is writing to {str(path)!r}: wait for it, or use another --out"
        raise BlockingIOError(message) from None


try:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

except ImportError:
    import msvcrt
    import os

    FAR = 2**40
    """Windows lets nobody read what is locked: a byte that is never written."""

    def _lock(handle: int) -> None:
        os.lseek(handle, FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

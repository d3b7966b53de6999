"""Where data live, and how files are written: whole or not at all."""

import lzma
import os
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np


def data_folder() -> Path:
    """The folder of converted data sets: ``$DRCL_MINI_DATA``, or a folder in the user's cache."""
    named = os.environ.get("DRCL_MINI_DATA")
    if named:
        return Path(named).expanduser()
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        cache = Path.home() / "Library" / "Caches"
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "drcl_mini"


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place only if the block ends well.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> with replacing(folder / "note.txt") as temporary:
        ...     _ = temporary.write_text("whole")
        >>> [file.name for file in folder.iterdir()]
        ['note.txt']
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        os.close(handle)
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """All arrays of an .npz file; pickles are refused.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, damaged, or something else.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"no data file {os.fspath(path)!r}")
    try:
        with zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
            return {key: file[key] for key in file.files}
    except (
        OSError,
        ValueError,
        EOFError,
        RuntimeError,
        MemoryError,
        lzma.LZMAError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(f"{os.fspath(path)!r} can't be read as .npz: {error}") from None


def check_writable(folder: str | os.PathLike) -> Path:
    """The folder, made if need be, after a trial write.

    Raises:
        OSError: it can't be made or written to.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as trial:
        trial.write(b"\0" * 4096)
        trial.flush()
    return folder

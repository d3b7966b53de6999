"""Where data live, and how files are written: whole or not at all."""

import os
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from .devices import free_memory


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
    except OSError as error:
        name_file(error, path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """All arrays of an .npz file; pickles are refused.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it can't be opened.
        ValueError: it is cut off, damaged, or something else, or unpacks to more than the memory holds.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"no data file {os.fspath(path)!r}")
    if Path(path).is_dir():
        raise ValueError(f"{os.fspath(path)!r} can't be read as .npz: it is a folder")
    with open(path, "rb") as opened:
        try:
            with zipfile.ZipFile(opened) as archive:
                _check_members(archive.infolist(), os.path.getsize(path))
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            odd = [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]
            if odd:
                raise ValueError(f"{odd[0]!r} is no array")
        except Exception as error:  # the readers raise whatever a damaged file makes them stumble on
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{os.fspath(path)!r} can't be read as .npz: {reason}") from None
    return arrays


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """That they are packed as NumPy packs them, lie side by side, and fit into the memory."""
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise ValueError("it is packed in an unusual way")
    if sum(member.compress_size for member in members) > size:
        raise ValueError("its members take more bytes than the file has")
    declared, free = sum(member.file_size for member in members), free_memory(torch.device("cpu"))
    if declared > free and sys.platform == "linux":  # others don't tell what is free
        raise ValueError(f"it unpacks to {declared} bytes, {free} are free")


def check_writable(folder: str | os.PathLike) -> Path:
    """The folder, made if need be, after a trial write.

    Raises:
        OSError: it can't be made or written to.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"\0" * 4096)
            trial.flush()
    except OSError as error:
        name_file(error, folder)
        raise
    return folder


def name_file(error: OSError, path: str | os.PathLike) -> None:
    """Have an error of the system say of which file it speaks: that of a full disk doesn't."""
    if error.errno and error.filename is None:
        error.filename = os.fspath(path)

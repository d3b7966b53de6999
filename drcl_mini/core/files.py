"""Where data live, and how files are written: whole or not at all."""

import os
import secrets
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from .devices import free_memory

AnyPath = str | os.PathLike
MOST_PACKED = 200
"""No real data are compressed more than this many times; arrays of zeros are."""
MOST_UNPACKED = 256 * 2**20
"""Bytes that those parts of a file may unpack to that are compressed more than that."""


def data_folder() -> Path:
    """The folder of converted data sets: ``$DRCL_MINI_DATA``, or one in the user's cache."""
    if named := os.environ.get("DRCL_MINI_DATA"):
        return Path(named).expanduser()
    home = Path.home()
    caches = {
        "win32": os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"),
        "darwin": home / "Library" / "Caches",
    }
    elsewhere = os.environ.get("XDG_CACHE_HOME") or home / ".cache"
    return Path(caches.get(sys.platform, elsewhere)) / "drcl_mini"


@contextmanager
def replacing(path: AnyPath) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place only if the block succeeds.

    Example:
        >>> folder = getfixture("tmp_path")
        >>> with replacing(folder / "note.txt") as temporary:
        ...     _ = temporary.write_text("whole")
        >>> [file.name for file in folder.iterdir()]
        ['note.txt']
    """
    _refuse_other_kinds(path)
    place = Path(os.path.realpath(path))  # replaces the file that a link leads to, not the link
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield temporary
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        name_file(error, path, temporary)
        raise


def check_replaceable(path: AnyPath) -> None:
    """That :func:`replacing` can write there; to be called before a long computation.

    Raises:
        OSError: it can't.
    """
    _refuse_other_kinds(path)
    check_writable(Path(os.path.realpath(path)).parent)


def _refuse_other_kinds(path: AnyPath) -> None:
    if kind := not_a_file(path):
        raise OSError(f"can't write {os.fspath(path)!r}: it is {kind}, not a file")


def check_writable(folder: AnyPath) -> Path:
    """The folder, made if it isn't there, after a trial write.

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
        name_file(error, folder, error.filename)
        raise
    return folder


def name_file(error: OSError, path: AnyPath, temporary: AnyPath | None = None) -> None:
    """Put the user's file into an error that names none (a full disk's), or a temporary one."""
    if error.errno and error.filename in (None, temporary, str(temporary)):
        error.filename = os.fspath(path)
        del error.filename2


def not_a_file(path: AnyPath) -> str:
    """What there is instead of a file, in words; empty for a file, or for nothing.

    Example:
        >>> not_a_file(getfixture("tmp_path"))
        'a folder'
    """
    if os.path.isdir(path):
        return "a folder"
    return "a pipe or a device" if os.path.exists(path) and not os.path.isfile(path) else ""


def check_file(path: AnyPath, what: str) -> None:
    """That there is a file to read; opening a pipe instead could wait forever.

    Raises:
        FileNotFoundError: there is nothing.
        ValueError: it is a folder, a pipe or a device.
    """
    if kind := not_a_file(path):
        raise ValueError(f"{os.fspath(path)!r} is no {what}: it is {kind}")
    if not os.path.exists(path):
        raise FileNotFoundError(f"no {what} {os.fspath(path)!r}")


def read_npz(path: AnyPath) -> dict[str, np.ndarray]:
    """All arrays of an .npz file; pickles are refused.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it can't be opened.
        ValueError: it is cut off, damaged, something else, or larger than the memory.
    """
    check_file(path, "data file")
    with open(path, "rb") as opened:
        try:
            with zipfile.ZipFile(opened) as archive:
                members = archive.infolist()
            _check_members(members, os.path.getsize(path))
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            for key, array in arrays.items():
                if not isinstance(array, np.ndarray):
                    raise ValueError(f"{key!r} is no array")
            check_packing(_sizes(arrays, members))
        except Exception as error:  # damaged files raise all kinds of errors
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{os.fspath(path)!r} can't be read as .npz: {reason}") from None
    return arrays


def write_npz(path: AnyPath, arrays: Mapping[str, np.ndarray]) -> None:
    """An .npz file that :func:`read_npz` accepts: compressed, unless it is nearly empty."""
    for save in (np.savez_compressed, np.savez):
        with open(path, "wb") as file:
            save(file, **arrays)
        with zipfile.ZipFile(path) as archive:
            sizes = _sizes(arrays, archive.infolist())
        if _excess(sizes) <= MOST_UNPACKED:
            return


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """That they are compressed as by NumPy, don't overlap, and fit into the memory."""
    usual = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
    if not {member.compress_type for member in members} <= usual:
        raise ValueError("it is packed in an unusual way")
    if sum(member.compress_size for member in members) > size:
        raise ValueError("its members take more bytes than the file has")
    check_packing((member.file_size, member.compress_size) for member in members)
    unpacked = sum(member.file_size for member in members)
    free = free_memory(torch.device("cpu"))
    if unpacked > free and sys.platform == "linux":  # elsewhere it isn't known
        raise ValueError(f"it unpacks to {unpacked} bytes, {free} are free")


def _sizes(
    arrays: Mapping[str, np.ndarray], members: Iterable[zipfile.ZipInfo]
) -> list[tuple[int, int]]:
    """Bytes of each array, unpacked and packed; four for a number at least, as for a float32."""
    pairs = zip(arrays.values(), members, strict=True)
    return [(max(4 * array.size, m.file_size), m.compress_size) for array, m in pairs]


def check_packing(sizes: Iterable[tuple[int, int]]) -> None:
    """That a small file doesn't fill the memory: little of it may be compressed extremely.

    Args:
        sizes: bytes of each part of the file, unpacked and packed.

    Raises:
        ValueError: the extremely compressed parts unpack to too much.

    Example:
        >>> check_packing([(2**40, 2**38), (2**28, 2**18)])
        >>> check_packing([(2**28, 2**18), (2**20, 0)])
        Traceback (most recent call last):
        ValueError: 269484032 bytes are packed more than 200 times, expected at most 268435456
    """
    excess = _excess(sizes)
    if excess > MOST_UNPACKED:
        told = f"{excess} bytes are packed more than {MOST_PACKED} times"
        raise ValueError(f"{told}, expected at most {MOST_UNPACKED}")


def _excess(sizes: Iterable[tuple[int, int]]) -> int:
    """Unpacked bytes of what is packed more than 200 times."""
    return sum(size for size, packed in sizes if size > MOST_PACKED * packed)

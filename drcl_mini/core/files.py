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

MOST_PACKED = 200
MOST_UNPACKED = 256 * 2**20
"""Bytes that those parts of a file may unpack to that are packed more than 200 times; arrays of zeros are, not data."""


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
    _check_replaceable(path)
    place = Path(os.path.realpath(path))  # where a link leads, so that it stays one
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


def not_a_file(path: str | os.PathLike) -> str:
    """What is there instead of a file, in words; empty for a file, and for nothing. To open a pipe may take forever.

    Example:
        >>> not_a_file(getfixture("tmp_path"))
        'a folder'
    """
    if os.path.isdir(path):
        return "a folder"
    return "a pipe or a device" if os.path.exists(path) and not os.path.isfile(path) else ""


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """All arrays of an .npz file; pickles are refused.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it can't be opened.
        ValueError: it is cut off, damaged, or something else, or unpacks to more than the memory holds.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"no data file {os.fspath(path)!r}")
    if odd := not_a_file(path):
        raise ValueError(f"{os.fspath(path)!r} can't be read as .npz: it is {odd}")
    with open(path, "rb") as opened:
        try:
            with zipfile.ZipFile(opened) as archive:
                packed = {
                    member.filename.removesuffix(".npy"): member.compress_size
                    for member in archive.infolist()
                }
                _check_members(archive.infolist(), os.path.getsize(path))
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
            odd = [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]
            if odd:
                raise ValueError(f"{odd[0]!r} is no array")
            check_packing((4 * array.size, packed[key]) for key, array in arrays.items())
        except (
            Exception
        ) as error:  # the readers raise whatever a damaged file makes them stumble on
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ValueError(f"{os.fspath(path)!r} can't be read as .npz: {reason}") from None
    return arrays


def write_npz(path: str | os.PathLike, arrays: Mapping[str, np.ndarray]) -> None:
    """An .npz file that :func:`read_npz` takes: compressed, unless that would pack it more than it takes data to be."""
    for save in (np.savez_compressed, np.savez):
        with open(path, "wb") as file:
            save(file, **arrays)
        with zipfile.ZipFile(path) as archive:
            members = {
                member.filename.removesuffix(".npy"): member for member in archive.infolist()
            }
        sizes = (
            (max(4 * arrays[key].size, m.file_size), m.compress_size) for key, m in members.items()
        )
        if _excess(sizes) <= MOST_UNPACKED:
            return


def _check_members(members: list[zipfile.ZipInfo], size: int) -> None:
    """That they are packed as NumPy packs them, lie side by side, and fit into the memory."""
    if any(
        member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members
    ):
        raise ValueError("it is packed in an unusual way")
    if sum(member.compress_size for member in members) > size:
        raise ValueError("its members take more bytes than the file has")
    check_packing((member.file_size, member.compress_size) for member in members)
    declared, free = sum(member.file_size for member in members), free_memory(torch.device("cpu"))
    if declared > free and sys.platform == "linux":  # others don't tell what is free
        raise ValueError(f"it unpacks to {declared} bytes, {free} are free")


def check_packing(sizes: Iterable[tuple[int, int]]) -> None:
    """That a small file doesn't fill the memory: what is packed beyond all measure must be little.

    Args:
        sizes: of each part of the file, bytes unpacked and packed. A number is to be counted as four bytes at least:
            features become float32.

    Raises:
        ValueError: they are too much.

    Example:
        >>> check_packing([(2**40, 2**38), (2**28, 2**18)])
        >>> check_packing([(2**28, 2**18), (2**20, 0)])
        Traceback (most recent call last):
        ValueError: 269484032 bytes are packed more than 200 times, expected at most 268435456: it holds no real data
    """
    unpacked = _excess(sizes)
    if unpacked > MOST_UNPACKED:
        told = f"{unpacked} bytes are packed more than {MOST_PACKED} times, expected at most {MOST_UNPACKED}"
        raise ValueError(f"{told}: it holds no real data")


def _excess(sizes: Iterable[tuple[int, int]]) -> int:
    """Unpacked bytes of what is packed more than 200 times."""
    return sum(size for size, packed in sizes if size > MOST_PACKED * packed)


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
        name_file(error, folder, error.filename)
        raise
    return folder


def check_replaceable(path: str | os.PathLike) -> None:
    """That :func:`replacing` can write there: to be known before the work whose outcome it is to keep.

    Raises:
        OSError: it can't.
    """
    _check_replaceable(path)
    check_writable(Path(os.path.realpath(path)).parent)


def _check_replaceable(path: str | os.PathLike) -> None:
    if odd := not_a_file(path):
        raise OSError(
            f"can't write {os.fspath(path)!r}: it is {odd}, expected a file or nothing there"
        )


def name_file(
    error: OSError, path: str | os.PathLike, temporary: str | os.PathLike | None = None
) -> None:
    """Have an error of the system speak of a file that people know: that of a full disk names none, or a temporary."""
    if error.errno and error.filename in (None, temporary, str(temporary)):
        error.filename = os.fspath(path)
        del error.filename2

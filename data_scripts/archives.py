"""Zip archives, read in memory: nothing is unpacked to the disk, and what looks wrong is refused."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from .identity import Member

MOST_FILES = 100_000
MOST_BYTES = 256 * 2**20
"""Bytes that the members of one folder may have together, unpacked."""


class ArchiveError(ValueError):
    """An archive that is damaged, or that no honest tool has made."""


def read_folder(path: Path, folder: str) -> list[Member]:
    """The files of one folder inside the archive's single top folder, as GitHub packs a repository.

    Raises:
        ArchiveError: no zip file, damaged, without such a folder; or it holds names with ``..``,
            absolute names, links, the same name twice, files in deeper folders, or more bytes than it may.
    """
    content = io.BytesIO(path.read_bytes())  # what fails from here on is the content's fault
    try:
        with zipfile.ZipFile(content) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_FILES:
                raise ArchiveError(f"it holds {len(entries)} files, more than {MOST_FILES}")
            chosen = {_checked(entry): entry for entry in entries}
            if len(chosen) < len(entries):
                raise ArchiveError("it holds a name twice")
            wanted = [e for name, e in chosen.items() if name.parts[1:2] == (folder,) and not e.is_dir()]
            _check_size(wanted)
            return [_read(archive, entry) for entry in wanted]
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, ValueError) as error:
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"it can't be read as a zip archive: {error}") from None


def _checked(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = PurePosixPath(entry.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in entry.filename or ":" in entry.filename:
        raise ArchiveError(f"it holds the name {entry.filename!r}, which leads out of its folder")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"it can't be read as a zip archive: {entry.filename!r} is packed in an unusual way")
    mode = entry.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(f"it holds {entry.filename!r}, a link or device, not a file")
    return name


def _check_size(entries: list[zipfile.ZipInfo]) -> None:
    if not entries:
        raise ArchiveError("it lacks the expected folder")
    declared = sum(entry.file_size for entry in entries)
    if declared > MOST_BYTES:
        raise ArchiveError(f"it unpacks to {declared} bytes, more than the {MOST_BYTES} that it may have")


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    """One member; a read of its declared size and one byte more shows a declaration that is too small."""
    name = PurePosixPath(entry.filename)
    if len(name.parts) != 3:
        raise ArchiveError(f"it holds {entry.filename!r}, deeper than expected")
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise ArchiveError(f"its {entry.filename!r} has not the {entry.file_size} bytes that it declares")
    return Member(name.name, bool(entry.external_attr >> 16 & 0o100), content)

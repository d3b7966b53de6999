"""Git's names for contents: the same for a file or a folder wherever it is kept, however it was packed."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Member(NamedTuple):
    """A file as git sees it: its name, whether it can be run, and its bytes."""

    name: str
    executable: bool
    content: bytes


def blob_id(content: bytes) -> str:
    """The id that git gives these bytes: SHA-1 of ``blob <size>``, a zero byte, and the bytes.

    Example:
        >>> blob_id(b"")  # the empty file has the same id in every repository
        'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    return _sha1(b"blob", content).hexdigest()


def file_id(path: str | os.PathLike) -> str:
    """The :func:`blob_id` of a file, read piece by piece."""
    path = Path(path)
    with open(path, "rb") as file:
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        while piece := file.read(2**20):
            digest.update(piece)
    return digest.hexdigest()


def tree_id(members: Iterable[Member]) -> str:
    """The id that git gives a folder of these files, none of them in a folder of its own.

    SHA-1 of ``tree <size>``, a zero byte, and for each file, by name: mode, name, a zero byte, the
    20 bytes of its blob id.

    Example:
        >>> tree_id([])  # the empty folder
        '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
    """
    lines = []
    for name, executable, content in sorted(members, key=lambda member: member.name.encode()):
        mode = b"100755" if executable else b"100644"
        lines.append(mode + b" " + name.encode() + b"\0" + _sha1(b"blob", content).digest())
    return _sha1(b"tree", b"".join(lines)).hexdigest()


def _sha1(kind: bytes, content: bytes) -> "hashlib._Hash":
    return hashlib.sha1(kind + b" %d\0" % len(content) + content, usedforsecurity=False)

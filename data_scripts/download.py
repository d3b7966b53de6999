"""Downloads, from the public address or a mirror, verified by content before anything reads them."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from drcl_mini.core.files import data_folder, replacing

from .about import readable
from .identity import file_id
from .transfer import TooLarge, reason, transfer

LIMIT = 100 * 2**20
"""Bytes that a file of unknown size may have: GitHub keeps no larger ones."""


class DownloadError(RuntimeError):
    """A file could not be fetched, or is not the one that was asked for."""


def fetch(url: str, expected: str, most: int = LIMIT, identify: Callable[[Path], str] = file_id) -> Path:
    """The verified file behind a public address, kept in the data folder's ``downloads``.

    A file that is there and right is not fetched again. ``$DRCL_MINI_MIRROR`` names a folder or an
    address that holds the same files as ``<host>/<path>``; it is then asked instead.

    Args:
        url: public address.
        expected: git id of the content.
        most: bytes that it may have; what is longer is cut off and refused.
        identify: how the id of a file is found; a ``ValueError`` of it means that this is another file.

    Raises:
        DownloadError: it can't be had, or its content is another; an earlier file is kept as it was.
    """
    address = urlsplit(url)
    place = f"{address.netloc}{address.path}"
    target = data_folder() / "downloads" / place
    if target.is_file() and not difference(target, expected, identify):
        return target
    mirror = os.environ.get("DRCL_MINI_MIRROR")
    source = f"{mirror.rstrip('/')}/{place}" if mirror else url
    with replacing(target) as temporary:
        problem = ""
        try:
            transfer(source, temporary, most)
        except ImportError:
            raise
        except TooLarge as error:
            problem = str(error)
        except Exception as error:
            advice = "is DRCL_MINI_MIRROR right?" if mirror else "try later, or name a copy with DRCL_MINI_MIRROR"
            raise DownloadError(f"can't fetch {source}: {reason(error)}; {advice}") from None
        if problem := problem or difference(temporary, expected, identify):
            raise DownloadError(f"{source} is not the expected file: {problem}; try again, or name another mirror")
    return target


def difference(path: Path, expected: str, identify: Callable[[Path], str] = file_id) -> str:
    """In which way a file is not the expected one; empty if it is."""
    try:
        got = identify(path)
    except ValueError as error:
        return str(error)
    return "" if got == expected else f"{readable(path.stat().st_size)} with git id {got}, expected {expected}"

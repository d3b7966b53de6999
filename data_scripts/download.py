"""Downloads, from the public address or a mirror, verified by git blob id before anything reads them."""

import hashlib
import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from drcl_mini.files import data_folder, replacing

TIMEOUT = 60
"""Seconds without an answer before a download gives up."""


class DownloadError(RuntimeError):
    """A file could not be fetched, or is not the one that was asked for."""


def blob_id(content: bytes) -> str:
    """The id that git gives these bytes: SHA-1 of ``blob <size>``, a zero byte, and the bytes.

    Example:
        >>> blob_id(b"")  # the empty file has the same id in every repository
        'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def fetch(url: str, blob: str) -> Path:
    """The verified file behind a public address, kept in the data folder's ``downloads``.

    A file that is there and right is not fetched again. ``$DRCL_MINI_MIRROR`` names a folder or an
    address that holds the same files as ``<host>/<path>``; it is then asked instead.

    Args:
        url: public address.
        blob: git blob id of the content.

    Raises:
        DownloadError: it can't be had, or its content is another; nothing is kept then.
    """
    address = urlsplit(url)
    place = f"{address.netloc}{address.path}"
    target = data_folder() / "downloads" / place
    if target.is_file() and blob_id(target.read_bytes()) == blob:
        return target
    mirror = os.environ.get("DRCL_MINI_MIRROR")
    source = url if not mirror else f"{mirror.rstrip('/')}/{place}"
    with replacing(target) as temporary:
        try:
            _copy(source, temporary)
        except Exception as error:
            reason = " ".join(str(error).split())
            hint = "" if mirror else "; DRCL_MINI_MIRROR can name a folder or address with a copy"
            raise DownloadError(f"can't fetch {source}: {reason}{hint}") from None
        got = blob_id(temporary.read_bytes())
        if got != blob:
            raise DownloadError(f"{source} is not the expected file: git blob id {got}, expected {blob}")
    return target


def _copy(source: str, target: Path) -> None:
    if not source.startswith(("http://", "https://")):
        shutil.copyfile(Path(source).expanduser(), target)
        return
    import pooch

    pooch.HTTPDownloader(progressbar=True, timeout=TIMEOUT)(source, str(target), None)

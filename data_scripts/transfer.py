"""Bytes from an address or a folder: time-outs, further tries, and an end to what is endless."""

import shutil
import time
from pathlib import Path
from threading import Thread
from typing import BinaryIO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from tqdm import tqdm

from drcl_mini.core.checks import require

TIMEOUT = 60.0
"""Seconds without an answer before a try gives up."""
TRIES = 3
"""How often a download is tried where the network or the server fails."""
PAUSE = 1.0
"""Seconds before the second try; each further pause is twice as long."""
SLOWEST = 20_000
"""Bytes a second below which a download is given up."""


class TooLarge(ValueError):
    """More bytes came than a file may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"it is larger than the {most} bytes that it may have")


def transfer(source: str, target: Path, most: int) -> None:
    """Copy a file or download it, trying again where that may help.

    Raises:
        TooLarge: it is larger than ``most`` bytes.
        OSError: it can't be had; :func:`reason` says why in a few words.
    """
    if not source.startswith(("http://", "https://")):
        path = url2pathname(urlsplit(source).path) if source.startswith("file:") else source
        found = Path(path).expanduser()
        if found.stat().st_size > most:
            raise TooLarge(most)
        shutil.copyfile(found, target)
        return
    for attempt in range(TRIES):
        try:
            with open(target, "wb") as file:
                download(source, file, most)
            return
        except Exception as error:
            if attempt + 1 == TRIES or not _may_pass(error):
                raise
            time.sleep(PAUSE * 2**attempt)


def download(source: str, file: BinaryIO, most: int) -> None:
    """One try, in a thread that is left alone when its time is up: a drip of bytes never times out by itself."""
    pooch, failed, answered = require("pooch"), [], []

    def work() -> None:
        try:
            get(source, limited, None)
        except BaseException as error:
            failed.append(error)

    limited, seen = _Limited(file, most), 0
    with tqdm(desc=source.rsplit("/", 1)[-1], total=most, unit="B", unit_scale=True, disable=None, leave=False) as bar:
        hooks = {"response": lambda *_, **__: answered.append(True)}
        get = pooch.HTTPDownloader(progressbar=bar, timeout=TIMEOUT, chunk_size=2**16, hooks=hooks)
        thread = Thread(target=work, daemon=True)
        thread.start()
        window = 2 * TIMEOUT  # longer than the library waits for an answer, which is worth another try
        thread.join(window)
        while thread.is_alive() and limited.taken - seen >= window * SLOWEST:
            seen = limited.taken
            thread.join(window)
    if thread.is_alive() and not answered:  # a name with many addresses takes as many time-outs
        raise require("requests").ConnectTimeout("timed out")
    if thread.is_alive():
        raise TimeoutError(f"slower than {SLOWEST:,} bytes a second over {window:.3g} s")
    if failed:
        raise failed[0]


class _Limited:
    """A file that takes so many bytes and no more."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.file, self.most, self.taken = file, most, 0

    def write(self, chunk: bytes) -> None:
        self.taken += len(chunk)
        if self.taken > self.most:
            raise TooLarge(self.most)
        self.file.write(chunk)

    def flush(self) -> None:
        """Every chunk needn't reach the disk at once."""


def _may_pass(error: Exception) -> bool:
    """Whether another try may do better: no connection, no answer, cut off, or trouble of the server."""
    import requests

    if isinstance(error, requests.HTTPError):
        return error.response.status_code == 429 or error.response.status_code >= 500
    return isinstance(error, (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError))


def reason(error: Exception) -> str:
    """What went wrong, in a few words: the network library's own are long."""
    if getattr(error, "strerror", None):
        return error.strerror
    import requests

    if isinstance(error, requests.HTTPError):
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke off before the end"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return f"no answer within {TIMEOUT:g} s"
    if isinstance(error, requests.ConnectionError):
        return "no connection to the server"
    return " ".join(str(error).split())

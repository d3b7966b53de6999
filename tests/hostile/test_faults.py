"""Whatever a server, a file or another process does: one clear line, exit code 1, nothing half-made, nothing lost.

A server on this machine misbehaves while a small ``wikipedia-classic`` is fetched from it. Zip archives with
names that lead elsewhere, and bombs, are in ``data_scripts/test_spoken_digits.py`` and ``test_archives.py``.
"""

import gzip
import http.server
import json
import pickle
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from servers import serving

from data_scripts import transfer, wikipedia_classic
from data_scripts.__main__ import main
from data_scripts.identity import blob_id
from drcl_mini import load_dataset
from drcl_mini.data.load import CONVERTED

PLACE = "/" + wikipedia_classic.BASE.removeprefix("https://")
FEATURES = "raw_features.mat"
HANGS = 600
"""Seconds after which a test gives up on what hangs; no machine is so busy that it needs them."""
SIZES = {"TRAIN": 24, "VALIDATION": 11, "TEST": 12}


class Server:
    """Files by path, and for some paths a behaviour, used for so many requests."""

    def __init__(self):
        self.files, self.faults, self.asked = {}, {}, []
        self.address = None

    def handler(self):
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                content = server.files.get(self.path)
                fault, left = server.faults.get(self.path, (None, 0))
                if left:
                    server.faults[self.path] = fault, left - 1
                    fault(self, content)
                elif content is None:
                    self.send_error(404)
                else:
                    answer(self, content)

            def log_message(self, *_):
                pass

        return Handler

    def misbehave(self, path, fault, times=99):
        self.faults[path] = fault, times


def answer(request, content, status=200, length=None, **headers):
    request.send_response(status)
    if length != "none":
        request.send_header("Content-Length", str(len(content) if length is None else length))
    for name, value in headers.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(content)


def endless(request, content):
    answer(request, b"", length="none")
    try:
        while True:
            request.wfile.write(bytes(2**16))
    except OSError:
        pass


def drip(request, content):
    answer(request, b"", length=len(content))
    try:
        for i in range(len(content)):
            request.wfile.write(content[i : i + 1])
            time.sleep(0.05)
    except OSError:
        pass


FAULTS = {
    "cut off half way": (
        lambda request, content: answer(request, content[: len(content) // 2], length=len(content)),
        "the connection broke off before the end",
    ),
    "cut off, no length": (
        lambda request, content: answer(request, content[: len(content) // 2], length="none"),
        "is not the expected file",
    ),
    "nothing": (lambda request, content: answer(request, b""), "is not the expected file: 0 bytes"),
    "wrong bytes": (lambda request, content: answer(request, content[::-1]), "is not the expected file"),
    "a page": (lambda request, content: answer(request, b"<html>Log in</html>"), "is not the expected file"),
    "endless": (endless, "larger than the"),
    "unpacks to much": (
        lambda request, content: answer(request, gzip.compress(bytes(10**7)), **{"Content-Encoding": "gzip"}),
        "larger than the",
    ),
    "404": (lambda request, content: answer(request, b"", 404), "the server answers 404 Not Found"),
    "403": (lambda request, content: answer(request, b"", 403), "the server answers 403"),
    "500": (lambda request, content: answer(request, b"", 500), "the server answers 500"),
    "no answer": (lambda request, content: time.sleep(30), "no answer within 0.5 s"),
    "drip": (drip, "slower than"),
    "hangs up": (lambda request, content: request.connection.close(), "no connection to the server"),
    "no number": (lambda request, content: answer(request, content, length="many"), "can't fetch"),
    "redirect in a circle": (
        lambda request, content: answer(request, b"", 302, Location=request.path),
        "30 redirects",
    ),
    "redirect to a file": (
        lambda request, content: answer(request, b"", 302, Location="file:///etc/passwd"),
        "can't fetch",
    ),
    "redirect to nothing": (
        lambda request, content: answer(request, b"", 302, Location="http://127.0.0.1:1/x"),
        "no connection to the server",
    ),
}


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """No long pauses; a busy machine may stall a good download."""
    monkeypatch.setattr(transfer, "PAUSE", 0.01)
    monkeypatch.setattr(transfer, "SLOWEST", 1)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@contextmanager
def impatient(kind):
    """Downloads give up soon, for the kinds of trouble that are told by waiting."""
    with pytest.MonkeyPatch.context() as here:
        if kind in ("no answer", "drip"):
            here.setattr(transfer, "TIMEOUT", 0.5)
        if kind == "drip":
            here.setattr(transfer, "SLOWEST", 300_000)
        yield


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server of a small wikipedia-classic, named as the mirror."""
    for name, value in SIZES.items():
        monkeypatch.setattr(wikipedia_classic, name, value)
    files = small_wikipedia_classic(tmp_path)
    expect(monkeypatch, files)
    server = Server()
    server.files = {PLACE + name: content for name, content in files.items()}
    with serving(server.handler()) as server.address:
        monkeypatch.setenv("DRCL_MINI_MIRROR", server.address)
        yield server


def small_wikipedia_classic(folder, **changes):
    source, rest = np.random.default_rng(0), SIZES["VALIDATION"] + SIZES["TEST"]
    arrays = {
        "I_tr": source.random((SIZES["TRAIN"], 128)),
        "T_tr": source.random((SIZES["TRAIN"], 10)),
        "I_te": source.random((rest, 128)),
        "T_te": source.random((rest, 10)),
    }
    savemat(folder / "made.mat", {key: value for key, value in (arrays | changes).items() if value is not None})
    lists = ["".join(f"t{i}\ti{i}\t{i % 10 + 1}\n" for i in range(rows)).encode() for rows in (SIZES["TRAIN"], rest)]
    names = list(wikipedia_classic.BLOBS)
    return dict(zip(names, [(folder / "made.mat").read_bytes(), *lists, " ".join("abcdefghij").encode()], strict=True))


def expect(monkeypatch, files):
    monkeypatch.setattr(wikipedia_classic, "BLOBS", {name: blob_id(content) for name, content in files.items()})
    monkeypatch.setattr(wikipedia_classic, "SIZES", {name: len(content) for name, content in files.items()})


def everything(folder):
    """Every file of a folder with its content."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def fails(capsys):
    """A command fails in one line that holds the fragments."""

    def check(arguments, *fragments):
        capsys.readouterr()
        assert main(arguments) == 1
        shown = capsys.readouterr()
        assert shown.out == ""
        assert shown.err.count("\n") == 1, shown.err
        assert shown.err.startswith(f"error: {arguments[0]}: ")
        assert not [fragment for fragment in fragments if fragment not in shown.err], shown.err

    return check


@pytest.mark.parametrize("kind", FAULTS)
def test_a_server_that_misbehaves(server, fails, data_home, kind):
    fault, words = FAULTS[kind]
    server.misbehave(PLACE + FEATURES, fault)
    with impatient(kind):
        fails(["wikipedia-classic"], server.address + PLACE + FEATURES, words)
    assert everything(data_home) == {}
    server.faults.clear()
    assert main(["wikipedia-classic"]) == 0
    assert load_dataset("wikipedia-classic").classes == tuple("abcdefghij")


@pytest.mark.parametrize("kind", ["cut off half way", "wrong bytes", "endless", "404", "no answer"])
def test_what_was_there_before_is_kept(server, fails, data_home, kind):
    assert main(["wikipedia-classic"]) == 0
    (data_home / "downloads" / PLACE[1:] / FEATURES).write_bytes(b"damaged since")
    before = everything(data_home)
    server.misbehave(PLACE + FEATURES, FAULTS[kind][0])
    with impatient(kind):
        fails(["wikipedia-classic"], FAULTS[kind][1])
    assert everything(data_home) == before


@pytest.mark.parametrize("kind", ["500", "cut off half way", "no answer", "hangs up"])
def test_trouble_that_passes_is_not_even_told(server, capsys, kind):
    server.misbehave(PLACE + FEATURES, FAULTS[kind][0], times=2)
    with impatient(kind):
        assert main(["wikipedia-classic"]) == 0
    assert server.asked.count(PLACE + FEATURES) == 3
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("kind", ["404", "wrong bytes", "endless", "drip"])
def test_trouble_that_stays_is_met_once(server, fails, kind):
    server.misbehave(PLACE + FEATURES, FAULTS[kind][0])
    with impatient(kind):
        fails(["wikipedia-classic"])
    assert server.asked.count(PLACE + FEATURES) == 1


def test_a_name_with_many_addresses_that_do_not_answer(server, fails, monkeypatch):
    calls = []

    def silent(self, *arguments):  # the library waits for each address in turn, longer than a whole try may take
        calls.append(arguments)
        time.sleep(30)

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", silent)
    with impatient("no answer"):
        fails(["wikipedia-classic"], "no answer within 0.5 s")
    assert len(calls) == transfer.TRIES


def test_a_redirect_is_followed(server):
    server.files["/elsewhere"] = server.files[PLACE + FEATURES]
    server.misbehave(PLACE + FEATURES, lambda request, _: answer(request, b"", 301, Location="/elsewhere"))
    assert main(["wikipedia-classic"]) == 0
    assert "/elsewhere" in server.asked


def test_no_server_at_all(server, fails, data_home, monkeypatch):
    monkeypatch.setenv("DRCL_MINI_MIRROR", "http://127.0.0.1:1")
    fails(["wikipedia-classic"], "no connection to the server", "is DRCL_MINI_MIRROR right?")
    monkeypatch.delenv("DRCL_MINI_MIRROR")
    monkeypatch.setattr(wikipedia_classic, "BASE", "http://127.0.0.1:1/")
    fails(["wikipedia-classic"], "no connection to the server", "name a copy with DRCL_MINI_MIRROR")
    assert everything(data_home) == {}


CONTENTS = {
    "missing key": ({"I_te": None}, "'I_te' is missing; the file holds I_tr, T_te, T_tr"),
    "wrong shape": ({"I_te": np.ones((23, 12))}, "'I_te' is (23, 12), expected (23, 128)"),
    "transposed": ({"I_tr": np.ones((128, 24))}, "'I_tr' is (128, 24)"),
    "object array": ({"T_tr": np.array([[{"a": 1}, "b"]], dtype=object)}, "'T_tr'"),
    "words": ({"T_tr": np.array(["a", "b"])}, "'T_tr' holds char data, expected numbers"),
    "NaN": ({"T_te": np.full((23, 10), np.nan)}, "110 NaN or infinite values"),
}


@pytest.mark.parametrize("kind", CONTENTS)
def test_a_file_that_holds_something_else(server, fails, data_home, monkeypatch, tmp_path, kind):
    """The file is the one that was asked for, but not what the script takes it for."""
    good, (changes, words) = dict(server.files), CONTENTS[kind]
    files = small_wikipedia_classic(tmp_path, **changes)
    expect(monkeypatch, files)
    server.files = {PLACE + name: content for name, content in files.items()}
    fails(["wikipedia-classic"], FEATURES, words)
    assert sorted(everything(data_home)) == sorted(f"downloads{PLACE}{name}" for name in files)
    expect(monkeypatch, {path.removeprefix(PLACE): content for path, content in good.items()})
    server.files = good
    assert main(["wikipedia-classic"]) == 0


class Trap:
    """Unpickling it would fail the test."""

    def __reduce__(self):
        return (pytest.fail, ("unpickled",))


@pytest.mark.parametrize("key", ["name", "train/image/features", "items/image/array"])
def test_nothing_in_the_data_folder_is_ever_unpickled(server, data_home, complains, key):
    assert main(["wikipedia-classic"]) == 0
    path = data_home / "wikipedia-classic.npz"
    with np.load(path) as file:
        arrays = dict(file)
    np.savez(path, **arrays | {key: np.array([Trap()], dtype=object)})
    with complains(str(path), "no whole data file"):
        load_dataset("wikipedia-classic")
    path.write_bytes(pickle.dumps(Trap()))
    with complains(str(path), "no whole data file"):
        load_dataset("wikipedia-classic")
    assert main(["wikipedia-classic"]) == 0
    assert load_dataset("wikipedia-classic").modalities == ("image", "text")


@pytest.mark.parametrize("name", CONVERTED)
def test_a_set_that_was_not_fetched_names_the_command(name, complains):
    with complains(f"data set {name!r} is not in", f"python -m data_scripts {name}", error=FileNotFoundError):
        load_dataset(name)


CODE = """
import json, sys
from data_scripts import transfer, wikipedia_classic
from data_scripts.__main__ import main
for name, value in json.loads(sys.argv[1]).items():
    setattr(wikipedia_classic, name, value)
sys.exit(main(["wikipedia-classic"]))
"""


def start():
    """Fetch the small wikipedia-classic in a process of its own."""
    constants = SIZES | {name: getattr(wikipedia_classic, name) for name in ("BLOBS", "SIZES")}
    return subprocess.Popen(
        [sys.executable, "-c", CODE, json.dumps(constants)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_two_processes_at_once_do_not_harm_each_other(server, data_home):
    both = threading.Barrier(2)

    def together(request, content):
        both.wait(HANGS)
        answer(request, content)

    server.misbehave(PLACE + FEATURES, together, times=2)
    processes = [start(), start()]
    for process in processes:
        out, error = process.communicate(timeout=HANGS)
        assert (process.returncode, error) == (0, "")
        assert out.startswith("wikipedia-classic: ")
    names = [f"downloads{PLACE}{name}" for name in wikipedia_classic.BLOBS]
    assert sorted(everything(data_home)) == sorted([*names, "wikipedia-classic.json", "wikipedia-classic.npz"])
    assert load_dataset("wikipedia-classic").modalities == ("image", "text")


def test_an_interruption_leaves_nothing_half_made(server, data_home):
    asked = threading.Event()

    def wait(request, content):
        asked.set()
        time.sleep(HANGS)

    server.misbehave(PLACE + FEATURES, wait)
    process = start()
    assert asked.wait(HANGS)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=HANGS)
    assert (process.returncode, out, error) == (1, "", "error: interrupted; what was finished is kept\n")
    assert everything(data_home) == {}
    server.faults.clear()
    assert main(["wikipedia-classic"]) == 0

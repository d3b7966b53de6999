"""Damage files of some kinds, one after another, read each, and print a line of JSON about it.

Usage: python worker.py FOLDER FIRST LAST KIND …

Each file is announced before it is read, so that one that ends the process is known. The folder takes all files;
whoever writes elsewhere, starts a process, opens a connection or unpickles is found out by Python's audit events.
"""

import faulthandler
import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path
from random import Random

import numpy as np

from drcl_mini.speed.retrieval import peak_gb

PATIENCE = 60
"""Seconds by the clock after which a file counts as one that hangs."""
ADDRESSES = 4 * 2**30
"""Bytes of address space that may come on top: a bound in case; the test looks at what is really used."""
FORBIDDEN = {"pickle.find_class", "os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect"}


def main(folder, first, last, *names):
    folder = Path(folder).resolve()
    (folder / "data").mkdir(parents=True)
    os.environ["DRCL_MINI_DATA"] = str(folder / "data")
    sys.dont_write_bytecode = True
    from kinds import KINDS

    kinds, caught = [(name, KINDS[name]()) for name in names], []
    sys.addaudithook(lambda event, arguments: watch(event, arguments, folder, caught))
    good = {}
    for name, kind in kinds:
        path = folder / kind.place
        kind.make(path)
        good[name] = path.read_bytes(), kind.read(path)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ADDRESSES,) * 2)
    before = peak()
    for name, kind in kinds:
        whole, expected = good[name]
        for number in range(int(first), int(last)):
            content, knowing = kind.damage(whole, Random(f"{name} {number}"), folder / "trap")
            (folder / kind.place).write_bytes(content)
            print(json.dumps({"kind": name, "number": number}), flush=True)
            faulthandler.dump_traceback_later(PATIENCE, exit=True)
            start = time.process_time()
            told, same = attempt(kind, folder / kind.place, expected)
            seconds = time.process_time() - start  # other processes don't count
            faulthandler.cancel_dump_traceback_later()
            about = {"kind": name, "number": number, "knowing": knowing, "told": told, "same": same, "file": kind.place}
            about |= {"seconds": seconds, "peak_mb": peak() - before, "caught": list(caught)}
            print(json.dumps(about | {"trap": (folder / "trap").exists()}), flush=True)
            caught.clear()
        (folder / kind.place).unlink()


def attempt(kind, path, expected):
    """What went wrong, if it did, and whether the same numbers came back."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = kind.read(path)
        return "", len(found) == len(expected) and all(map(np.array_equal, found, expected))
    except (ValueError, OSError) as error:
        return f"{type(error).__name__}: {error}", False
    except BaseException as error:
        return f"UNEXPECTED {type(error).__name__}: {error}", False


def watch(event, arguments, folder, caught):
    """Note what no reader may do."""
    if event in FORBIDDEN:
        caught.append(event)
    if event == "open" and set("wax+") & set(str(arguments[1])) and not isinstance(arguments[0], int):
        fine = str(arguments[0]).startswith((str(folder), os.devnull))
        caught += [] if fine else [f"{event} {arguments[0]}"]


def peak():
    """MB at most so far."""
    return 1000 * peak_gb()


if __name__ == "__main__":
    main(*sys.argv[1:])

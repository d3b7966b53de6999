"""Damaged and forged files: each is read as it was, or refused in one line that names it; nothing else happens.

No crash, no more than ten seconds or a GB for a file, no code run, nothing written outside the data folder. The
damage is seeded; ``python tests/hostile/worker.py FOLDER 17 18 npz`` does number 17 of one kind again.
DRCL_MINI_ROBUSTNESS=PATH has more files tried, and writes figures to that JSON file: seconds are those of the
processor, peaks are those of a process that reads several kinds, above what it took before the first.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPORT = os.environ.get("DRCL_MINI_ROBUSTNESS")
FILES = 250 if REPORT else 50
"""Of each kind."""
GROUPS = {
    "data sets": ["npz", "card", "released outputs"],
    "sources": ["mat v5", "mat v5, plain", "mat v7.3", "hdf5"],
    "tensors": ["model", "progress", "index"],
    "results": ["results"],
}
"""Kinds that one process reads."""
CHECKED = {"npz", "card", "released outputs", "mat v5", "model", "progress", "index"}
"""What carries a checksum, or isn't read by the package at all: damaged bytes never pass for other numbers."""


@pytest.fixture(scope="module")
def figures():
    """What was tried, by kind; written down in the end if somebody asks."""
    found = {}
    yield found
    if REPORT and found:
        Path(REPORT).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="the worker's limits are those of Linux")
@pytest.mark.parametrize("group", GROUPS)
def test_every_file_is_read_or_refused(group, figures, tmp_path):
    if "index" in GROUPS[group]:
        pytest.importorskip("faiss")
    folder = tmp_path / "folder"
    program = [sys.executable, str(ROOT / "tests/hostile/worker.py"), str(folder), "0", str(FILES), *GROUPS[group]]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(program, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=600)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"{lines[-1:]} ended the process: {done.stderr[-3000:]}"
    tried = [line for line in lines if "told" in line]
    assert len(tried) == FILES * len(GROUPS[group])
    assert [fault for line in tried for fault in faults(line)] == []
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert {path.name for path in folder.iterdir()} <= {"data"}
    for kind, some in by_kind(tried).items():
        figures[kind] = {
            "tried": len(some),
            "loaded": sum(not line["told"] for line in some),
            "refused": sum(bool(line["told"]) for line in some),
            "slowest_seconds": round(max(line["seconds"] for line in some), 3),
            "peak_mb": round(max(line["peak_mb"] for line in some)),
        }


def faults(line):
    """What is wrong with how a file was taken, in words."""
    who, told = f"{line['kind']} {line['number']}", line["told"]
    if told.startswith("UNEXPECTED") or "\n" in told or (told and Path(line["file"]).name not in told):
        yield f"{who}: {told}"
    if not told and not line["same"] and not line["knowing"] and line["kind"] in CHECKED:
        yield f"{who}: other numbers"
    if line["caught"] or line["trap"]:
        yield f"{who}: {line['caught'] or 'unpickled'}"
    if line["seconds"] > 10 or line["peak_mb"] > 1000:
        yield f"{who}: {line['seconds']:.1f} s, {line['peak_mb']:.0f} MB"


def by_kind(tried):
    found = defaultdict(list)
    for line in tried:
        found[line["kind"]].append(line)
    return found


def test_the_watch_works(tmp_path):
    """The worker's traps do go off."""
    code = f"""
import sys, os, pickle
sys.path.insert(0, {str(ROOT / "tests/hostile")!r})
from pathlib import Path
from damage import Trap
from worker import watch
caught = []
sys.addaudithook(lambda event, arguments: watch(event, arguments, Path({str(tmp_path)!r}), caught))
open({str(tmp_path / "inside")!r}, "w").close()
assert caught == []
pickle.loads(pickle.dumps(Trap({str(tmp_path / "trap")!r})))
os.system("true")
open({str(tmp_path.parent / "outside")!r}, "w").close()
print([word.split()[0] for word in caught])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "['pickle.find_class', 'os.system', 'open']", done.stderr
    assert (tmp_path / "trap").is_dir()

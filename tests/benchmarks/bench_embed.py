"""1,000 pictures and 1,000 texts made into a data file: seconds, memory, killed and gone on with: ``make bench``."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

COUNT, CLASSES, SIDE = 1_000, 10, 640
WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "juniper"]
PROGRAM = """
import sys, time
from drcl_mini.app.cli import main
from drcl_mini.embed import extract
from drcl_mini.speed.retrieval import peak_gb
real, log = extract.read_item, open(sys.argv[1], "a", buffering=1)

def counted(row):
    log.write(row.where + "\\n")
    return real(row)

extract.read_item = counted
start, imported = time.perf_counter(), peak_gb()
code = main(["embed", *sys.argv[2:]])
print(f"figures {time.perf_counter() - start:.2f} {imported:.3f} {peak_gb():.3f}")
sys.exit(code)
"""


def make(folder: Path) -> None:
    """Photos of 640 × 480 pixels, JPEG, and texts of twelve words, in a table."""
    source = np.random.default_rng(0)
    rows = []
    for i in range(COUNT):
        coarse = source.integers(0, 255, size=(6, 8, 3)) // 2 + 12 * (i % CLASSES)
        picture = Image.fromarray(coarse.astype(np.uint8)).resize((SIDE, 3 * SIDE // 4), Image.Resampling.BICUBIC)
        opened = io.BytesIO()
        picture.save(opened, "JPEG", quality=90)
        (folder / f"{i}.jpg").write_bytes(opened.getvalue())
        rows.append({"file": f"{i}.jpg", "class": WORDS[i % CLASSES]})
        said = [WORDS[i % CLASSES], *source.choice(WORDS, 10), str(i)]
        rows.append({"text": " ".join(said), "class": WORDS[i % CLASSES]})
    (folder / "words.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("pictures")
    make(made)
    return made


@pytest.fixture
def command(folder, tmp_path):
    """The command line that embeds into a file of a name; ``tmp_path/read`` gets the items that were read."""
    table = ["--table", str(folder / "words.jsonl")]
    return lambda out: [sys.executable, "-c", PROGRAM, str(tmp_path / "read"), str(folder), *table, "--out", str(out)]


def figures(done: subprocess.CompletedProcess) -> list[float]:
    line = next(line for line in done.stdout.splitlines() if line.startswith("figures"))
    return [float(value) for value in line.split()[1:]]


def test_seconds_and_memory(command, tmp_path):
    options = {"capture_output": True, "text": True, "check": True}
    seconds, imported, peak = figures(subprocess.run(command(tmp_path / "mine.npz"), **options))
    size = (tmp_path / "mine.npz").stat().st_size / 1e6
    print(
        f"\n1,000 pictures of 640 × 480 and 1,000 texts: {seconds:.1f} s; peak {peak:.2f} GB, "
        f"of which {imported:.2f} GB are imports; {size:.1f} MB"
    )
    assert peak < imported + 0.5


@pytest.mark.parametrize(("number", "again"), [(signal.SIGTERM, 0), (signal.SIGKILL, 32)])
def test_killed_half_way(command, tmp_path, number, again):
    (tmp_path / "whole").mkdir()
    subprocess.run(command(tmp_path / "whole" / "mine.npz"), capture_output=True, check=True)
    log = tmp_path / "read"
    log.unlink()
    with subprocess.Popen(command(tmp_path / "mine.npz"), stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        while not log.exists() or log.read_text().count("\n") < COUNT // 2:
            time.sleep(0.01)
        os.kill(process.pid, number)
    killed_at = log.read_text().count("\n")
    assert killed_at < 2 * COUNT
    subprocess.run(command(tmp_path / "mine.npz"), capture_output=True, check=True)
    read = log.read_text().splitlines()
    twice = len(read) - len(set(read))
    same = (tmp_path / "mine.npz").read_bytes() == (tmp_path / "whole" / "mine.npz").read_bytes()
    print(f"\n{number.name} after {killed_at} of {2 * COUNT} items: {twice} items read twice, the same bytes: {same}")
    assert twice <= again
    assert len(set(read)) == 2 * COUNT
    assert same

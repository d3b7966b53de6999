"""A grid killed at any moment and started again loses no finished run, repeats none, and ends with the same scores."""

import os
import random
import subprocess
import time

import pytest

from drcl_mini.experiments.results import read_results

METHODS = ["DRCL", "simplex prior", "without FA", "label loss only", "q = 0 throughout", "SM", "MCCA"]
GRID = ["--suite", "smoke", "--methods", *METHODS, "--seeds", "3"]
RUNS = 3 * len(METHODS)


@pytest.fixture
def environment():
    return os.environ | {"OMP_NUM_THREADS": "1"}


def test_killed_again_and_again(bench, environment, tmp_path, scores):
    chance, out, whole = random.Random(time.time_ns()), tmp_path / "killed", tmp_path / "whole"
    calm = subprocess.Popen([*bench, *GRID, "--out", whole], env=environment, stdout=subprocess.DEVNULL)
    file, finished = out / "results.jsonl", b""
    command = [*bench, *GRID, "--out", out, "--resume"]
    for kill in range(3):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        wanted = chance.randrange(3)  # tasks to wait for, and then some moments more
        before = lines(file)
        while process.poll() is None and lines(file) < before + 3 * wanted:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.7))
        process.kill()
        process.wait()
        content = file.read_bytes() if file.exists() else b""
        assert content.startswith(finished)
        if kill == 1 and content:  # as if it had been killed within a write
            os.truncate(file, max(len(finished), len(content) - chance.randrange(1, 4000)))
        finished = content[: whole_tasks(file)]
    last = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    told = last.stderr.splitlines()
    assert all("are cut off" in line or "another commit" in line for line in told), told
    assert file.read_bytes().startswith(finished)
    assert calm.wait() == 0
    found = scores(read_results(file))
    assert len(found) == RUNS == lines(file)  # every run once: none was made twice
    assert found == scores(read_results(whole / "results.jsonl"))


def lines(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


def whole_tasks(file):
    """Bytes of tasks that are whole."""
    from drcl_mini.experiments.results import parse

    return parse(file.read_bytes(), file)[1] if file.exists() else 0

"""A grid killed at any moment and started again loses no finished run, repeats none, and ends with the same scores."""

import os
import random
import subprocess
import time

import pytest

from drcl_mini.experiments.choice import SEED
from drcl_mini.experiments.results import parse, read_results

METHODS = ["DRCL", "simplex prior", "without FA", "SM", "MCCA"]


@pytest.fixture
def environment():
    return os.environ | {"OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("more", [[], ["--jobs", "2", "--search"]])
def test_killed_again_and_again(bench, environment, tmp_path, scores, more):
    chance, out, whole = random.Random(time.time_ns()), tmp_path / "killed", tmp_path / "whole"
    grid = [*bench, "--suite", "smoke", "--methods", *METHODS, "--seeds", "3"]
    search = [option for option in more if option == "--search"]
    calm = subprocess.Popen([*grid, *search, "--out", whole], env=environment, stdout=subprocess.DEVNULL)
    command = [*grid, *more, "--out", out, "--resume"]
    files = [out / f"{name.strip('-')}.jsonl" for name in [*search, "results"]]
    finished = dict.fromkeys(files, b"")
    for kill in range(2):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        wanted = chance.randrange(3)  # tasks to wait for, and then some moments more
        before = sum(map(lines, files))
        while process.poll() is None and sum(map(lines, files)) < before + 3 * wanted:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.7))
        process.kill()
        process.wait()
        written = [file for file in files if file.exists() and file.stat().st_size]
        for file in written:
            content = file.read_bytes()
            assert content.startswith(finished[file])
            if kill == 1 and file == written[-1]:  # as if it had been killed within a write
                os.truncate(file, max(len(finished[file]), len(content) - chance.randrange(1, 4000)))
            finished[file] = content[: whole_tasks(file)]
    last = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    told = last.stderr.splitlines()
    assert all("are cut off" in line or "another commit" in line for line in told), told
    assert calm.wait() == 0
    for file in files:
        assert file.read_bytes().startswith(finished[file])
        found = scores_of(file, scores)
        assert len(found) == lines(file)  # every run once: none was made twice
        assert found == scores_of(whole / file.name, scores)
    assert len(found) == 3 * len(METHODS)
    assert {r["engine"] for r in read_results(file)} == {"jobs" if "--jobs" in more else "here"}


def scores_of(file, scores):
    """What must agree, by run; a search's tries are told by their settings."""
    records = read_results(file)
    tries = [r | {"method": f"{r['method']} {r['settings']}"} if r["seed"] == SEED else r for r in records]
    return scores(tries)


def lines(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


def whole_tasks(file):
    """Bytes of tasks that are whole."""
    return parse(file.read_bytes(), file)[1] if file.exists() else 0

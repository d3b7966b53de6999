"""A grid killed at any moment and started again loses no finished run, repeats none, and ends with the same scores.

DRCL_MINI_ROBUSTNESS=PATH has it killed more often.
"""

import os
import subprocess
import time

import pytest

from drcl_mini.experiments.plan.choice import SEED, SEEDS
from drcl_mini.experiments.store.results import parse, read_results

KILLS = 10 if os.environ.get("DRCL_MINI_ROBUSTNESS") else 2
"""Of each of two grids."""
METHODS = ["DRCL", "simplex prior", "without FA", "SM", "MCCA"]


@pytest.fixture
def environment():
    return os.environ | {"OMP_NUM_THREADS": "1"}


@pytest.mark.parametrize("more", [[], ["--jobs", "2", "--search"]])
def test_killed_again_and_again(bench, environment, tmp_path, scores, chance, record_property, more):
    grid = [*bench, "--suite", "smoke", "--methods", *METHODS, "--seeds", "3"]
    search = [option for option in more if option == "--search"]
    whole, names = tmp_path / "whole", [f"{name.strip('-')}.jsonl" for name in [*search, "results"]]
    calm = subprocess.Popen([*grid, *search, "--out", whole], env=environment, stdout=subprocess.DEVNULL)
    kills, grids = 0, []
    while kills < KILLS:
        out = tmp_path / f"killed {len(grids)}"
        files, command = [out / name for name in names], [*grid, *more, "--out", out, "--resume"]
        hits, finished = killed(command, environment, files, chance, min(5, KILLS - kills))
        kills += hits
        last = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert last.returncode == 0, last.stderr
        told = last.stderr.splitlines()
        assert all("are cut off" in line or "another commit" in line for line in told), told
        assert all(file.read_bytes().startswith(finished[file]) for file in files)
        grids.append(files)
    assert calm.wait() == 0
    for file in (file for files in grids for file in files):
        found = scores_of(file, scores)
        assert len(found) == lines(file)  # every run once: none was made twice
        assert found == scores_of(whole / file.name, scores)
    assert len(found) == 3 * len(METHODS)
    assert {r["engine"] for r in read_results(file)} == {"jobs" if "--jobs" in more else "here"}
    record_property("kills", kills)


def killed(command, environment, files, chance, most):
    """Kill a grid so many times, or until it is done; gives how often it was, and what was finished then, by file."""
    finished = dict.fromkeys(files, b"")
    for kill in range(most):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        wanted = chance.randrange(3)  # tasks to wait for, and then some moments more
        before = sum(map(lines, files))
        while process.poll() is None and sum(map(lines, files)) < before + 3 * wanted:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.7))
        process.kill()
        if process.wait() == 0:
            return kill, finished
        written = [file for file in files if file.exists() and file.stat().st_size]
        for file in written:
            content = file.read_bytes()
            assert content.startswith(finished[file])
            if kill % 2 and file == written[-1]:  # as if it had been killed within a write
                os.truncate(file, max(len(finished[file]), len(content) - chance.randrange(1, 4000)))
            finished[file] = content[: whole_tasks(file)]
    return most, finished


def scores_of(file, scores):
    """What must agree, by run; a search's tries are told by their settings."""
    records = read_results(file)
    tries = [r | {"method": f"{r['method']} {r['settings']}"} if r["seed"] in (SEED, *SEEDS) else r for r in records]
    return scores(tries)


def lines(file):
    return file.read_bytes().count(b"\n") if file.exists() else 0


def whole_tasks(file):
    """Bytes of tasks that are whole."""
    return parse(file.read_bytes(), file)[1] if file.exists() else 0

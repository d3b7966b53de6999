"""Results that took long: files under ``book/results``, each with the command that makes it again."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from drcl_mini.experiments.results import Record, read_results

RESULTS = Path(__file__).parents[1] / "results"


def result(name: str) -> dict[str, Any]:
    """A JSON result file, say ``"speed/map"``; ``["command"]`` in it makes it again."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def runs(name: str) -> list[Record]:
    """The runs of a grid that ``python -m drcl_mini bench`` made, say ``"benchmark"``."""
    return read_results(RESULTS / name / "results.jsonl")


def command(name: str) -> str:
    """The commands that made the runs of a grid, a line each."""
    return (RESULTS / name / "commands.txt").read_text(encoding="utf-8").strip()


def make_again(name: str) -> None:
    """Run the commands of a grid into ``runs/NAME``, beside the stored results; takes as long as they took."""
    out = f"runs/{name}"
    for line in command(name).splitlines():
        words = shlex.split(line)
        words[words.index("--out") + 1] = out
        program = [sys.executable, *words[1:]]
        subprocess.run(program, check=True, cwd=RESULTS.parents[1])  # noqa: S603
    print(f"the new runs are in {out}")

"""Results that took long: files under ``book/results``, each with the command that makes it again."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from drcl_mini.experiments.plan.grid import Record
from drcl_mini.experiments.store.results import read_results

RESULTS = Path(__file__).parents[1] / "results"


def result(name: str) -> dict[str, Any]:
    """A JSON result file, say ``"speed/map"``; ``["command"]`` in it makes it again."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def runs(name: str, part: str = "results") -> list[Record]:
    """The runs of a grid that ``python -m drcl_mini bench`` made, say ``"benchmark"``; its tries are in ``"search"``."""
    path = RESULTS / name / f"{part}.jsonl"
    return read_results(path if path.is_file() else f"{path}.gz")


def made_by(*names: str, run_again: bool = False) -> None:
    """Print the commands that made results, a line each; with ``run_again`` run them, in the repository's folder.

    The new runs of a grid go to ``runs/NAME``, beside the stored ones; other commands write their file anew. It takes
    as long as the stored ones took.
    """
    for name in names:
        grid = RESULTS / name / "commands.txt"
        lines = (
            grid.read_text(encoding="utf-8")
            if grid.exists()
            else result(name)["command"]
        )
        for line in lines.splitlines():
            print(line)
            if not run_again:
                continue
            for words in map(shlex.split, line.split(" && ")):
                if grid.exists():
                    words[words.index("--out") + 1] = f"runs/{name}"
                program = [sys.executable, *words[1:]]
                subprocess.run(program, check=True, cwd=RESULTS.parents[1])  # noqa: S603 our own commands

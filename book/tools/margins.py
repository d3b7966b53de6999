"""How safe the claims about trainings on the spot are: ``python book/tools/margins.py [CHAPTER …]``.

Each chapter with a ``kit.claim`` runs with ten values of its parameter SEED, each on three numerics: this processor's own
kernels, plain kernels, two threads. ``results/margins.json`` keeps the value of every claim. Its *spread* is the range of
these thirty values, its *margin* the distance from their mean to the claim's bound; their *ratio* must be at least 2.
"""

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat

from drcl_mini.core.environment import environment, write_json

ROOT = Path(__file__).parents[2]
BOOK, MARGINS = ROOT / "book", ROOT / "book/results/margins.json"
SEEDS, NEEDED = range(10), 2
sys.path.insert(0, str(ROOT / "tests"))
from numerics import NUMERICS, PLAIN  # noqa: E402 (it stands beside the tests that use it)


def with_claims() -> list[Path]:
    """Chapters that claim something about what they train on the spot."""
    return [
        path
        for path in sorted(BOOK.glob("*.ipynb"))
        if any(
            "kit.claim(" in cell.source
            for cell in nbformat.read(path, as_version=4).cells
            if cell.cell_type == "code"
        )
    ]


def measure(chapter: Path, numerics: Mapping[str, str], seed: int) -> list[dict]:
    """The claims of one run of a chapter: name, value, bound."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as record:
        program = [sys.executable, BOOK / "tools/execute.py", chapter]
        program += ["--set", f"SEED={seed}"]
        asked = {"DRCL_MINI_CLAIMS": record.name, **numerics}
        own = {
            name: value for name, value in os.environ.items() if name not in PLAIN
        }
        done = subprocess.run(  # noqa: S603 (our own program, no shell)
            program, env=own | asked, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{chapter.name} with {asked}: {done.stderr}")
        return [json.loads(line) for line in record]


def collect(chapter: Path) -> dict[str, dict[str, Any]]:
    """Thirty runs of a chapter; two at a time where each has one thread."""
    found: dict[str, dict[str, Any]] = {}
    for name, numerics in NUMERICS.items():
        with ThreadPoolExecutor(2 // int(numerics["OMP_NUM_THREADS"])) as pool:
            runs = pool.map(
                measure,
                itertools.repeat(chapter),
                itertools.repeat(numerics),
                SEEDS,
            )
            for claims in runs:
                for claim in claims:
                    about = found.setdefault(
                        claim["name"], {"chapter": chapter.stem}
                    )
                    about |= {side: claim[side] for side in ("above", "below")}
                    values = about.setdefault("values", {}).setdefault(name, [])
                    values.append(round(claim["value"], 6))
    return {name: about | judged(about) for name, about in found.items()}


def judged(about: Mapping[str, Any]) -> dict[str, float | None]:
    """Mean, spread, margin of a claim's values, and margin by spread; None where all values are equal."""
    values = [value for runs in about["values"].values() for value in runs]
    mean, spread = statistics.fmean(values), max(values) - min(values)
    margin = (
        mean - about["above"] if about["below"] is None else about["below"] - mean
    )
    return {
        "mean": round(mean, 4),
        "spread": round(spread, 4),
        "margin": round(margin, 4),
        "ratio": round(margin / spread, 2) if spread else None,
    }


def main() -> int:
    """Measure, write, say which claims are too bold."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("chapters", nargs="*", type=Path, metavar="CHAPTER")
    asked = parser.parse_args().chapters or with_claims()
    stems = {path.stem for path in asked}
    measured: dict[str, dict[str, Any]] = {}
    for path in asked:
        start = time.perf_counter()
        measured |= collect(path.resolve())
        print(f"{path.stem}: {time.perf_counter() - start:.0f} s", flush=True)
    stored = json.loads(MARGINS.read_text("utf-8")) if MARGINS.exists() else {}
    there = {path.stem for path in with_claims()}
    kept = {
        name: about
        for name, about in stored.get("claims", {}).items()
        if about["chapter"] in there - stems
    }
    claims = kept | measured
    for name, about in claims.items():
        if about["chapter"] in stems:
            bound = (
                f"above {about['above']}"
                if about["below"] is None
                else f"below {about['below']}"
            )
            print(
                f"{name}: mean {about['mean']}, spread {about['spread']}, {bound}, ratio {about['ratio']}"
            )
    told = {
        "command": "python book/tools/margins.py",
        "date": time.strftime("%Y-%m-%d"),
        "environment": environment(),
        "numerics": NUMERICS,
        "seeds": len(SEEDS),
        "claims": claims,
    }
    write_json(MARGINS, told)
    bold = [
        name
        for name, about in claims.items()
        if not about["margin"] >= NEEDED * about["spread"]
    ]
    for name in bold:
        print(f"too bold, show it instead of claiming it: {name}")
    return int(bool(bold))


if __name__ == "__main__":
    sys.exit(main())

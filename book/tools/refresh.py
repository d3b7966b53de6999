"""Make anew all that the book stores, in the right order: ``python book/tools/refresh.py [STEP …]``.

==========  =========================================================================================================
models      ``book/models``: every chapter runs with TRAIN = "store"; the coordinates of maps are among what it stores
margins     ``book/results/margins.json``: how safe the claims about trainings on the spot are
outputs     every chapter runs and keeps its outputs
status      ``book/results/status.json``: seconds and memory of every chapter
tables      the tables of chapters and results, in the README, on the Welcome page, on the status page
==========  =========================================================================================================

Without a STEP it does all of them. Results of long experiments (``book/results``) are made by the command in each.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
STEPS = ("models", "margins", "outputs", "status", "tables")


def tool(name: str, *arguments: str | Path) -> None:
    """Run one of the tools beside this one; one thread, so that two chapters can run at once."""
    command = [sys.executable, BOOK / "tools" / f"{name}.py", *arguments]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})  # noqa: S603 (our own programs)


def chapters(text: str = "") -> list[Path]:
    """Chapters in whose code a text stands."""
    found = []
    for path in sorted(BOOK.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        if any(text in cell.source for cell in cells if cell.cell_type == "code"):
            found.append(path)
    return found


def models() -> None:
    """Train all that is stored again; one chapter after another, for some share a model."""
    with tempfile.TemporaryDirectory(dir=BOOK) as folder:
        for path in (BOOK / "models").glob("*.safetensors"):
            path.rename(Path(folder) / path.name)
        try:
            for path in chapters("kit.load_or_train("):
                tool("execute", "--set", "TRAIN='store'", path)
        except BaseException:  # what wasn't made anew comes back
            for path in Path(folder).glob("*.safetensors"):
                path.replace(BOOK / "models" / path.name)
            raise


def margins() -> None:
    """Ten seeds of every claim on each of three numerics."""
    tool("margins")


def outputs() -> None:
    """Run every chapter and keep what it shows; two at a time."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda path: tool("execute", path), chapters()))


def status() -> None:
    """Measure every chapter, one after another."""
    tool("chapters", "--measure")


def tables() -> None:
    """Write the tables that are made from what the other steps found."""
    for name in ("chapters", "readme"):
        tool(name)


def main() -> None:
    """Do the steps, in their order, and say how long each took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", metavar="STEP")
    asked = parser.parse_args().steps or STEPS
    if unknown := set(asked) - set(STEPS):
        parser.error(
            f"unknown: {', '.join(unknown)}; the steps are {', '.join(STEPS)}"
        )
    for step in STEPS:
        if step in asked:
            start = time.perf_counter()
            globals()[step]()
            print(f"{step}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()

"""What is compared in the chapters, and how: ``python book/tools/regimes.py`` prints a table.

Cells with pictures that are compared pixel by pixel, cells with pictures that aren't compared, cells that train on the
spot, claims about those, and what is stored for the rest.
"""

import importlib.util
import json
import math
from pathlib import Path

import nbformat
import pandas as pd

BOOK = Path(__file__).parents[1]


def comparison() -> object:
    """``book/conftest.py``, which compares."""
    spec = importlib.util.spec_from_file_location("compare", BOOK / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print the table and the sums."""
    compare, rows = comparison(), {}
    for path in sorted(BOOK.glob("*.ipynb")):
        chapter = nbformat.read(path, as_version=4)
        code = [cell for cell in chapter.cells if cell.cell_type == "code"]
        regimes = [compare.regime(cell, chapter) for cell in code]
        tags = [cell.metadata.get("tags", []) for cell in code]
        rows[path.stem] = {
            "code cells": len(code),
            "pictures strict": regimes.count("strict"),
            "pictures not compared": regimes.count("not compared"),
            "outputs not compared": sum("nbval-ignore-output" in t for t in tags),
            "train on the spot": sum("trains-here" in t for t in tags),
            "claims": sum(cell.source.count("kit.claim(") for cell in code),
            "loads": sum(cell.source.count("kit.load_or_train(") for cell in code),
        }
    table = pd.DataFrame(rows).T
    table.loc["all"] = table.sum()
    print(table.to_string())
    claims = json.loads((BOOK / "results/margins.json").read_text("utf-8"))[
        "claims"
    ]
    print()
    for about in claims.values():
        about["ratio"] = math.inf if about["ratio"] is None else about["ratio"]
    for name, about in sorted(claims.items(), key=lambda pair: pair[1]["ratio"]):
        side = "above" if about["below"] is None else "below"
        print(
            f"{about['ratio']:6.2f}  {about['chapter']}: {name}, {side} {about[side]} "
            f"(mean {about['mean']}, range {about['spread']})"
        )
    sizes = [
        path.stat().st_size for path in (BOOK / "models").glob("*.safetensors")
    ]
    print(f"\n{len(sizes)} stored files, {sum(sizes) / 1e6:.2f} MB")


if __name__ == "__main__":
    main()

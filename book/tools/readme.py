"""Renew the README's measured tables, its picture and its count of lines: ``python book/tools/readme.py [--check]``.

The tables come from result files, the picture from a chapter's stored output.
"""

import base64
import json
import re
import sys
from pathlib import Path

import pandas as pd
from lines import by_folder

from drcl_mini.core.intervals import interval
from drcl_mini.experiments.report.report import verdicts
from drcl_mini.experiments.store.results import read_results

ROOT = Path(__file__).parents[2]
START, END = "<!-- results -->\n", "<!-- /results -->\n"
COUNT = re.compile("(?<=<!-- lines -->).*?(?=<!-- /lines -->)")


def table(results: dict) -> str:
    """Markdown: one row per task, mean over seeds ± half the 95 % interval."""
    runs = [run for run in results["runs"] if not run["unfinished"]]
    tasks: dict[str, dict] = {}
    for run in runs:
        for s in run["scores"]:
            name = (
                "**mean**"
                if s["query"] == "mean"
                else f"{s['query']} → {s['gallery']}"
            )
            tasks.setdefault(name, {}).setdefault(s["k"], []).append(s["map"])
    cuts = list(next(iter(tasks.values())))
    lines = [
        "| Wikipedia, classic features, test set | "
        + " | ".join(f"mAP@{k}" for k in cuts)
        + " |",
        "| --- |" + " --- |" * len(cuts),
    ]
    for name, task in tasks.items():
        cells = [
            f"{sum(task[k]) / len(task[k]):.3f} ± {interval(task[k]):.3f}"
            for k in cuts
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    spread = f"Mean over {len(runs)} seeds ± half the 95 % interval (Student's t); ten seeds of this setting stand below."
    return "\n".join([*lines, "", f"{spread} Made by `{results['command']}`.", ""])


def benchmark() -> str:
    """Markdown: DRCL and the best of the others on each data set; how many differ from DRCL's default measurably."""
    runs, ablations = (
        read_results(ROOT / f"book/results/{name}/results.jsonl")
        for name in ("benchmark", "ablations")
    )
    sets = list(dict.fromkeys(run["dataset"] for run in runs))
    default = "DRCL, default"
    runs += [
        {**run, "method": default}
        for run in ablations
        if run["method"] == "full" and run["dataset"] in sets
    ]
    rows = {
        name: []
        for name in ("seeds", default, "DRCL, searched", "SM", "best of the others")
    }
    rows |= {"better than the default": [], "worse than the default": []}
    for name in sets:
        found = verdicts([r for r in runs if r["dataset"] == name], default)
        found = found.set_index("method")
        others = found.drop(index=[default, "DRCL"])
        best, clear = others["mean"].idxmax(), others[others.p_holm < 0.05]
        for row, method in (
            (default, default),
            ("DRCL, searched", "DRCL"),
            ("SM", "SM"),
        ):
            rows[row].append(_score(found.loc[method]))
        rows["seeds"].append(str(others.n.min()))
        rows["best of the others"].append(f"{best}: {_score(others.loc[best])}")
        for row, which in (
            ("better", clear.difference > 0),
            ("worse", clear.difference < 0),
        ):
            few = 2 / 2 ** others.n.min() * len(others) >= 0.05
            told = "too few seeds" if few else f"{which.sum()} of {len(others)}"
            rows[f"{row} than the default"].append(told)
    lines = [
        f"| test mAP@all | {' | '.join(sets)} |",
        "| --- " * (len(sets) + 1) + "|",
    ]
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    note = (
        "The last two rows count methods by paired tests with Holm's correction. "
    )
    note += "Runs and commands are in `book/results/benchmark` and `ablations`."
    return "\n".join([*lines, "", note, ""])


def _score(row: pd.Series) -> str:
    return f"{row['mean']:.3f} ± {row['half']:.3f}"


def picture() -> bytes:
    """The PNG of the Quick start's figure of nearest pictures, as stored in the chapter."""
    notebook = json.loads(
        (ROOT / "book/01-quick-start.ipynb").read_text(encoding="utf-8")
    )
    for cell in notebook["cells"]:
        if (
            cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
            == "nearest-pictures"
        ):
            return next(
                base64.b64decode(o["data"]["image/png"])
                for o in cell["outputs"]
                if "data" in o
            )
    raise ValueError("the Quick start has no figure named 'nearest-pictures'")


def main(check: bool) -> int:
    """Renew table and picture; with ``check`` only say whether they are stale."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    results = json.loads(
        (ROOT / "book/results/wikipedia-classic.json").read_text(encoding="utf-8")
    )
    head, rest = text.split(START)
    renewed = (
        head
        + START
        + "\n"
        + table(results)
        + "\n"
        + benchmark()
        + "\n"
        + END
        + rest.split(END)[1]
    )
    lines = by_folder(ROOT / "drcl_mini")["method"]
    renewed = COUNT.sub(str(lines), renewed)
    png = ROOT / "book/results/nearest-pictures.png"
    if not check:
        path.write_text(renewed, encoding="utf-8")
        png.write_bytes(picture())
        return 0
    return int(renewed != text or png.read_bytes() != picture())


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))

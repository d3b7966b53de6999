"""The page on the paper's data sets in parts, as HTML: ``python book/tools/paper_cost.py PART``."""

import sys
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # kit
from data_scripts.__main__ import script
from drcl_mini.experiments.plan.suites import COMMANDS, PAPER
from drcl_mini.experiments.report.published import read_published
from drcl_mini.training.settings import EPOCHS, RATES
from kit.results import RESULTS, result, runs

TASKS = ("image", "text"), ("text", "image")
OURS = {"benchmark": ("MCCA", "PLS", "GMA", "SM"), "evidence": ("SM", "DRCL")}
"""By folder of results, our rows that stand beside the recipes: the evidence searched wider."""


def html(table: pd.DataFrame, index: bool = True) -> str:
    return table.to_html(border=0, classes="table", escape=False, index=index)


def sets() -> str:
    """Where each file is to be had, what it holds, and what is known of the released settings."""
    rows = []
    for name in PAPER:
        about = script(name).ABOUT
        ask = f"ask at {about.ask}" if about.ask else f"public, {about.origin}"
        media = [f"{m} {d}" for m, d in about.dimensions.items()]
        rows.append(
            {
                "data set": f"<code>{name}</code>",
                "modalities, features": ", ".join(media),
                "classes": about.classes,
                "train / validation / test": escape(about.split),
                "file": escape(about.file),
                "where": escape(ask),
                "epochs": EPOCHS[name],
                "rates": "known" if name in RATES else "unknown",
            }
        )
    return html(pd.DataFrame(rows), index=False)


def commands() -> str:
    """What converts each file."""
    lines = [
        COMMANDS[name].replace("FILE", script(name).ABOUT.file) for name in PAPER
    ]
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


def costs() -> pd.DataFrame:
    """Every row of the suite with its hours on the processor that timed a step."""
    found = result("paper-cost")
    timed = pd.DataFrame(found["timed"])
    timed["rate"] = timed.operations / timed.seconds
    linear = timed[timed.method.isin(["MCCA", "SM"])].set_index("method").rate
    deep = timed[~timed.method.isin(["MCCA", "SM"])].groupby("dataset").rate.mean()
    rows = pd.DataFrame(found["rows"])
    alone = rows.parameters < 10 * 2**20  # a matrix for each modality
    other = np.where(rows.method == "SM", linear["SM"], linear["MCCA"])
    rows["linear"] = alone
    rows["hours"] = (
        rows.operations / np.where(alone, other, rows.dataset.map(deep)) / 3600
    )
    return rows


def table() -> str:
    """A folded table for each data set, its sums in the headline."""
    parts = []
    for name, rows in costs().groupby("dataset", sort=False):
        days = rows.hours.sum() / 24
        told = f"{name}: {len(rows)} rows, {power(rows.operations.sum())} operations, {days:,.0f} days of one thread"
        shown = pd.DataFrame(
            {
                "method": rows.method.map(escape),
                "parameters": (rows.parameters / 1e6).map("{:,.2f} M".format),
                "memory": [
                    f"{own / 1e9:.1f} GB{' (main)' if main else ''}"
                    for own, main in zip(rows.bytes, rows.linear, strict=True)
                ],
                "trainings": rows.trainings,
                "operations": rows.operations.map(power),
                "hours, one thread": rows.hours.map("{:,.1f}".format),
            }
        )
        opened = " open" if not parts else ""
        parts.append(
            f"<details{opened}><summary>{told}</summary>{html(shown, index=False)}</details>"
        )
    return "".join(parts)


def totals() -> str:
    """The whole suite in one sentence."""
    rows = costs()
    deep = rows[~rows.linear]
    most = deep.loc[deep.operations.idxmax()]
    return (
        f"<p>All five sets: {power(rows.operations.sum())} operations, "
        f"{rows.hours.sum() / 24 / 365:,.1f} years of one thread of this processor. The dearest row is "
        f"{escape(most.method)} on {most.dataset}, {power(most.operations)} operations; the rows that "
        f"need most memory take {deep.bytes.max() / 1e9:.0f} GB.</p>"
    )


def power(value: float) -> str:
    """Two digits and a power of ten."""
    digits, _, exponent = f"{value:.1e}".partition("e")
    return f"{digits} · 10<sup>{int(exponent)}</sup>"


def timed() -> str:
    """The steps that were timed."""
    found = result("paper-cost")
    rows = [
        {
            "data set": row["dataset"],
            "method": row["method"],
            "seconds": f"{row['seconds']:.1f}",
            "operations": power(row["operations"]),
            "operations a second": power(row["operations"] / row["seconds"]),
        }
        for row in found["timed"]
    ]
    where = found["environment"]
    told = f"{where.get('processor') or where.get('platform')}, PyTorch {where['torch']}, one thread."
    return html(pd.DataFrame(rows), index=False) + f"<p>{escape(told)}</p>"


def classic() -> str:
    """Recipes of 2010, our rows, and published ones where a source was at hand, on the classic features."""
    rows = []
    for name, found in result("classic-recipes")["recipes"].items():
        for items, scores in found.items():
            told = {f"{a} → {b}": f"{scores[f'{a} → {b}']:.3f}" for a, b in TASKS}
            rows.append(
                {"what": f"{name}, recipe of 2010", "test items": items} | told
            )
    for folder, names in OURS.items():
        records = runs(folder)
        for method in names:
            own = [
                r["scores"]
                for r in records
                if (r["dataset"], r["method"], r["label_noise"])
                == ("wikipedia-classic", method, 0.0)
            ]
            told = {f"{a} → {b}": f"{mean(own, a):.3f}" for a, b in TASKS}
            rows.append(
                {
                    "what": f"{method}, ours ({folder}, {len(own)} seeds)",
                    "test items": "462",
                }
                | told
            )
    for method, some in read_published(RESULTS / "published-classic.csv").groupby(
        "method"
    ):
        told = {
            f"{row['query']} → {row.gallery}": f"{row['map']:.3f}"
            for _, row in some.iterrows()
        }
        rows.append({"what": f"{method}, published", "test items": "693"} | told)
    return html(pd.DataFrame(rows).fillna(""), index=False)


def mean(scores: list[list[dict]], query: str) -> float:
    """The mean mAP@all of a task over runs, given the scores of each."""
    found = [
        s["map"]
        for own in scores
        for s in own
        if (s["query"], s["k"]) == (query, "all")
    ]
    return float(np.mean(found))


PARTS = {
    "sets": sets,
    "commands": commands,
    "table": table,
    "totals": totals,
    "timed": timed,
    "classic": classic,
}


if __name__ == "__main__":
    print(PARTS[sys.argv[1]]())

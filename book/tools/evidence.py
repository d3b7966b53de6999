"""The wider search as HTML, for its page: ``python book/tools/evidence.py PART``."""

import sys
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from drcl_mini.experiments.report.differences import verdict
from drcl_mini.experiments.report.report import verdicts
from drcl_mini.experiments.report.resampling import differences
from drcl_mini.experiments.report.scores import by_posteriors
from drcl_mini.experiments.store.results import read_results

FOLDER = Path(__file__).parents[1] / "results" / "evidence"
LEVEL = 0.05


def compared() -> pd.DataFrame:
    """Each method on each data set beside DRCL, its posteriors too; ``found`` is ahead, behind or unclear.

    A method is ahead or behind if its interval over seeds and test items leaves out zero, and if its test over seeds,
    corrected for all methods of the data set (Holm), does as well.
    """
    records = read_results(FOLDER / "results.jsonl")
    records += by_posteriors(records)
    table = verdicts(records, "DRCL").set_index(["dataset", "method"])
    gaps = pd.DataFrame(differences(records, "DRCL")).set_index(
        ["dataset", "method"]
    )
    table = table.join(gaps[["low", "high", "seen"]])
    sure = table.p_holm < LEVEL
    words = [verdict(row) for row in table.to_dict("records")]
    table["found"] = np.where(
        sure & (np.array(words) != "no difference found"), words, "unclear"
    )
    return table


def tables() -> str:
    """A table for each data set."""
    parts = []
    for name, rows in compared().groupby(level="dataset", sort=False):
        found = {method: _row(row) for (_, method), row in rows.iterrows()}
        table = pd.DataFrame(found).T.to_html(
            border=0, classes="table", escape=False
        )
        parts.append(f"<p><b>{escape(name)}</b></p>{table}")
    return "".join(parts)


def _row(row: Any) -> dict[str, str]:
    first = {"mAP": f"{row['mean']:.3f} ± {row['half']:.3f}"}
    if np.isnan(row["difference"]):
        return first | dict.fromkeys(
            ["− DRCL", "interval", "p (Holm)", "findable", ""], ""
        )
    return first | {
        "− DRCL": _minus(row["difference"]),
        "interval": f"{_minus(row['low'])} to {_minus(row['high'])}",
        "p (Holm)": f"{row['p_holm']:.3f}",
        "findable": f"{row['seen']:.3f}",
        "": row["found"],
    }


def _minus(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def choices() -> str:
    """What each search chose, and on which edges of its ranges the choice lies."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for record in read_results(FOLDER / "results.jsonl"):
        found[record["dataset"], record["method"]] = record["search"]
    rows = [
        {
            "data set": name,
            "method": escape(method),
            "chosen": "; ".join(
                f"{k} {_short(v)}" for k, v in search["chosen"].items()
            ),
            "on an edge": ", ".join(
                f"{k} {_short(v)}" for k, v in search["edges"].items()
            ),
            "failed": search["failed"] or "",
        }
        for (name, method), search in found.items()
    ]
    edges = sum(bool(search["edges"]) for search in found.values())
    tries = sorted({search["tries"] for search in found.values()})
    told = f"{len(rows)} searches of {', '.join(map(str, tries))} tries; {edges} choices on an edge."
    table = pd.DataFrame(rows).to_html(
        border=0, classes="table wrapped", escape=False, index=False
    )
    return f"{table}<p>{told}</p>"


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(own)}" for name, own in value.items())
    return f"{value:g}" if isinstance(value, float) else escape(str(value))


def command() -> str:
    """The command that made the runs."""
    text = (FOLDER / "commands.txt").read_text(encoding="utf-8").strip()
    return f"<p><code>{escape(text)}</code></p>"


PARTS = {"tables": tables, "choices": choices, "command": command}


if __name__ == "__main__":
    print(PARTS[sys.argv[1]]())

"""Renew the README's table of results and its count of lines: ``python book/tools/readme.py [--check]``.

The table comes from ``differences.json`` and ``verdicts.json``, which are made from the runs in ``book/results``.
"""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lines import by_folder

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "book" / "results"
START, END = "<!-- results -->", "<!-- /results -->"
COUNT = re.compile("(?<=<!-- lines -->).*?(?=<!-- /lines -->)")
AFTER = "DRCL, after"
ROWS = {
    AFTER: "**DRCL**",
    "orthogonal prior": "DRCL with a random W",
    "deep-SM": "one classifier per modality (deep-SM)",
    "SM": "logistic regression per modality (SM)",
}
"""Rows of the part ``default`` and what they are called; they have ten seeds each."""
Row = Mapping[str, Any]


def stored(name: str) -> dict[str, Any]:
    """A result file."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def mark(row: Row) -> str:
    """▲ or ▼ where a method is measurably ahead of DRCL or behind it; a row's difference is DRCL minus the method.

    Example:
        >>> mark({"low": 0.01, "high": 0.02}), mark({"low": -0.01, "high": 0.02})
        (' ▼', '')
        >>> mark({"low": -0.02, "high": -0.01}), mark({})
        (' ▲', '')
    """
    if row.get("low", 0) > 0:
        return " ▼"
    return " ▲" if row.get("high", 0) < 0 else ""


def plain(found: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Rows of methods with their defaults: a score for each data set."""
    table: dict[str, dict[str, str]] = {told: {} for told in ROWS.values()}
    for row in found["default"]:
        if told := ROWS.get(row["method"]):
            table[told][row["dataset"]] = f"{row['mean']:.3f}{mark(row)}"
    return table


def searched(
    found: Mapping[str, Any], claim: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """Two rows of the wide comparison: DRCL, and the rival that was best on validation data."""
    means = {
        (row["dataset"], row["method"]): row["mean"] for row in found["benchmark"]
    }
    own, rival = {}, {}
    for name, row in claim["data sets"].items():
        (method,) = row["against"]
        own[name] = f"{means[name, 'DRCL']:.3f}"
        rival[name] = f"{means[name, method]:.3f}{mark(row)} {method}"
    return {"DRCL, searched": own, "best rival, searched": rival}


def table() -> str:
    """Markdown: a row for each method, a column for each data set."""
    found = stored("differences")
    rows = plain(found)
    names = list(rows[ROWS[AFTER]])
    rows |= searched(found, stored("verdicts")["claims"]["outperforms"])
    rows["chance"] = {name: f"{found['chance'][name]:.3f}" for name in names}
    lines = [
        f"| test mAP | {' | '.join(names)} |",
        "| --- " * (len(names) + 1) + "|",
    ]
    for told, cells in rows.items():
        lines.append(
            f"| {told} | {' | '.join(cells.get(name, '') for name in names)} |"
        )
    return "\n".join(lines)


def main(check: bool) -> int:
    """Renew the table and the count; with ``check`` only say whether they are stale."""
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    head, rest = text.split(START)
    renewed = f"{head}{START}\n\n{table()}\n\n{END}{rest.split(END)[1]}"
    renewed = COUNT.sub(str(by_folder(ROOT / "drcl_mini")["method"]), renewed)
    if renewed != text and not check:
        path.write_text(renewed, encoding="utf-8")
    return int(check and renewed != text)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))

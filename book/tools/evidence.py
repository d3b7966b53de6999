"""The evidence as HTML, for its page: ``python book/tools/evidence.py PART``."""

import json
import sys
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # kit
from drcl_mini.data.load import SOURCES
from drcl_mini.experiments.report.differences import draw_differences
from drcl_mini.experiments.report.statistics import rank_methods
from kit.results import RESULTS, result, runs

MARKS = {"ahead": " ▲", "behind": " ▼", "unclear": ""}
REFERENCE = "DRCL"
AFTER = "DRCL, after"


@cache
def stored(part: str) -> list[dict[str, Any]]:
    """Rows of a part of ``differences.json``, which ``book/experiments/differences.py`` makes."""
    return result("differences")[part]


@cache
def compared() -> pd.DataFrame:
    """Each method on each data set beside DRCL; ``found`` is ahead, behind or unclear.

    A method is ahead or behind if its interval over seeds and test items leaves out zero, and if its test over seeds,
    corrected for all methods of the data set (Holm), does as well.
    """
    table = pd.DataFrame(stored("benchmark")).set_index(["dataset", "method"])
    table = table.rename(columns={"p over seeds (Holm)": "p_holm"})
    return table.assign(found=table.found.fillna("unclear"))


def summary() -> str:
    """Mean test mAP of every method on every set; ▲ ahead of DRCL, ▼ behind; the best by its mean over sources first."""
    table = compared()
    means = table["mean"].unstack(0)
    names = list(dict.fromkeys(row["dataset"] for row in stored("benchmark")))
    order = (
        means[names]
        .T.groupby(lambda name: SOURCES.get(name, name))
        .mean()
        .mean(axis=0, skipna=False)
    )
    rows = {}
    for method in order.sort_values(ascending=False, na_position="last").index:
        row = {}
        for name in names:
            known = (name, method) in table.index
            one = table.loc[(name, method)] if known else None
            row[name] = f"{one['mean']:.3f}{MARKS[one['found']]}" if known else ""
        row["mean"] = "" if np.isnan(order[method]) else f"{order[method]:.3f}"
        rows[escape(method)] = row
    return _html(pd.DataFrame(rows).T)


def details() -> str:
    """A table for each data set, folded."""
    parts = []
    for name, rows in compared().groupby(level="dataset", sort=False):
        found = {escape(method): _row(row) for (_, method), row in rows.iterrows()}
        parts.append(_folded(name, _html(pd.DataFrame(found).T)))
    return "".join(parts)


def _row(row: Any) -> dict[str, str]:
    first = {"mAP": f"{row['mean']:.3f} ± {row['half']:.3f}"}
    names = ["− DRCL", "interval", "p (Holm)", "findable", ""]
    if np.isnan(row["difference"]):
        return first | dict.fromkeys(names, "")
    values = [
        _minus(row["difference"]),
        f"{_minus(row['low'])} to {_minus(row['high'])}",
        f"{row['p_holm']:.3f}",
        f"{row['seen']:.3f}",
        row["found"],
    ]
    return first | dict(zip(names, values, strict=True))


def _minus(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _html(table: pd.DataFrame, **how: Any) -> str:
    return table.to_html(border=0, classes="table", escape=False, **how)


def _folded(title: str, content: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{content}</details>"


@cache
def searches() -> dict[tuple[str, str], dict[str, Any]]:
    """Every search by data set and method."""
    found = {}
    for record in runs("evidence"):
        if record["search"] is not None:
            name, method = record["dataset"], record["method"]
            found[name, method] = record["search"]
    return found


def choices() -> str:
    """What each search chose, and on which edges of its ranges the choice lies."""
    rows = [
        {
            "data set": name,
            "method": escape(method),
            "chosen": "; ".join(
                f"{k} {_short(v)}" for k, v in (search["chosen"] or {}).items()
            )
            or "the defaults",
            "on an edge": ", ".join(
                f"{k} {_short(v)}" for k, v in search["edges"].items()
            ),
            "failed": search["failed"] or "",
        }
        for (name, method), search in searches().items()
    ]
    edges = sum(bool(search["edges"]) for search in searches().values())
    tries = sorted({search["tries"] for search in searches().values()})
    told = f"{len(rows)} searches of {', '.join(map(str, tries))} settings; {edges} choices on an edge."
    table = pd.DataFrame(rows).to_html(
        border=0, classes="table wrapped", escape=False, index=False
    )
    return f"<p>{told}</p>{_folded('What each search chose', table)}"


def _short(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(own)}" for name, own in value.items())
    return f"{value:g}" if isinstance(value, float) else escape(str(value))


def ranks() -> str:
    """Average ranks, sources of data as blocks."""
    found = rank_methods(runs("evidence"))
    rows = {
        escape(method): {"average rank": f"{rank:.1f}"}
        for method, rank in found.ranks.items()
    }
    told = (
        f"{found.blocks} sources of data; Friedman p = {found.p:.2g}; ranks closer than {found.critical:.1f} can't be "
        "told apart."
    )
    lost = f" Left out: {'; '.join(found.left_out)}." if found.left_out else ""
    return f"<p>{told}{escape(lost)}</p>{_folded('Average ranks', _html(pd.DataFrame(rows).T))}"


def claims() -> str:
    """The paper's claims, and what was found."""
    found = json.loads((RESULTS / "verdicts.json").read_text(encoding="utf-8"))
    rows = []
    for one in found["claims"].values():
        mean = one["mean"]
        told = "; ".join(
            f"{s} {_signed(row['difference'])}" for s, row in one["sources"].items()
        )
        rows.append(
            {
                "claim": one["claim"],
                "asked by": one["question"],
                "mean": f"{_signed(mean['difference'])} ({_signed(mean['low'])} to {_signed(mean['high'])})",
                "by source": told,
                "p (Holm)": f"{one['p (Holm)']:.3f}",
                "found": one["verdict"],
            }
        )
    return pd.DataFrame(rows).to_html(
        border=0, classes="table wrapped", escape=False, index=False
    )


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


def confirmed() -> pd.DataFrame:
    """The default, and the default minus what it replaced, minus plain references, on ten fresh seeds."""
    return pd.DataFrame(stored("default")).set_index(["dataset", "method"])


def default() -> str:
    """The default before and after, and plain references, by test mAP; differences have intervals over seeds and items."""
    found, rows = confirmed(), {}
    for name in dict.fromkeys(row["dataset"] for row in stored("default")):
        own = found.loc[name]
        rows[name] = {
            "before": f"{own['mean']['DRCL']:.3f}",
            "after": f"{own['mean'][AFTER]:.3f}",
            "after − before": _interval(own.loc["DRCL"]),
            "deep-SM": f"{own['mean']['deep-SM']:.3f}",
            "after − deep-SM": _interval(own.loc["deep-SM"]),
            "SM": f"{own['mean']['SM']:.3f}",
            "random orthogonal W": f"{own['mean']['orthogonal prior']:.3f}",
        }
    return _html(pd.DataFrame(rows).T)


def _interval(row: Any) -> str:
    return f"{_signed(row['difference'])} ({_signed(row['low'])} to {_signed(row['high'])})"


def tried() -> str:
    """The best and the worst candidates of each round, on validation data."""
    found = json.loads(
        (RESULTS / "default-choice.json").read_text(encoding="utf-8")
    )
    rows = []
    for number, candidates in enumerate(found["rounds"]):
        for one in [*candidates[:3], *candidates[-2:]]:
            change = (
                ", ".join(f"{k} = {_short(v)}" for k, v in one["change"].items())
                or "as it was"
            )
            told = {
                "round": number + 1,
                "change": change,
                "gain": _signed(one["gain"]),
            }
            rows.append(
                told
                | {
                    "several seeds joined": _signed(one["joined"]),
                    "posteriors": _signed(one["posteriors"]),
                }
            )
    return pd.DataFrame(rows).to_html(
        border=0, classes="table wrapped", escape=False, index=False
    )


def ablations() -> str:
    """Each variant of DRCL minus the whole, by data set, with intervals over seeds and test items; * leaves out zero."""
    rows: dict[str, dict[str, str]] = {}
    for row in stored("ablations"):
        if "low" in row:
            star = "*" if row["low"] > 0 or row["high"] < 0 else ""
            rows.setdefault(escape(row["method"]), {})[row["dataset"]] = (
                f"{_interval(row)}{star}"
            )
    return _html(pd.DataFrame(rows).T.fillna(""))


def frozen() -> str:
    """Pictures and drawings by features of one network, nothing trained, beside trained methods."""
    found = json.loads((RESULTS / "frozen.json").read_text(encoding="utf-8"))[
        "sets"
    ]
    rows = {
        name: {
            f"frozen, {how}": f"{value:.3f}" for how, value in one["frozen"].items()
        }
        | {
            escape(method): f"{row['mean']:.3f}"
            for method, row in one["trained"].items()
        }
        for name, one in found.items()
    }
    return _html(pd.DataFrame(rows).T.fillna(""))


def command() -> str:
    """The commands that made the runs, and how long they took."""
    lines = (
        (RESULTS / "evidence" / "commands.txt")
        .read_text(encoding="utf-8")
        .strip()
        .splitlines()
    )
    seconds = sum(
        r["seconds"] or 0
        for part in ("results", "search")
        for r in runs("evidence", part)
    )
    told = "".join(f"<p><code>{escape(line)}</code></p>" for line in lines)
    return f"{told}<p>{seconds / 3600:.1f} hours of one core, tries and runs.</p>"


def draw() -> None:
    """Draw the differences of all methods and sets to DRCL."""
    rows = [
        row | {"reference": REFERENCE}
        for row in stored("benchmark")
        if "low" in row and not row["method"].endswith(", posteriors")
    ]
    figure = draw_differences(rows)
    figure.savefig(RESULTS / "evidence" / "differences.png", dpi=110)


PARTS = {
    "summary": summary,
    "details": details,
    "choices": choices,
    "ranks": ranks,
    "claims": claims,
    "default": default,
    "tried": tried,
    "frozen": frozen,
    "ablations": ablations,
    "command": command,
    "draw": draw,
}


if __name__ == "__main__":
    print(PARTS[sys.argv[1]]() or "")

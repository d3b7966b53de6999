"""The real sets as HTML, for their page: ``python book/tools/real_sets.py PART``.

Items come from the package, figures from ``book/results``; each part below says which.
"""

import sys
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))  # kit
from drcl_mini import load_dataset
from drcl_mini.app.show import as_html
from drcl_mini.core.intervals import interval
from drcl_mini.data.items import TITLES
from drcl_mini.data.shipped import load_collection
from kit.results import result, runs

SHOWN = {
    "numbers": ("0", "1", "3", "7"),
    "things": ("bird", "food", "vehicle", "building", "home"),
}
EACH = 2
"""Items of each class and modality on a sheet: the first ones of the test split."""
PRIORS = {
    "DRCL": "learned, selected",
    "orthogonal prior × 5": "random, length 5",
    "simplex prior × 5": "simplex, length 5",
    "orthogonal prior": "random, length 1",
    "simplex prior": "simplex, length 1",
}
DEPTHS = ("things-groups", "things", "things-fine")


def html(table: pd.DataFrame) -> str:
    """A table for the page."""
    return table.to_html(border=0, classes="table", escape=False)


def shown(name: str, medium: str, row: int) -> str:
    """A test item with its caption."""
    items = load_dataset(name).items
    item, title = items[medium][row], str(items[medium + TITLES][row])
    if medium in ("word", "text"):  # its caption says it all
        return as_html(title[:80])
    return as_html(item, title[:60])


def sheet(name: str) -> str:
    """Some classes, with the first test items of every medium."""
    data, rows = load_dataset(name), {}
    for known in SHOWN[name]:
        cells = {}
        for medium in data.modalities:
            own = np.flatnonzero(
                data.test.labels[medium] == data.classes.index(known)
            )
            cells[medium] = (
                "".join(shown(name, medium, i) for i in own[:EACH]) or "–"
            )
        rows[known] = cells
    return html(pd.DataFrame(rows).T)


def counts(name: str) -> str:
    """Items by class and medium: train / validation / test."""
    found = result("real-sets")["items"][name]
    table = {
        m: {c: " / ".join(map(str, n)) if any(n) else "–" for c, n in own.items()}
        for m, own in found.items()
    }
    return html(pd.DataFrame(table))


def probes() -> str:
    """Accuracies of simple classifiers, by set, medium and features."""
    rows = pd.DataFrame(result("real-sets")["probes"])
    rows = rows.set_index(["dataset", "modality", "features"])
    names = [
        "samples",
        "dimension",
        "chance",
        "nearest centroid",
        "logistic regression",
    ]
    return html(rows[names].drop_duplicates())


def speakers() -> str:
    """Accuracy on a speaker whom the classifier never heard."""
    rows = pd.DataFrame(result("real-sets")["speakers"])
    table = rows.pivot(
        index="stranger", columns="features", values="logistic regression"
    )
    table.loc["mean of the six"] = table.mean().round(3)
    return html(table.rename_axis(None).rename_axis(None, axis=1))


def scores() -> dict[tuple[str, str], list[float]]:
    """Mean mAP of every run, by data set and method, in the order of the seeds."""
    found: dict[tuple[str, str], list[float]] = {}
    records = runs("real")
    for record in sorted(records, key=lambda record: record["seed"]):
        maps = [s["map"] for s in record["scores"] if s["k"] == "all"]
        found.setdefault((record["dataset"], record["method"]), []).append(
            np.mean(maps)
        )
    return found


def told(values: list[float]) -> str:
    """A mean and half its 95 % interval."""
    mean = f"{np.mean(values):.3f}".replace("-", "−")
    half = interval(values)
    return f"{mean} ± {half:.3f}" if half > 5e-4 else mean


def methods() -> str:
    """DRCL's default and logistic regression on every real set."""
    found, table = scores(), {}
    for name in ("numbers", *DEPTHS):
        drcl, sm = (np.array(found[name, method]) for method in ("DRCL", "SM"))
        table[name] = {
            "DRCL, default": told(drcl),
            "SM": told(sm),
            "difference": told(drcl - sm),
        }
    return html(pd.DataFrame(table).T)


def depths() -> str:
    """A learned prior against fixed ones, at the three depths of things."""
    found, table = scores(), {}
    for method, what in PRIORS.items():
        table[what] = {name: told(found[name, method]) for name in DEPTHS}
    for method in list(PRIORS)[1:]:
        gains = {
            name: told(np.subtract(found[name, "DRCL"], found[name, method]))
            for name in DEPTHS
        }
        table[f"learned − {PRIORS[method]}"] = gains
    return html(pd.DataFrame(table).T)


def searches() -> str:
    """The ten searches with their items, hits ticked where the class is right."""
    parts = []
    for asked in result("ten-searches")["searches"]:
        name, query, searched = asked["dataset"], asked["query"], asked["searched"]
        hits = []
        for row, known in zip(asked["hits"], asked["classes"], strict=True):
            mark = "✓" if known == asked["class"] else f"✗ {escape(known)}"
            item = shown(name, searched, row)
            hits.append(f'<div class="real-hit"><b>{mark}</b>{item}</div>')
        title = f"{name}, {query} → {searched}: {asked['class']}"
        parts.append(
            f'<details open class="real-search"><summary>{escape(title)}</summary>'
            f'<div class="real-hit"><b>query</b>{shown(name, query, asked["row"])}</div>'
            f"{''.join(hits)}</details>"
        )
    return "".join(parts)


def sources(name: str) -> str:
    """Where each part comes from, and under which terms."""
    rows = {}
    for part, own in load_collection(name).card()["parts"].items():
        count = (
            own["items"]
            if isinstance(own["items"], int)
            else sum(own["items"].values())
        )
        note = f" ({own['licence_note']})" if "licence_note" in own else ""
        rows[part] = {
            "what": escape(own["what"]),
            "items": count,
            "licence": escape(own["licence"] + note),
            "attribution": escape(own["attribution"]),
            "changes": escape(own["changes"]),
        }
    return html(pd.DataFrame(rows).T)


PARTS = {
    "sheet": sheet,
    "counts": counts,
    "probes": probes,
    "speakers": speakers,
    "methods": methods,
    "depths": depths,
    "searches": searches,
    "sources": sources,
}


if __name__ == "__main__":
    print(PARTS[sys.argv[1]](*sys.argv[2:]))

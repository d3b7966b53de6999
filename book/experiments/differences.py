"""Differences with intervals over seeds and test items, for the chapters and the page of evidence.

``python book/experiments/differences.py`` writes ``book/results/differences.json``: every row of the benchmark minus
DRCL, every ablation minus the whole, sums of ablations, and the package's default beside what it replaced. About a
minute; run it again when runs are added. It keeps a digest of the runs, so a test sees when it is out of date.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np
from result_file import runs, store

from drcl_mini import load_dataset
from drcl_mini.experiments.report.differences import verdict
from drcl_mini.experiments.report.report import verdicts
from drcl_mini.experiments.report.resampling import (
    POWER,
    difference,
    precisions,
    resample,
)
from drcl_mini.experiments.report.scores import by_posteriors, run_scores
from drcl_mini.experiments.report.significance import holm

COMMAND = "python book/experiments/differences.py"
INPUTS = ("evidence", "ablations-now", "default-before", "default-after")
REFERENCE, WHOLE, AFTER = "DRCL", "full", "DRCL, after"
SEARCHED = "DRCL, searched"
LEVEL = 0.05
Runs = Sequence[Mapping[str, Any]]

SUMS: dict[str, dict[str, int]] = {
    "columns of length 5 instead of 1, orthogonal": {
        "orthogonal prior × 5": 1,
        "orthogonal prior": -1,
    },
    "columns of length 5 instead of 1, simplex": {
        "simplex prior × 5": 1,
        "simplex prior": -1,
    },
    "without MRR and FA, beyond the sum": {
        "without MRR and FA": 1,
        "label loss only": -1,
        "without FA": -1,
        "full": 1,
    },
    "without SPL and MRR, beyond the sum": {
        "without SPL and MRR": 1,
        "orthogonal prior × 5": -1,
        "label loss only": -1,
        "full": 1,
    },
    "without SPL and FA, beyond the sum": {
        "without SPL and FA": 1,
        "orthogonal prior × 5": -1,
        "without FA": -1,
        "full": 1,
    },
    "without SPL, MRR and FA, beyond the sum": {
        "without SPL, MRR and FA": 1,
        "orthogonal prior × 5": -1,
        "label loss only": -1,
        "without FA": -1,
        "full": 2,
    },
    "without SPL, MRR and FA, minus without MRR and FA": {
        "without SPL, MRR and FA": 1,
        "without MRR and FA": -1,
    },
}
"""Sums of ablations, by what they ask: each variant's mAP times its number. Beyond the sum: what removing several parts
changes, less what removing each of them alone changes; below zero, the parts stood in for each other."""


def digest(records: Runs) -> str:
    """What tells whether runs are the same: a hash of all that is stored of them, in order.

    Example:
        >>> digest([{"seed": 0}]) == digest([{"seed": 0}]), digest([{"seed": 1}]) == digest([])
        (True, False)
    """
    text = "\n".join(json.dumps(record, sort_keys=True) for record in records)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def chance(name: str) -> float:
    """Mean mAP@all over the tasks of a data set if galleries are ranked at random."""
    labels, tasks = load_dataset(name).test.labels, []
    for query, gallery in permutations(labels, 2):
        n = len(labels[gallery])
        size = 1 + max(labels[query].max(), labels[gallery].max())
        relevant = np.bincount(labels[gallery], minlength=size)[labels[query]]
        harmonic = (1 / np.arange(1, n + 1)).sum()
        expected = (harmonic + (relevant - 1) / (n - 1) * (n - harmonic)) / n
        tasks.append(np.where(relevant > 0, expected, 0).mean())
    return float(np.mean(tasks))


def compared(
    records: Runs, reference: str, pairs: Sequence[tuple[str, str]]
) -> list[dict[str, Any]]:
    """A row for each data set and method: means, and the difference to the reference, its p corrected by data set."""
    keys = ["dataset", "method"]
    means, at_50 = (
        run_scores(records, k).groupby(keys).score.mean() for k in ("all", 50)
    )
    half = run_scores(records).groupby(keys).score.std(ddof=1)
    rows = []
    for name, method in pairs:
        own = [r for r in records if (r["dataset"], r["method"]) == (name, method)]
        row = {
            "dataset": name,
            "method": method,
            "mean": float(means[name, method]),
            "spread": float(half[name, method]),
            "mean at 50": float(at_50[name, method]),
            "pairing": own[0]["pairing"],
        }
        if method != reference:
            row |= probable(difference(records, name, method, reference))
        rows.append(row)
    return corrected(rows)


def probable(found: Mapping[str, Any]) -> dict[str, Any]:
    """A difference with its two-sided p by a normal distribution; none where both methods are the same runs."""
    from scipy.stats import norm

    error = found["error"]
    p = float(2 * norm.sf(abs(found["difference"]) / error)) if error else None
    return {**found, "p": p}


def corrected(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with p corrected by Holm's method for all rows of their data set."""
    for name in dict.fromkeys(row["dataset"] for row in rows):
        own = [r for r in rows if r["dataset"] == name and r.get("p") is not None]
        for row, p in zip(own, holm([r["p"] for r in own]).tolist(), strict=True):
            row["p (Holm)"] = p
    return rows


def benchmark(records: Runs) -> list[dict[str, Any]]:
    """Rows of the benchmark; ``found`` is ahead, behind or unclear.

    Ahead or behind needs an interval without zero and a corrected test over seeds that agrees. With so many methods
    that this test can't fall below the level, the corrected p of the difference takes its place.
    """
    keys = ["dataset", "method"]
    table = verdicts(records, REFERENCE).query("n > 0").set_index(keys)
    sets = list(dict.fromkeys(r["dataset"] for r in records))
    order = sorted(table.index, key=lambda pair: sets.index(pair[0]))
    rows = compared(records, REFERENCE, order)
    least = {}
    for row in rows:
        if row["method"] != REFERENCE:
            least.setdefault(row["dataset"], []).append(2 / 2 ** row["seeds"])
    for row in rows:
        seen = table.loc[(row["dataset"], row["method"])]
        row["half"] = float(seen["half"])
        if row["method"] == REFERENCE:
            continue
        row["p over seeds (Holm)"] = float(seen["p_holm"])
        floors = least[row["dataset"]]
        decides = (
            row["p over seeds (Holm)"]
            if max(floors) * len(floors) < LEVEL
            else row["p (Holm)"]
        )
        told = verdict(row)
        sure = decides < LEVEL and told != "no difference found"
        row["found"] = told if sure else "unclear"
    return rows


def posteriors(records: Runs) -> list[dict[str, Any]]:
    """Of each method that has both: compared by class posteriors, minus compared by embeddings; the same trainings."""
    pairs = dict.fromkeys((r["dataset"], r["method"]) for r in records)
    return [
        difference(records, name, method, method.removesuffix(", posteriors"))
        for name, method in pairs
        if method.endswith(", posteriors")
    ]


def ablations(records: Runs) -> list[dict[str, Any]]:
    """Every variant minus the whole, in the order in which they were run."""
    pairs = dict.fromkeys((r["dataset"], r["method"]) for r in records)
    return compared(records, WHOLE, list(pairs))


def sums(records: Runs) -> list[dict[str, Any]]:
    """Each of :data:`SUMS` on each data set that has all of its variants."""
    rows = []
    for name in dict.fromkeys(r["dataset"] for r in records):
        held = {r["method"] for r in records if r["dataset"] == name}
        for asked, parts in SUMS.items():
            if held.issuperset(parts):
                tables = [
                    (n, precisions(records, name, m)[1]) for m, n in parts.items()
                ]
                gaps = {v: sum(n * t[v] for n, t in tables) for v in tables[0][1]}
                low, high = np.percentile(drawn := resample(gaps, 0), [2.5, 97.5])
                rows.append(
                    {
                        "dataset": name,
                        "asked": asked,
                        "difference": float(
                            np.mean([g.mean() for g in gaps.values()])
                        ),
                        "low": float(low),
                        "high": float(high),
                        "seen": POWER * float(drawn.std(ddof=1)),
                    }
                )
    return rows


def default(before: Runs, after: Runs, ran: Runs) -> list[dict[str, Any]]:
    """The default minus others: what it replaced, plain classifiers by their defaults, itself with a random W or searched.

    Searched rows are there for the data sets of the benchmark.
    """
    new = [r | {"method": AFTER} for r in after if r["method"] == REFERENCE]
    records = [*before, *new, *(r for r in after if r["method"] != REFERENCE)]
    held = {r["dataset"] for r in records}
    records += [
        r | {"method": SEARCHED}
        for r in ran
        if r["method"] == REFERENCE and r["dataset"] in held
    ]
    pairs = dict.fromkeys((r["dataset"], r["method"]) for r in records)
    means = run_scores(records).groupby(["dataset", "method"]).score.mean()
    rows = []
    for name, method in pairs:
        row = {
            "dataset": name,
            "method": method,
            "mean": float(means[name, method]),
        }
        if method != AFTER:
            gap = probable(difference(records, name, AFTER, method))
            row |= {k: gap[k] for k in ("difference", "low", "high", "seen", "p")}
        rows.append(row)
    return rows


def main() -> None:
    """Write the result file."""
    held = {name: runs(name) for name in INPUTS}
    ran = [*held["evidence"], *by_posteriors(held["evidence"])]
    sets = dict.fromkeys(r["dataset"] for name in INPUTS for r in held[name])
    content = {
        "runs": {name: digest(records) for name, records in held.items()},
        "chance": {name: chance(name) for name in sets},
        "benchmark": benchmark(ran),
        "posteriors": posteriors(ran),
        "ablations": ablations(held["ablations-now"]),
        "sums of ablations": sums(held["ablations-now"]),
        "default": default(
            held["default-before"], held["default-after"], held["evidence"]
        ),
    }
    store("differences", COMMAND, content)


if __name__ == "__main__":
    main()

"""``python -m drcl_mini report``: results files → tables with intervals and tests, and plots."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.checks import require
from ...core.files import check_writable
from ..plan.grid import Record
from ..store.results import read_results
from .differences import as_text
from .gallery import draw_all
from .published import of_other_features, published_means, read_published
from .resampling import differences
from .scores import Records, by_posteriors, check_known
from .statistics import compare_all, table

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = "{:<32}{:<11}{:>5}{:>7}{:>9}{:>9}{:>12}{:>9}{:>10}"
HALF = "± 95 %"


def add_parser(commands: Any) -> None:
    """Add ``report`` to the command line."""
    told = "tables and plots of results files"
    add = commands.add_parser("report", help=told, description=__doc__).add_argument
    add("files", nargs="+", type=Path, metavar="FILE", help="results.jsonl of one or more grids")
    add("--reference", default="DRCL", metavar="METHOD", help="compare with it (default: DRCL)")
    add("--k", default="all", help="mAP@k: all (default), 50, or validation")
    add("--mean", nargs="+", default=[], metavar="DATASET", help="add the mean over data sets")
    add("--plots", type=Path, metavar="DIR", help="draw all plots that the files allow, as PNG")
    told = "add rows for methods that have class posteriors beside embeddings, compared by those"
    add("--posteriors", action="store_true", help=told)
    published = "published mAP, a CSV file: printed and drawn beside that of the same methods"
    add("--published", type=Path, metavar="FILE", help=published)


def report(options: argparse.Namespace) -> int:
    """Print a table for each data set and label noise; draw them where asked."""
    k = int(options.k) if options.k.isdecimal() else options.k
    records = []
    for path in options.files:
        found = read_results(path)
        if not found:
            raise ValueError(f"{str(path)!r} holds no runs: pass a file of  drcl_mini bench")
        records += found + (by_posteriors(found) if options.posteriors else [])
    published = read_published(options.published) if options.published else None
    for noise in sorted({record["label_noise"] for record in records}):
        some = [record for record in records if record["label_noise"] == noise]
        found = verdicts(some + mean_over(some, options.mean), options.reference, k)
        about = f", {noise:.0%} of the training labels wrong" if noise else ""
        for name, rows in found.groupby("dataset", sort=False):
            print(f"{name}{about}, mAP@{k}")
            print(_text(rows, options.reference))
        if k == "all" and (gaps := _differences(some, options.reference)):
            print(as_text(gaps))
    if published is not None:
        print(_beside(records, published, k))
    if options.plots:
        for path in draw_all(records, check_writable(options.plots), k, published):
            print(f"drawn: {path}")
    return 0


def _differences(records: Records, reference: str) -> list[dict[str, Any]]:
    """Differences that count test items; none where runs are of a version that kept no items."""
    kept = [record for record in records if record["error"] or record.get("items")]
    return differences(kept, reference) if len(kept) == len(records) else []


def mean_over(records: Records, datasets: Sequence[str]) -> list[dict[str, Any]]:
    """Runs on "the mean of some data sets": by method and seed, the mean of the runs on each.

    A run that failed on one data set has failed. Methods and seeds that were not run on all of the
    data sets are left out.

    Raises:
        ValueError: a data set has no runs.

    Example:
        >>> def run(data, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     about = {"dataset": data, "method": "SM", "seed": 0}
        ...     return {**about, "scores": tasks, "error": None, "pairing": None}
        >>> (run,) = mean_over([run("toy", 0.4), run("play", 0.6)], ["toy", "play"])
        >>> run["dataset"], run["scores"][0]["map"]
        ('mean of toy and play', 0.5)
    """
    datasets = list(dict.fromkeys(datasets))
    check_known({"dataset": [record["dataset"] for record in records]}, dataset=datasets)
    groups = {}
    for record in records:
        if record["dataset"] in datasets:
            groups.setdefault((record["method"], record["seed"]), {})[record["dataset"]] = record
    title = f"mean of {' and '.join(datasets)}"
    found = []
    for (method, seed), runs in groups.items():
        if len(runs) == len(datasets):
            about = {"dataset": title, "method": method, "seed": seed}
            found.append({**about, **_mean_run(list(runs.values()))})
    return found


def _mean_run(runs: Sequence[Record]) -> dict[str, Any]:
    errors = [run["error"] for run in runs if run["error"] is not None]
    pairings = [run["pairing"] for run in runs if run["pairing"] is not None]
    held = [run.get("validation") for run in runs]
    means = require("pandas").DataFrame([_mean_maps(run) for run in runs]).mean(skipna=False)
    side = {"query": "mean", "gallery": "mean"}
    return {
        "error": errors[0] if errors else None,
        "pairing": min(pairings, default=None),  # "class-wise" before "given"
        "validation": None if errors or None in held else float(np.mean(held)),
        "scores": [{**side, "k": k, "map": mean} for k, mean in means.dropna().items()],
    }


def _mean_maps(run: Record) -> dict[str | int, float]:
    """By cut-off, the mean over a run's tasks."""
    maps = {}
    for score in run["scores"]:
        maps.setdefault(score["k"], []).append(score["map"])
    return {k: np.mean(values) for k, values in maps.items()}


def verdicts(records: Records, reference: str, k: str | int = "all") -> "DataFrame":
    """Each method's mean, and its distance to the reference.

    :func:`.statistics.table` beside :func:`.compare_all`. ``pairing`` says how pairs were made for
    methods that need them: ``"class-wise"`` pairs give labels away.

    Example:
        >>> def run(method, seed, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     told = {"dataset": "toy", "method": method, "seed": seed, "scores": tasks}
        ...     return told | {"error": None, "pairing": None}
        >>> means = {"SM": 0.5, "DRCL": 0.6}
        >>> records = [run(m, s, mean) for m, mean in means.items() for s in range(6)]
        >>> found = verdicts(records, "DRCL")
        >>> found[["method", "mean", "difference", "p_holm"]].round(3).values.tolist()
        [['DRCL', 0.6, nan, nan], ['SM', 0.5, -0.1, 0.031]]
    """
    found = table(records, k)
    pairing = {(record["dataset"], record["method"]): record["pairing"] or "" for record in records}
    rows = zip(found.dataset, found.method, strict=True)
    found["pairing"] = [pairing.get(row, "") for row in rows]
    own = ["difference", "half_difference", "p_holm"]
    if found.method.nunique() == 1:
        return found.reindex(columns=[*found.columns, *own])
    compared = compare_all(records, reference, k).rename(columns={"half": "half_difference"})
    keys = ["dataset", "method"]
    return found.merge(compared[keys + own], on=keys, how="left")


def _text(rows: "DataFrame", reference: str) -> str:
    difference = f"− {reference}"[:11]
    heads = ["method", "pairs", "runs", "failed", "mAP", HALF, difference, HALF, "p (Holm)"]
    lines = [COLUMNS.format(*heads)]
    for row in rows[rows.n + rows.failed > 0].itertuples():
        numbers = [row.mean, row.half, row.difference, row.half_difference, row.p_holm]
        told = [f"{value:.4f}" if np.isfinite(value) else "" for value in numbers]
        line = COLUMNS.format(row.method[:31], row.pairing, row.n, row.failed, *told)
        lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


def _beside(records: Records, published: "DataFrame", k: str | int) -> str:
    """Our means beside published ones of the same methods, and how alike the two orders are."""
    lines = []
    for name in dict.fromkeys(record["dataset"] for record in records):
        here = [record for record in records if record["dataset"] == name]
        for noise in sorted({record["label_noise"] for record in here}):
            some = [record for record in here if record["label_noise"] == noise]
            ours = table(some, k).set_index("method")["mean"].dropna()
            theirs = published_means(published, name, noise, k)
            both = [method for method in ours.index if method in theirs]
            if len(both) > 2:
                other = " of other features" if of_other_features(published, name, k) else ""
                title = f"{name} beside published rows{other}"
                lines.append(f"{title}, label noise {noise:g}, mAP@{k}")
                lines += [f"{m:<24}{ours[m]:9.4f}{theirs[m]:9.4f}" for m in both]
                rho = ours.corr(theirs, method="spearman")
                lines.append(f"rank correlation {rho:.2f} over {len(both)} methods\n")
    return "\n".join(lines)

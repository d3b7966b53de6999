"""``python -m drcl_mini report``: results files → tables with intervals and tests, and plots."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import spearmanr

from ...core.checks import nearest
from ...core.files import check_writable
from ..plan.grid import Record
from ..store.results import read_results
from .gallery import draw_all
from .published import published_means, read_published
from .statistics import compare_all, table

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = "{:<32}{:<11}{:>5}{:>7}{:>9}{:>9}{:>12}{:>9}{:>10}"


def add_parser(commands: Any) -> None:
    """Add ``report`` to the command line."""
    parser = commands.add_parser(
        "report", help="tables and plots of results files", description=__doc__
    )
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="results.jsonl of one or more grids"
    )
    parser.add_argument(
        "--reference", default="DRCL", metavar="METHOD", help="what the others are compared with"
    )
    parser.add_argument("--k", default="all", help="mAP@k: all (default), 50, or validation")
    parser.add_argument(
        "--mean", nargs="+", metavar="DATASET", help="a table of the mean over these data sets, too"
    )
    parser.add_argument(
        "--plots", type=Path, metavar="DIR", help="draw all that the files hold into this folder"
    )
    told = "published mAP, a CSV file: printed and drawn beside ours where methods are the same"
    parser.add_argument("--published", type=Path, metavar="FILE", help=told)


def report(options: argparse.Namespace) -> int:
    """Print a table for each data set and label noise; draw them where asked."""
    k = int(options.k) if options.k.isdecimal() else options.k
    files = {path: read_results(path) for path in options.files}
    empty = [str(path) for path, found in files.items() if not found]
    if empty:
        raise ValueError(
            f"{empty[0]!r} holds no runs: expected a file that  drcl_mini bench  has written to"
        )
    records = [record for found in files.values() for record in found]
    published = read_published(options.published) if options.published else None
    for noise in sorted({record["label_noise"] for record in records}):
        some = [record for record in records if record["label_noise"] == noise]
        tried = some + (mean_over(some, options.mean) if options.mean else [])
        found = verdicts(tried, options.reference, k)
        for name, rows in found.groupby("dataset", sort=False):
            print(
                f"{name}, {noise:.0%} of the training labels wrong" if noise else name,
                f"mAP@{k}",
                sep=", ",
            )
            print(_text(rows, options.reference))
    if published is not None:
        print(_beside(records, published, k))
    if options.plots:
        for path in draw_all(records, check_writable(options.plots), k, published):
            print(f"drawn: {path}")
    return 0


def mean_over(records: Sequence[Record], datasets: Sequence[str]) -> list[dict[str, Any]]:
    """Runs of a data set that is not one: each seed's mean over data sets. A run that failed on one has failed.

    Methods that were not run on all of them are left out; so are seeds.

    Raises:
        ValueError: a data set without runs.

    Example:
        >>> def run(data, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     return {"dataset": data, "method": "SM", "seed": 0, "scores": tasks, "error": None, "pairing": None}
        >>> (run,) = mean_over([run("toy", 0.4), run("play", 0.6)], ["toy", "play"])
        >>> run["dataset"], run["scores"][0]["map"]
        ('mean of toy and play', 0.5)
    """
    datasets = list(dict.fromkeys(datasets))
    unknown = sorted(set(datasets) - {record["dataset"] for record in records})
    if unknown:
        told = nearest(unknown[0], {record["dataset"] for record in records})
        raise ValueError(f"no runs of dataset {unknown[0]!r}: {told}")
    title, groups = f"mean of {' and '.join(datasets)}", {}
    for record in records:
        if record["dataset"] in datasets:
            groups.setdefault((record["method"], record["seed"]), {})[record["dataset"]] = record
    found = []
    for (method, seed), runs in groups.items():
        if len(runs) < len(datasets):
            continue
        error = next((run["error"] for run in runs.values() if run["error"] is not None), None)
        own = {"dataset": title, "method": method, "seed": seed, "error": error, "scores": []}
        own["pairing"] = next(iter({run["pairing"] for run in runs.values()} - {None}), None)
        held = [run.get("validation") for run in runs.values()]
        own["validation"] = None if error is not None or None in held else float(np.mean(held))
        if error is None:
            scores = [score for run in runs.values() for score in _means(run)]
            for cut in dict.fromkeys(score["k"] for score in scores):
                maps = [score["map"] for score in scores if score["k"] == cut]
                own["scores"].append(
                    {"query": "mean", "gallery": "mean", "k": cut, "map": float(np.mean(maps))}
                )
        found.append(own)
    return found


def _means(record: Record) -> list[dict[str, Any]]:
    """The mean over a run's tasks, at each cut-off."""
    cuts = dict.fromkeys(score["k"] for score in record["scores"])
    return [
        {"k": cut, "map": np.mean([s["map"] for s in record["scores"] if s["k"] == cut])}
        for cut in cuts
    ]


def verdicts(records: Sequence[Record], reference: str, k: str | int = "all") -> "DataFrame":
    """:func:`.statistics.table` beside :func:`.compare_all`: each method's mean, and its distance to the reference.

    ``pairing`` says how pairs were made for methods that need them: ``"class-wise"`` pairs give labels away.

    Example:
        >>> def run(method, seed, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     told = {"dataset": "toy", "method": method, "seed": seed, "scores": tasks}
        ...     return told | {"error": None, "pairing": None}
        >>> records = [run(m, s, 0.5 + i / 10) for i, m in enumerate(("SM", "DRCL")) for s in range(6)]
        >>> verdicts(records, "DRCL")[["method", "mean", "difference", "p_holm"]].round(3).values.tolist()
        [['DRCL', 0.6, nan, nan], ['SM', 0.5, -0.1, 0.031]]
    """
    found = table(records, k)
    pairing = {(record["dataset"], record["method"]): record["pairing"] or "" for record in records}
    found["pairing"] = [
        pairing.get(key, "") for key in zip(found.dataset, found.method, strict=True)
    ]
    own = ["dataset", "method", "difference", "half_difference", "p_holm"]
    if found.method.nunique() == 1:
        return found.reindex(columns=[*found.columns, *own[2:]])
    compared = compare_all(records, reference, k).rename(columns={"half": "half_difference"})
    return found.merge(compared[own], on=["dataset", "method"], how="left")


def _text(rows: "DataFrame", reference: str) -> str:
    heads = [
        "method",
        "pairs",
        "runs",
        "failed",
        "mAP",
        "± 95 %",
        f"− {reference}"[:11],
        "± 95 %",
        "p (Holm)",
    ]
    lines = [COLUMNS.format(*heads)]
    for row in rows[rows.n + rows.failed > 0].itertuples():
        numbers = [row.mean, row.half, row.difference, row.half_difference, row.p_holm]
        told = [f"{value:.4f}" if np.isfinite(value) else "" for value in numbers]
        lines.append(
            COLUMNS.format(row.method[:31], row.pairing, row.n, row.failed, *told).rstrip()
        )
    return "\n".join(lines) + "\n"


def _beside(records: Sequence[Record], published: "DataFrame", k: str | int) -> str:
    """Our means beside published ones of the same method, and how alike the two orders are."""
    lines = []
    for name in dict.fromkeys(record["dataset"] for record in records):
        for noise in sorted(
            {record["label_noise"] for record in records if record["dataset"] == name}
        ):
            some = [r for r in records if (r["dataset"], r["label_noise"]) == (name, noise)]
            ours = table(some, k).set_index("method")["mean"].dropna()
            theirs = published_means(published, name, noise, k)
            both = [method for method in ours.index if method in theirs]
            if len(both) < 3:
                continue
            rho = spearmanr(ours[both], theirs[both]).statistic
            lines += [
                f"{name} beside published rows of other features, label noise {noise:g}, mAP@{k}"
            ]
            lines += [f"{method:<24}{ours[method]:9.4f}{theirs[method]:9.4f}" for method in both]
            lines += [f"rank correlation {rho:.2f} over {len(both)} methods\n"]
    return "\n".join(lines)

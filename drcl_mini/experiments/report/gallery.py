"""Every plot for which results files hold enough, as PNG files."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...training.settings import Settings
from ..plan.variants import SWEEPS, sweep
from ..store.results import POINTS
from . import plots
from .differences import draw_differences
from .published import published_rows
from .resampling import differences
from .scores import Records, run_scores
from .statistics import curve, rank_methods, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

NAMES = {"gamma": "γ", "alpha": "α", "beta": "β", "eta": "η", "dim": "D", "hidden": "hidden widths"}
"""How axes name the settings that are swept."""
OWN = ("DRCL", "full")
"""Names of the method itself, highlighted in every plot."""
Figures = Iterator[tuple[str, "Figure"]]


def draw_all(
    records: Records, folder: Path, k: str | int = "all", published: "DataFrame | None" = None
) -> list[Path]:
    """Draw bars, ranks, precision–recall curves, heat maps, sweeps, noise curves, differences.

    A plot is left out where runs for it are missing.

    Args:
        records: the runs of one or more results files.
        folder: where the files go.
        k: the cut-off.
        published: from :func:`drcl_mini.experiments.report.published.read_published`, to stand
            beside noise curves.

    Returns:
        The files.
    """
    paths = []
    for name, figure in _figures(records, k, published):
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=150, bbox_inches="tight")
    return paths


def _figures(records: Records, k: str | int, published: "DataFrame | None") -> Figures:
    clean = [record for record in records if not record["label_noise"]]
    axis = "mean mAP@all on validation data" if k == "validation" else f"mean mAP@{k}"
    if clean:
        yield "bars", plots.bars(table(clean, k), label=axis, highlight=OWN)
        yield from _ranks(clean, k)
    for name in dict.fromkeys(record["dataset"] for record in records):
        here = [record for record in records if record["dataset"] == name]
        done = [r for r in here if not r["label_noise"] and r["error"] is None]
        if done and k != "validation":
            yield from _tasks(done, name, k)
        if len({record["label_noise"] for record in here}) > 2:
            theirs = None
            if published is not None:
                theirs = published_rows(published, name, k)
                theirs = theirs[theirs.method.isin({record["method"] for record in here})]
            found = curve(here, "label_noise", k)
            yield f"noise-{name}", plots.noise_curves(found, published=theirs, score=axis)
    yield from _sweeps(clean, k, axis)
    if k == "all" and clean and all(record["error"] or record.get("items") for record in clean):
        reference = next((name for name in OWN if name in {r["method"] for r in clean}), None)
        if reference and (rows := differences(clean, reference)):
            yield "differences", draw_differences(rows)


def _ranks(records: Records, k: str | int) -> Figures:
    """Ranks of the methods that finished, if two sources of data have at least three methods."""
    done = run_scores(records, k).dropna()
    methods = list(done.method.unique())
    with suppress(ValueError):
        ranking = rank_methods(records, k, methods)
        yield "ranks", plots.rank_diagram(ranking, highlight=OWN)


def _tasks(records: Records, name: str, k: str | int) -> Figures:
    """Precision–recall curves and heat maps of one data set."""
    curves = {}
    for record in records:
        if record.get("precision_recall"):
            curves.setdefault(record["method"], []).append(record["precision_recall"])
    if curves:
        recall = np.linspace(0, 1, POINTS)
        means = {method: (recall, np.mean(curves[method], axis=0)) for method in sorted(curves)}
        figure = plots.precision_recall_curves(means, title=name, highlight=OWN)
        yield f"precision-recall-{name}", figure
    yield f"tasks-{name}", plots.task_heat_map(records, name, k=k)
    for own in OWN:
        if any(record["method"] == own for record in records):
            yield f"tasks-{name}-{own}", plots.task_heat_map(records, name, own, k=k)


def _sweeps(records: Records, k: str | int, axis: str) -> Figures:
    """Each setting that was swept; a line for each data set that has all points."""
    ran = {(record["dataset"], record["method"]) for record in records}
    full = next((record["settings"] for record in records if record["method"] == "full"), {})
    for setting in SWEEPS:
        default = full.get(setting, getattr(Settings(), setting))
        default = tuple(default) if isinstance(default, list) else default
        named = sweep(setting, vars(Settings()))
        # each value once, also where the runs' default differs from that of Settings
        points = {name for name, value in named.items() if name == "full" or value != default}
        whole = {name for name, _ in ran if all((name, point) in ran for point in points)}
        some = [r for r in records if r["dataset"] in whole and r["method"] in points]
        if some:
            found = curve(some, setting, k, by=["dataset"])
            told = ", ".join(map(str, default)) if isinstance(default, tuple) else default
            told = told if told in set(found.x) else None
            options = {"label": NAMES[setting], "score": axis, "even": True}
            yield f"sweep-{setting}", plots.sweep(found, default=told, **options)

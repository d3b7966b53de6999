"""Parts that the plots share: panels of page width, line styles, legends, checks."""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.checks import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

Style = str | os.PathLike | None
Names = str | Collection[str]
Looks = dict[str, dict[str, Any]]

WIDTH = 7.6
"""Inches: the width of a page."""
SMALL = 9
"""Points: the smallest text, still 8 where a browser shrinks the figure a little."""
COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""For colour-blind readers (Okabe and Ito); the seventh, ``ACCENT``, is for highlighted methods."""
ACCENT, INK = "#D55E00", "#222222"
DASHES = ("-", "--", ":", "-.")
MARKS = "osD^vPX"
COLUMNS = {
    "table": ("dataset", "method", "n", "failed", "mean", "half"),
    "curve": ("x", "mean", "low", "high", "failed"),
}
"""Columns that plots need, by the function of :mod:`.statistics` that makes them."""


@contextmanager
def drawing(
    axes: Any, style: Style, size: tuple[float, float], count: int = 1, most: int = 9
) -> Iterator[tuple["Figure", list["Axes"]]]:
    """Draw on the given panels, or on new ones, under a style; pyplot keeps no new figure.

    Args:
        axes: as many panels as are needed; ``None`` makes new ones.
        style: a Matplotlib style.
        size: of the figure, in inches.
        count: panels that are needed.
        most: new panels beside each other; more make rows below.
    """
    plt = require("matplotlib.pyplot", "matplotlib")
    if axes is None:
        plt.close(plt.figure())  # starts the backend: what it sets must outlast the style
    with plt.style.context(style or []):
        if axes is None:
            rows, columns = -(-count // most), min(count, most)
            grid = {"figsize": size, "layout": "constrained", "sharey": True}
            figure, axes = plt.subplots(rows, columns, **grid)
            plt.close(figure)  # the caller has it: shown once in a notebook, freed when dropped
            for panel in np.ravel(axes)[count:]:
                panel.remove()
            axes = np.ravel(axes)[:count]
        panels = list(np.ravel(axes))
        if len(panels) != count:
            raise ValueError(f"{len(panels)} axes given, expected {count}")
        for panel in panels:
            panel.spines[["top", "right"]].set_visible(False)
        yield panels[0].figure, panels


def name_set(names: Names) -> set[str]:
    """One name or several as a set."""
    return {names} if isinstance(names, str) else set(names)


def line_looks(names: Sequence[str], highlight: Names) -> Looks:
    """A different line for each name; highlighted ones are thick, on top, in the accent colour."""
    highlight = name_set(highlight)
    accent = {"color": ACCENT, "linewidth": 2.6, "zorder": 3}
    plain = [{"color": c, "linewidth": 1.5, "linestyle": d} for d in DASHES for c in COLOURS]
    marks, others = cycle(MARKS), cycle(plain)
    looks = {}
    for name in names:
        line = accent if name in highlight else next(others)
        looks[name] = {"marker": next(marks), "markersize": 4.5, **line}
    return looks


def draw_lines(
    panel: "Axes", curve: "DataFrame", label: str, score: str, more: Sequence[str] = ()
) -> Looks:
    """Draw curves with their bands and a legend, and label the axes.

    Args:
        panel: where to draw.
        curve: from :func:`drcl_mini.experiments.report.statistics.curve`.
        label: of the setting; how many failed runs are left out is added.
        score: label of the score.
        more: names without a curve that need a look, too.

    Returns:
        the look of each line, and of ``more`` names.
    """
    known = [key for key in ("method", "dataset") if key in curve]
    keys = [key for key in known if curve[key].nunique() > 1] or known[:1]
    names = curve[keys].agg(", ".join, axis=1)
    looks = line_looks(list(dict.fromkeys([*names, *more])), "DRCL")
    for name, rows in curve.groupby(names, sort=False):
        rows = rows.sort_values("x")
        panel.plot(rows.x, rows["mean"], label=name, **looks[name])
        band = {"color": looks[name]["color"], "alpha": 0.15, "linewidth": 0}
        panel.fill_between(rows.x, rows.low, rows.high, **band)
    if names.nunique() > 1:
        name_lines(panel)
    failed = int(curve.failed.sum())
    if failed:
        label += f"\n({failed} failed {'run is' if failed == 1 else 'runs are'} left out)"
    panel.set(xlabel=label, ylabel=score)
    return looks


def name_lines(panel: "Axes") -> None:
    """A legend beside the plot, in the order in which the lines lie."""

    def depth(line: Any) -> float:
        heights = np.asarray(line.get_ydata(), dtype=float)
        return -np.nanmean(heights) if np.isfinite(heights).any() else np.inf

    lines = sorted(panel.get_legend_handles_labels()[0], key=depth)
    place = {"loc": "upper left", "bbox_to_anchor": (1.02, 1), "borderaxespad": 0}
    panel.legend(handles=lines, **place, frameon=False, fontsize=SMALL)


def check_rows(frame: "DataFrame", maker: str) -> None:
    """Refuse a table without rows, or without the columns that ``maker`` of statistics gives."""
    for column in COLUMNS[maker]:
        if column not in getattr(frame, "columns", ()):
            raise ValueError(f"{maker} has no column {column!r}: pass statistics.{maker}(records)")
    if not len(frame):
        raise ValueError(f"{maker} has no rows: nothing to draw")

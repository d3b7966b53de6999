"""What the plots share: panels of page width, colours for colour-blind readers, legends, checks."""

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.checks import needs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

Style = str | os.PathLike | None

WIDTH = 7.6
"""Inches: the width of a page."""
SMALL = 9
"""Points: the smallest text, still 8 where a browser shrinks the figure a little."""
COLOURS = ("#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""For colour-blind readers (Okabe and Ito); the seventh, ``ACCENT``, is for what is highlighted."""
ACCENT, PLAIN, INK = "#D55E00", "#9DB4C8", "#222222"
DASHES = ("-", "--", ":", "-.")
MARKS = "osD^vPX"
BESIDE = {"textcoords": "offset points", "annotation_clip": False}


@contextmanager
def drawing(
    axes: Any, style: Style, size: tuple[float, float], columns: int = 1, **options: Any
) -> Iterator[tuple["Figure", list["Axes"]]]:
    """The panels to draw on, given or new, under a style; nothing stays registered with pyplot."""
    plt = needs("matplotlib.pyplot", "matplotlib")
    if axes is None:
        plt.close(plt.figure())  # starts the backend: what it sets must outlast the style
    with plt.style.context([] if style is None else style):
        if axes is None:
            figure, axes = plt.subplots(1, columns, figsize=size, layout="constrained", **options)
            plt.close(
                figure
            )  # it is the caller's now: shown once in a notebook, and freed when let go
        panels = list(np.ravel(axes))
        if len(panels) != columns:
            raise ValueError(f"{len(panels)} axes given, expected {columns}")
        for panel in panels:
            panel.spines[["top", "right"]].set_visible(False)
        yield panels[0].figure, panels


def line_looks(names: Sequence[str], highlight: str | Collection[str]) -> dict[str, dict[str, Any]]:
    """A line for each name, each unlike the others; highlighted ones in the accent colour, thicker and on top."""
    highlight = {highlight} if isinstance(highlight, str) else set(highlight)
    looks, plain = {}, 0
    for number, name in enumerate(names):
        look = {"marker": MARKS[number % len(MARKS)], "markersize": 4.5}
        if name in highlight:
            looks[name] = look | {"color": ACCENT, "linewidth": 2.6, "zorder": 3}
        else:
            dash = DASHES[plain // len(COLOURS) % len(DASHES)]
            looks[name] = look | {
                "color": COLOURS[plain % len(COLOURS)],
                "linewidth": 1.5,
                "linestyle": dash,
            }
            plain += 1
    return looks


def draw_lines(
    panel: "Axes", curve: "DataFrame", highlight: str | Collection[str], more: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """The curves with their bands and a legend; gives the look of each, and of ``more`` names."""
    keys = [key for key in ("method", "dataset") if key in curve and curve[key].nunique() > 1]
    keys = keys or [key for key in ("method", "dataset") if key in curve][:1]
    names = curve[keys].agg(", ".join, axis=1)
    looks = line_looks(list(dict.fromkeys([*names, *more])), highlight)
    for name, rows in curve.groupby(names, sort=False):
        rows = rows.sort_values("x")
        panel.plot(rows.x, rows["mean"], label=name, **looks[name])
        panel.fill_between(
            rows.x, rows.low, rows.high, color=looks[name]["color"], alpha=0.15, linewidth=0
        )
    if names.nunique() > 1 or more:
        name_lines(panel)
    return looks


def name_lines(panel: "Axes") -> None:
    """Names beside the plot, in the order in which the lines lie, so that like colours are told apart."""

    def depth(line: Any) -> float:
        heights = np.asarray(line.get_ydata(), dtype=float)
        return -np.nanmean(heights) if np.isfinite(heights).any() else np.inf

    lines = sorted(panel.get_legend_handles_labels()[0], key=depth)
    place = {"loc": "upper left", "bbox_to_anchor": (1.02, 1), "borderaxespad": 0}
    panel.legend(handles=lines, **place, frameon=False, fontsize=SMALL)


def failed_note(curve: "DataFrame") -> str:
    """How many failed runs a curve leaves out, for its label."""
    count = int(curve.failed.sum())
    return f"\n({count} failed {'run is' if count == 1 else 'runs are'} left out)" if count else ""


def told_mean(mean: float, n: float, failed: float) -> str:
    """What stands beside a bar: its number, and what failed."""
    words = [f"{mean:.3f}"] if n > 0 else []
    words += [f"{failed:.0f} failed"] if failed > 0 else []
    return ", ".join(words) or "not run"


def check_rows(frame: "DataFrame", what: str, *columns: str) -> None:
    """A table must have these columns, and rows."""
    missing = [column for column in columns if column not in getattr(frame, "columns", ())]
    if missing:
        raise ValueError(
            f"{what} has no column {missing[0]!r}: expected what {what}(records, …) of statistics gives"
        )
    if not len(frame):
        raise ValueError(f"{what} has no rows: nothing to draw")

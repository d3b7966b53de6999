"""Plots of experiments: bars, precision–recall, tasks, critical differences, sweeps, label noise.

Each function draws on the Axes it is given, or makes a figure of page width, and returns the figure. ``style`` is
a Matplotlib style (the book's ``drcl.mplstyle``), in force for that figure only.
"""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import nearest, needs
from .significance import Ranking
from .statistics import check_known, run_scores

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


def bars(
    table: "DataFrame",
    axes: Any = None,
    *,
    highlight: str | Collection[str] = "DRCL",
    label: str = "mean mAP@all",
    style: Style = None,
) -> "Figure":
    """A horizontal bar for each method with its 95 % interval, a panel for each data set, one order for all panels.

    Methods stand by their mean rank over the panels. What failed or didn't run is said in its bar's place.

    Args:
        table: from :func:`drcl_mini.experiments.statistics.table`.
        axes: as many as there are data sets; one alone needs no list.
        highlight: methods in the accent colour.
        label: of the score.
        style: a Matplotlib style.

    Example:
        >>> import pandas as pd
        >>> runs = {"dataset": "toy", "n": 5, "failed": 0, "half": 0.01}
        >>> rows = [{"method": "SM", "mean": 0.5, **runs}, {"method": "DRCL", "mean": 0.6, **runs}]
        >>> figure = bars(pd.DataFrame(rows))
        >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
        ['DRCL', 'SM']
    """
    _check_rows(table, "table", "dataset", "method", "n", "failed", "mean", "half")
    highlight = {highlight} if isinstance(highlight, str) else set(highlight)
    names = list(dict.fromkeys(table.dataset))
    means = table.pivot(index="method", columns="dataset", values="mean")
    order = list(means.rank(ascending=False).mean(axis=1).sort_values(kind="stable").index)
    with _figure(axes, style, (WIDTH, 0.9 + 0.24 * len(order)), columns=len(names), sharey=True) as (figure, panels):
        for panel, name in zip(panels, names, strict=True):
            rows = table[table.dataset == name].set_index("method").reindex(order)
            colours = [ACCENT if method in highlight else PLAIN for method in order]
            panel.barh(order, rows["mean"], 0.72, color=colours)
            panel.errorbar(rows["mean"], order, xerr=rows.half, fmt="none", ecolor=INK, elinewidth=1.2, capsize=2)
            ends = rows["mean"].fillna(0) + rows.half.fillna(0)
            words = [_told(*row) for row in rows[["mean", "n", "failed"]].itertuples(index=False)]
            inches, limit = panel.get_window_extent().width / figure.dpi, 1e-3
            for method, told in zip(order, words, strict=True):
                panel.annotate(told, (ends[method], method), (4, 0), **BESIDE, va="center", fontsize=SMALL, color=INK)
                limit = max(limit, ends[method] / max(0.3, 1 - (0.1 + 0.072 * len(told)) / inches))
            panel.set(xlim=(0, limit), xlabel=label, ylim=(len(order) - 0.4, -0.6), title=name)
            panel.tick_params(axis="y", length=0)
            panel.xaxis.set_major_locator(needs("matplotlib.ticker", "matplotlib").MaxNLocator(3))
            for tick in panel.get_yticklabels():
                tick.set_weight("bold" if tick.get_text() in highlight else "normal")
    return figure


def precision_recall_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    axes: "Axes | None" = None,
    *,
    highlight: str | Collection[str] = "DRCL",
    title: str = "",
    legend: bool = True,
    style: Style = None,
) -> "Figure":
    """Precision over recall, a line a method.

    Args:
        curves: {method: result of :func:`drcl_mini.precision_recall`}.
        axes: where to draw.
        highlight: methods in the accent colour, on top.
        title: the task, say ``"image → text"``.
        legend: whether to name the lines, beside the plot.
        style: a Matplotlib style.

    Example:
        >>> len(precision_recall_curves({"DRCL": ([0, 0.5, 1], [1, 0.8, 0.4])}).axes[0].lines)
        1
    """
    if not curves:
        raise ValueError("no curves: expected {method: (recall, precision)}")
    with _figure(axes, style, (WIDTH, max(3.8, 0.6 + 0.2 * len(curves)))) as (figure, (panel,)):
        for method, look in _looks(list(curves), highlight).items():
            recall, precision = curves[method]
            panel.plot(recall, precision, label=method, markevery=0.2, **look)
        panel.set(xlabel="recall", ylabel="precision", title=title, xlim=(0, 1), ylim=(0, 1.02))
        if legend:
            _legend(panel)
    return figure


def task_heat_map(
    records: Sequence[Mapping[str, Any]],
    dataset: str,
    method: str | None = None,
    axes: "Axes | None" = None,
    *,
    k: str | int = "all",
    style: Style = None,
) -> "Figure":
    """mAP of every query → gallery task, mean over the runs: of one method as a square, of all a row each.

    Args:
        records: the runs.
        dataset: which data set.
        method: which method; ``None`` for all, best first. A row stays empty where every run failed.
        axes: where to draw.
        k: the cut-off.
        style: a Matplotlib style.

    Example:
        >>> tasks = [{"query": "a", "gallery": "b", "k": "all", "map": 0.5}]
        >>> run = {"dataset": "toy", "method": "SM", "seed": 0, "scores": tasks, "error": None}
        >>> [text.get_text() for text in task_heat_map([run], "toy").axes[0].texts]
        ['.500']
    """
    check_known(run_scores(records, k), dataset=[dataset], method=[] if method is None else [method])
    runs = [run for run in records if run["dataset"] == dataset and method in (None, run["method"])]
    done = [run for run in runs if run.get("error") is None]
    if not done:
        raise ValueError(f"no finished runs of {method or 'any method'} on {dataset}: {len(runs)} failed")
    tasks = [{"method": run["method"], **task} for run in done for task in run["scores"] if task["k"] == k]
    frame = needs("pandas").DataFrame(tasks)
    if method is None:
        frame["task"] = frame["query"] + " → " + frame.gallery
        grid = frame.pivot_table("map", "method", "task", sort=False)
        grid = grid.loc[grid.mean(axis=1).sort_values(ascending=False, kind="stable").index]
        failed = {run["method"] for run in runs}.difference(grid.index)
        grid = grid.reindex([*grid.index, *sorted(failed)]).rename(
            lambda name: f"{name} (failed)" * (name in failed) or name
        )
    else:
        grid = frame.pivot_table("map", "query", "gallery", sort=False)
        grid = grid.reindex(columns=dict.fromkeys([*grid.index, *grid.columns]))
    many = len(grid.columns) > 6
    digits = 2 if many else 3
    size = (WIDTH, (2.0 if many else 1.3) + 0.3 * len(grid)) if method is None else (5, 4.2)
    with _figure(axes, style, size) as (figure, (panel,)):
        words = grid.map(lambda value: f"{value:.{digits}f}".removeprefix("0") if value == value else "")
        options = {"annot": words, "fmt": "", "annot_kws": {"size": SMALL}, "cmap": "viridis", "linewidths": 0.5}
        needs("seaborn").heatmap(grid, ax=panel, cbar_kws={"label": f"mAP@{k}"}, **options)
        panel.set(xlabel="" if method is None else "gallery", ylabel="" if method is None else "query")
        panel.set_title(dataset if method is None else f"{method} on {dataset}")
        panel.tick_params(length=0, labelrotation=0)
        panel.tick_params(axis="x", labelrotation=90 if many else 0)
    return figure


def rank_diagram(
    ranking: Ranking,
    axes: "Axes | None" = None,
    *,
    highlight: str | Collection[str] = "DRCL",
    style: Style = None,
) -> "Figure":
    """Critical-difference diagram (Demšar, 2006): average ranks on a line, a bar over methods that can't be told apart.

    Args:
        ranking: from :func:`drcl_mini.experiments.statistics.rank_methods`.
        axes: where to draw.
        highlight: methods in the accent colour.
        style: a Matplotlib style.

    Example:
        >>> from drcl_mini.experiments.significance import average_ranks
        >>> figure = rank_diagram(average_ranks({"DRCL": [0.9, 0.8], "SM": [0.7, 0.6], "MCCA": [0.1, 0.2]}))
        >>> [text.get_text() for text in figure.axes[0].texts][:3]
        ['1', '2', '3']
    """
    highlight = {highlight} if isinstance(highlight, str) else set(highlight)
    count, cliques = len(ranking.ranks), ranking.cliques
    rows, top = (count + 1) // 2, 0.35 * len(cliques) + 1
    bottom, edge, margin = top + rows + 1, 0.03 * (count - 1), 0.42 * (count - 1)
    with _figure(axes, style, (WIDTH, 0.23 * (bottom + 3.6))) as (figure, (panel,)):
        panel.set(xlim=(1 - margin, count + margin), ylim=(bottom, -3.6))
        panel.axis("off")
        panel.hlines(0, 1, count, color=INK, linewidth=1.2)
        for rank in range(1, count + 1, -(-count // 12)):
            panel.vlines(rank, -0.25, 0, color=INK, linewidth=1)
            panel.text(rank, -0.4, str(rank), ha="center", va="bottom", fontsize=SMALL, color=INK)
        for place, (name, rank) in enumerate(ranking.ranks.items()):
            left = place < rows
            y = top + (place if left else count - 1 - place)
            end, words = (1 - edge, f"{name}  {rank:.1f} ") if left else (count + edge, f" {rank:.1f}  {name}")
            colour, weight, width = (ACCENT, "bold", 2) if name in highlight else (INK, "normal", 0.8)
            panel.plot([rank, rank, end], [0, y, y], color=colour, linewidth=width)
            side = "right" if left else "left"
            panel.text(end, y, words, ha=side, va="center", color=colour, weight=weight, fontsize=SMALL)
        for place, clique in enumerate(cliques):
            ends = [ranking.ranks[clique[0]] - edge / 4, ranking.ranks[clique[-1]] + edge / 4]
            panel.plot(ends, [0.45 + 0.35 * place] * 2, color=INK, linewidth=3.5, solid_capstyle="butt")
        wide = ranking.critical > count - 1
        panel.plot([1, 1 + min(ranking.critical, count - 1)], [-2.1] * 2, color=INK, linewidth=1.2, marker="|")
        words = f"critical difference {ranking.critical:.2f}" + (", wider than the axis" if wide else "")
        panel.text(1, -2.4, words, va="bottom", fontsize=SMALL, color=INK)
        lost = len(ranking.left_out)
        words = f"{ranking.blocks} of {ranking.blocks + lost} blocks, the others lack a method" if lost else ""
        words = (words or f"{ranking.blocks} blocks") + f"; Friedman p = {ranking.p:.2g}"
        panel.text(1, bottom, words, va="bottom", fontsize=SMALL, color=INK)
    return figure


def sweep(
    curve: "DataFrame",
    axes: "Axes | None" = None,
    *,
    label: str,
    default: Any = None,
    score: str = "mean mAP@all",
    even: bool = False,
    style: Style = None,
) -> "Figure":
    """Mean score along a setting with its 95 % band, a line for each data set or method; the default is marked.

    Args:
        curve: from :func:`drcl_mini.experiments.statistics.curve`.
        axes: where to draw.
        label: of the setting.
        default: the value to mark, as it stands in ``curve``.
        score: label of the score.
        even: space the values evenly, whatever they are; text always is.
        style: a Matplotlib style.

    Example:
        >>> import pandas as pd
        >>> rows = [{"method": "DRCL", "x": x, "failed": 0, "mean": 0.5, "low": 0.4, "high": 0.6} for x in (0.5, 0.9)]
        >>> figure = sweep(pd.DataFrame(rows), label="γ", default=0.9)
        >>> figure.axes[0].get_xlabel(), [text.get_text() for text in figure.axes[0].texts]
        ('γ', ['default'])
    """
    _check_rows(curve, "curve", "x", "mean", "low", "high", "failed")
    values = list(dict.fromkeys(curve.x))
    if all(isinstance(value, (int, float)) for value in values):
        values.sort()
    else:
        even = True
    if default is not None and default not in values:
        raise ValueError(f"default is {default!r}, no value of the sweep: {nearest(default, values)}")
    places = {value: number if even else value for number, value in enumerate(values)}
    with _figure(axes, style, (WIDTH, 3.4)) as (figure, (panel,)):
        _lines(panel, curve.assign(x=curve.x.map(places)), "DRCL")
        if default is not None:
            panel.axvline(places[default], color=INK, linewidth=1, linestyle=":", zorder=0)
            anchor = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "ha": "center"}
            panel.annotate("default", (places[default], 1), (0, 2), fontsize=SMALL, color=INK, **anchor)
        if even:
            panel.set_xticks(list(places.values()), [str(value) for value in values])
        panel.set(xlabel=label + _failed(curve), ylabel=score)
    return figure


def noise_curves(
    curve: "DataFrame",
    axes: "Axes | None" = None,
    *,
    published: "DataFrame | None" = None,
    source: str = "published, other features",
    highlight: str | Collection[str] = "DRCL",
    score: str = "mean mAP@all",
    style: Style = None,
) -> "Figure":
    """Mean score over the share of wrong training labels, a line a method, with published points as hollow marks.

    Published points come from other features and another protocol: compare their shapes, not their heights.

    Args:
        curve: from :func:`drcl_mini.experiments.statistics.curve` along ``"label_noise"``.
        axes: where to draw.
        published: rows with ``method``, ``label_noise`` and ``map`` for one data set at one k; the mean over their
            tasks is drawn.
        source: what the legend says of them.
        highlight: methods in the accent colour.
        score: label of the score.
        style: a Matplotlib style.

    Example:
        >>> import pandas as pd
        >>> rows = [{"method": "MRL", "x": x, "failed": 0, "mean": 0.5, "low": 0.4, "high": 0.6} for x in (0.2, 0.8)]
        >>> points = pd.DataFrame({"method": ["MRL"] * 2, "label_noise": [0.2, 0.8], "map": [0.49, 0.43]})
        >>> legend = noise_curves(pd.DataFrame(rows), published=points, source="published").axes[0].get_legend()
        >>> [text.get_text() for text in legend.get_texts()]
        ['MRL', 'published']
    """
    _check_rows(curve, "curve", "x", "mean", "low", "high", "failed")
    for column in {"dataset", "k"}.intersection([] if published is None else published):
        if published[column].nunique() > 1:
            raise ValueError(
                f"published rows of several {column}: {sorted(map(str, set(published[column])))}, choose one"
            )
    with _figure(axes, style, (WIDTH, 3.8)) as (figure, (panel,)):
        names = [] if published is None else list(published.method)
        looks = _lines(panel, curve, highlight, names)
        if published is not None:
            means = published.groupby(["method", "label_noise"])["map"].mean()
            for name in dict.fromkeys(names):
                look = looks[name] | {"linestyle": "none", "markersize": 8, "markerfacecolor": "none"}
                alone = None if name in panel.get_legend_handles_labels()[1] else name
                panel.plot(means[name].index, means[name], **look, markeredgewidth=1.5, label=alone)
            panel.plot([], [], "o", color=INK, markersize=8, markerfacecolor="none", markeredgewidth=1.5, label=source)
            _legend(panel)
        panel.set(xlabel="share of wrong training labels" + _failed(curve), ylabel=score)
    return figure


@contextmanager
def _figure(
    axes: Any, style: Style, size: tuple[float, float], columns: int = 1, **options: Any
) -> Iterator[tuple["Figure", list["Axes"]]]:
    """The panels to draw on, given or new, under a style; nothing stays registered with pyplot."""
    plt = needs("matplotlib.pyplot", "matplotlib")
    if axes is None:
        plt.close(plt.figure())  # starts the backend: what it sets must outlast the style
    with plt.style.context([] if style is None else style):
        if axes is None:
            figure, axes = plt.subplots(1, columns, figsize=size, layout="constrained", **options)
            plt.close(figure)  # it is the caller's now: shown once in a notebook, and freed when let go
        panels = list(np.ravel(axes))
        if len(panels) != columns:
            raise ValueError(f"{len(panels)} axes given, expected {columns}")
        for panel in panels:
            panel.spines[["top", "right"]].set_visible(False)
        yield panels[0].figure, panels


def _looks(names: Sequence[str], highlight: str | Collection[str]) -> dict[str, dict[str, Any]]:
    """A line for each name, each unlike the others; highlighted ones in the accent colour, thicker and on top."""
    highlight = {highlight} if isinstance(highlight, str) else set(highlight)
    looks, plain = {}, 0
    for number, name in enumerate(names):
        look = {"marker": MARKS[number % len(MARKS)], "markersize": 4.5}
        if name in highlight:
            looks[name] = look | {"color": ACCENT, "linewidth": 2.6, "zorder": 3}
        else:
            dash = DASHES[plain // len(COLOURS) % len(DASHES)]
            looks[name] = look | {"color": COLOURS[plain % len(COLOURS)], "linewidth": 1.5, "linestyle": dash}
            plain += 1
    return looks


def _lines(
    panel: "Axes", curve: "DataFrame", highlight: str | Collection[str], more: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """The curves with their bands and a legend; gives the look of each, and of ``more`` names."""
    keys = [key for key in ("method", "dataset") if key in curve and curve[key].nunique() > 1]
    keys = keys or [key for key in ("method", "dataset") if key in curve][:1]
    names = curve[keys].agg(", ".join, axis=1)
    looks = _looks(list(dict.fromkeys([*names, *more])), highlight)
    for name, rows in curve.groupby(names, sort=False):
        rows = rows.sort_values("x")
        panel.plot(rows.x, rows["mean"], label=name, **looks[name])
        panel.fill_between(rows.x, rows.low, rows.high, color=looks[name]["color"], alpha=0.15, linewidth=0)
    if names.nunique() > 1 or more:
        _legend(panel)
    return looks


def _legend(panel: "Axes") -> None:
    """Names beside the plot, in the order in which the lines lie, so that like colours are told apart."""

    def depth(line: Any) -> float:
        heights = np.asarray(line.get_ydata(), dtype=float)
        return -np.nanmean(heights) if np.isfinite(heights).any() else np.inf

    lines = sorted(panel.get_legend_handles_labels()[0], key=depth)
    place = {"loc": "upper left", "bbox_to_anchor": (1.02, 1), "borderaxespad": 0}
    panel.legend(handles=lines, **place, frameon=False, fontsize=SMALL)


def _failed(curve: "DataFrame") -> str:
    count = int(curve.failed.sum())
    return f"\n({count} failed {'run is' if count == 1 else 'runs are'} left out)" if count else ""


def _told(mean: float, n: float, failed: float) -> str:
    """What stands beside a bar: its number, and what failed."""
    words = [f"{mean:.3f}"] if n > 0 else []
    words += [f"{failed:.0f} failed"] if failed > 0 else []
    return ", ".join(words) or "not run"


def _check_rows(frame: "DataFrame", what: str, *columns: str) -> None:
    missing = [column for column in columns if column not in getattr(frame, "columns", ())]
    if missing:
        raise ValueError(f"{what} has no column {missing[0]!r}: expected what {what}(records, …) of statistics gives")
    if not len(frame):
        raise ValueError(f"{what} has no rows: nothing to draw")

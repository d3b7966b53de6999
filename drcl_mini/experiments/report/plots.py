"""Plots of experiments: bars, precision–recall, tasks, critical differences, sweeps, label noise.

Each function draws on the Axes it is given, or makes a figure of page width, and returns the figure. ``style`` is
a Matplotlib style (the book's ``drcl.mplstyle``), in force for that figure only.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...core.checks import needs
from .drawing import (
    ACCENT,
    BESIDE,
    INK,
    PLAIN,
    SMALL,
    WIDTH,
    Style,
    check_rows,
    drawing,
    line_looks,
    name_lines,
    told_mean,
)
from .scores import check_known, check_once, run_scores
from .significance import Ranking

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


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
        table: from :func:`drcl_mini.experiments.report.statistics.table`.
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
    check_rows(table, "table", "dataset", "method", "n", "failed", "mean", "half")
    highlight = {highlight} if isinstance(highlight, str) else set(highlight)
    names = list(dict.fromkeys(table.dataset))
    means = table.pivot(index="method", columns="dataset", values="mean")
    order = list(means.rank(ascending=False).mean(axis=1).sort_values(kind="stable").index)
    with drawing(
        axes, style, (WIDTH, 0.9 + 0.24 * len(order)), columns=len(names), sharey=True
    ) as (figure, panels):
        for panel, name in zip(panels, names, strict=True):
            rows = table[table.dataset == name].set_index("method").reindex(order)
            colours = [ACCENT if method in highlight else PLAIN for method in order]
            panel.barh(order, rows["mean"], 0.72, color=colours)
            panel.errorbar(
                rows["mean"],
                order,
                xerr=rows.half,
                fmt="none",
                ecolor=INK,
                elinewidth=1.2,
                capsize=2,
            )
            ends = rows["mean"].fillna(0) + rows.half.fillna(0)
            words = [
                told_mean(*row) for row in rows[["mean", "n", "failed"]].itertuples(index=False)
            ]
            inches, limit = panel.get_window_extent().width / figure.dpi, 1e-3
            for method, told in zip(order, words, strict=True):
                panel.annotate(
                    told,
                    (ends[method], method),
                    (4, 0),
                    **BESIDE,
                    va="center",
                    fontsize=SMALL,
                    color=INK,
                )
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
    with drawing(axes, style, (WIDTH, max(3.8, 0.6 + 0.2 * len(curves)))) as (figure, (panel,)):
        for method, look in line_looks(list(curves), highlight).items():
            recall, precision = curves[method]
            panel.plot(recall, precision, label=method, markevery=0.2, **look)
        panel.set(xlabel="recall", ylabel="precision", title=title, xlim=(0, 1), ylim=(0, 1.02))
        if legend:
            name_lines(panel)
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
    scores = run_scores(records, k)
    check_known(scores, dataset=[dataset], method=[] if method is None else [method])
    shown = (scores.dataset == dataset) & (True if method is None else scores.method == method)
    check_once(scores[shown], ["method", "seed"])
    runs = [run for run in records if run["dataset"] == dataset and method in (None, run["method"])]
    done = [run for run in runs if run.get("error") is None]
    if not done:
        raise ValueError(
            f"no finished runs of {method or 'any method'} on {dataset}: {len(runs)} failed"
        )
    tasks = [
        {"method": run["method"], **task}
        for run in done
        for task in run["scores"]
        if task["k"] == k
    ]
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
    with drawing(axes, style, size) as (figure, (panel,)):
        words = grid.map(
            lambda value: f"{value:.{digits}f}".removeprefix("0") if value == value else ""
        )
        options = {
            "annot": words,
            "fmt": "",
            "annot_kws": {"size": SMALL},
            "cmap": "viridis",
            "linewidths": 0.5,
        }
        needs("seaborn").heatmap(grid, ax=panel, cbar_kws={"label": f"mAP@{k}"}, **options)
        panel.set(
            xlabel="" if method is None else "gallery", ylabel="" if method is None else "query"
        )
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
        ranking: from :func:`drcl_mini.experiments.report.statistics.rank_methods`.
        axes: where to draw.
        highlight: methods in the accent colour.
        style: a Matplotlib style.

    Example:
        >>> from drcl_mini.experiments.report.significance import average_ranks
        >>> figure = rank_diagram(average_ranks({"DRCL": [0.9, 0.8], "SM": [0.7, 0.6], "MCCA": [0.1, 0.2]}))
        >>> [text.get_text() for text in figure.axes[0].texts][:3]
        ['1', '2', '3']
    """
    highlight = {highlight} if isinstance(highlight, str) else set(highlight)
    count, cliques = len(ranking.ranks), ranking.cliques
    rows, top = (count + 1) // 2, 0.35 * len(cliques) + 1
    bottom, edge, margin = top + rows + 1, 0.03 * (count - 1), 0.42 * (count - 1)
    with drawing(axes, style, (WIDTH, 0.23 * (bottom + 3.6))) as (figure, (panel,)):
        panel.set(xlim=(1 - margin, count + margin), ylim=(bottom, -3.6))
        panel.axis("off")
        panel.hlines(0, 1, count, color=INK, linewidth=1.2)
        for rank in range(1, count + 1, -(-count // 12)):
            panel.vlines(rank, -0.25, 0, color=INK, linewidth=1)
            panel.text(rank, -0.4, str(rank), ha="center", va="bottom", fontsize=SMALL, color=INK)
        for place, (name, rank) in enumerate(ranking.ranks.items()):
            left = place < rows
            y = top + (place if left else count - 1 - place)
            end, words = (
                (1 - edge, f"{name}  {rank:.1f} ")
                if left
                else (count + edge, f" {rank:.1f}  {name}")
            )
            colour, weight, width = (
                (ACCENT, "bold", 2) if name in highlight else (INK, "normal", 0.8)
            )
            panel.plot([rank, rank, end], [0, y, y], color=colour, linewidth=width)
            side = "right" if left else "left"
            panel.text(
                end, y, words, ha=side, va="center", color=colour, weight=weight, fontsize=SMALL
            )
        for place, clique in enumerate(cliques):
            ends = [ranking.ranks[clique[0]] - edge / 4, ranking.ranks[clique[-1]] + edge / 4]
            panel.plot(
                ends, [0.45 + 0.35 * place] * 2, color=INK, linewidth=3.5, solid_capstyle="butt"
            )
        wide = ranking.critical > count - 1
        panel.plot(
            [1, 1 + min(ranking.critical, count - 1)],
            [-2.1] * 2,
            color=INK,
            linewidth=1.2,
            marker="|",
        )
        words = f"critical difference {ranking.critical:.2f}" + (
            ", wider than the axis" if wide else ""
        )
        panel.text(1, -2.4, words, va="bottom", fontsize=SMALL, color=INK)
        lost = len(ranking.left_out)
        words = (
            f"{ranking.blocks} of {ranking.blocks + lost} blocks, the others lack runs"
            if lost
            else ""
        )
        words = (words or f"{ranking.blocks} blocks") + f"; Friedman p = {ranking.p:.2g}"
        panel.text(1, bottom, words, va="bottom", fontsize=SMALL, color=INK)
    return figure

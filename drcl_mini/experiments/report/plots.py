"""Plots of experiments: bars, precision–recall, tasks, critical differences, sweeps, label noise.

Each function draws on the Axes it is given, or makes a figure of page width, and returns the
figure. ``style`` is a Matplotlib style (the book's ``drcl.mplstyle``) for that figure only.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...core.checks import require, suggest
from .drawing import (
    ACCENT,
    INK,
    SMALL,
    WIDTH,
    Names,
    Style,
    check_rows,
    draw_lines,
    drawing,
    line_looks,
    name_lines,
    name_set,
)
from .scores import Records, check_known, check_once, run_scores
from .significance import Ranking

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

PLAIN = "#9DB4C8"
TEXT = {"fontsize": SMALL, "color": INK}
BESIDE = {**TEXT, "textcoords": "offset points", "annotation_clip": False}
HOLLOW = {"markersize": 8, "markerfacecolor": "none", "markeredgewidth": 1.5}


def bars(
    table: "DataFrame",
    axes: Any = None,
    *,
    highlight: Names = "DRCL",
    label: str = "mean mAP@all",
    style: Style = None,
) -> "Figure":
    """A bar for each method with its 95 % interval, a panel for each data set, in one order.

    Methods stand by their mean rank over the panels. A bar's place says what failed or didn't run.

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
    check_rows(table, "table")
    highlight = name_set(highlight)
    names = list(dict.fromkeys(table.dataset))
    means = table.pivot(index="method", columns="dataset", values="mean")
    order = list(means.rank(ascending=False).mean(axis=1).sort_values(kind="stable").index)
    colours = [ACCENT if method in highlight else PLAIN for method in order]
    whiskers = {"ecolor": INK, "capsize": 2, "error_kw": {"elinewidth": 1.2}}
    with drawing(axes, style, (WIDTH, 0.9 + 0.24 * len(order)), len(names)) as (figure, panels):
        from matplotlib.ticker import MaxNLocator

        for panel, name in zip(panels, names, strict=True):
            rows = table[table.dataset == name].set_index("method").reindex(order)
            panel.barh(order, rows["mean"], 0.72, color=colours, xerr=rows.half, **whiskers)
            inches = panel.get_window_extent().width / figure.dpi
            limit = 1e-3
            for method, end in rows[["mean", "half"]].sum(axis=1).items():
                told = _beside_bar(rows.loc[method])
                panel.annotate(told, (end, method), (4, 0), va="center", **BESIDE)
                limit = max(limit, end / max(0.3, 1 - (0.1 + 0.072 * len(told)) / inches))
            panel.set(xlim=(0, limit), xlabel=label, ylim=(len(order) - 0.4, -0.6), title=name)
            panel.tick_params(axis="y", length=0)
            panel.xaxis.set_major_locator(MaxNLocator(3))
            for tick in panel.get_yticklabels():
                tick.set_weight("bold" if tick.get_text() in highlight else "normal")
    return figure


def _beside_bar(row: Any) -> str:
    words = [f"{row['mean']:.3f}"] if row.n > 0 else []
    words += [f"{row.failed:.0f} failed"] if row.failed > 0 else []
    return ", ".join(words) or "not run"


def precision_recall_curves(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    axes: Any = None,
    *,
    highlight: Names = "DRCL",
    title: str = "",
    legend: bool = True,
    style: Style = None,
) -> "Figure":
    """Precision over recall, a line for each method.

    Args:
        curves: {method: result of :func:`drcl_mini.precision_recall`}.
        axes: where to draw.
        highlight: methods in the accent colour, on top.
        title: the task, say ``"image → text"``.
        legend: whether to name the lines, beside the plot.
        style: a Matplotlib style.

    Example:
        >>> figure = precision_recall_curves({"DRCL": ([0, 0.5, 1], [1, 0.8, 0.4])})
        >>> len(figure.axes[0].lines)
        1
    """
    if not curves:
        raise ValueError("no curves: expected {method: (recall, precision)}")
    with drawing(axes, style, (WIDTH, max(3.8, 0.6 + 0.2 * len(curves)))) as (figure, (panel,)):
        for method, look in line_looks(list(curves), highlight).items():
            panel.plot(*curves[method], label=method, markevery=0.2, **look)
        panel.set(xlabel="recall", ylabel="precision", title=title, xlim=(0, 1), ylim=(0, 1.02))
        if legend:
            name_lines(panel)
    return figure


def task_heat_map(
    records: Records,
    dataset: str,
    method: str | None = None,
    axes: Any = None,
    *,
    k: str | int = "all",
    style: Style = None,
) -> "Figure":
    """Mean mAP of every query → gallery task: of one method as a square, of all a row each.

    Args:
        records: the runs.
        dataset: which data set.
        method: which method; ``None`` for all, best first. A row is empty if every run failed.
        axes: where to draw.
        k: the cut-off.
        style: a Matplotlib style.

    Example:
        >>> tasks = [{"query": "a", "gallery": "b", "k": "all", "map": 0.5}]
        >>> run = {"dataset": "toy", "method": "SM", "seed": 0, "scores": tasks, "error": None}
        >>> [text.get_text() for text in task_heat_map([run], "toy").axes[0].texts]
        ['.500']
    """
    check_known(run_scores(records, k), dataset=[dataset], method=[method] if method else [])
    runs = [run for run in records if run["dataset"] == dataset and method in (None, run["method"])]
    done = [run for run in runs if run.get("error") is None]
    if not done:
        name = method or "any method"
        raise ValueError(f"no finished runs of {name} on {dataset}: {len(runs)} failed")
    check_once(run_scores(done, k))
    tasks = [{"method": run["method"], **task} for run in done for task in run["scores"]]
    frame = require("pandas").DataFrame([task for task in tasks if task["k"] == k])
    if method is None:
        frame["task"] = frame["query"] + " → " + frame.gallery
        grid = frame.pivot_table("map", "method", "task", sort=False)
        grid = grid.loc[grid.mean(axis=1).sort_values(ascending=False, kind="stable").index]
        failed = sorted({run["method"] for run in runs}.difference(grid.index))
        grid = grid.reindex([*grid.index, *failed]).rename({m: f"{m} (failed)" for m in failed})
        labels = {"title": dataset, "xlabel": "", "ylabel": ""}
    else:
        grid = frame.pivot_table("map", "query", "gallery", sort=False)
        grid = grid.reindex(columns=dict.fromkeys([*grid.index, *grid.columns]))
        labels = {"title": f"{method} on {dataset}", "xlabel": "gallery", "ylabel": "query"}
    many = len(grid.columns) > 6
    digits = 2 if many else 3
    words = grid.map(lambda value: f"{value:.{digits}f}".removeprefix("0"))
    options = {"annot": words, "fmt": "", "annot_kws": {"size": SMALL}, "linewidths": 0.5}
    options |= {"cmap": "viridis", "cbar_kws": {"label": f"mAP@{k}"}}
    size = (WIDTH, (2.0 if many else 1.3) + 0.3 * len(grid)) if method is None else (5, 4.2)
    with drawing(axes, style, size) as (figure, (panel,)):
        require("seaborn").heatmap(grid, ax=panel, **options)
        panel.set(**labels)
        panel.tick_params(length=0, labelrotation=0)
        panel.tick_params(axis="x", labelrotation=90 if many else 0)
    return figure


def rank_diagram(
    ranking: Ranking, axes: Any = None, *, highlight: Names = "DRCL", style: Style = None
) -> "Figure":
    """Critical-difference diagram (Demšar, 2006): average ranks of methods on a line.

    A bar joins methods whose ranks are not significantly different.

    Args:
        ranking: from :func:`drcl_mini.experiments.report.statistics.rank_methods`.
        axes: where to draw.
        highlight: methods in the accent colour.
        style: a Matplotlib style.

    Example:
        >>> from drcl_mini.experiments.report.significance import average_ranks
        >>> ranking = average_ranks({"DRCL": [0.9, 0.8], "SM": [0.7, 0.6], "MCCA": [0.1, 0.2]})
        >>> [text.get_text() for text in rank_diagram(ranking).axes[0].texts][:3]
        ['1', '2', '3']
    """
    highlight = name_set(highlight)
    count, cliques, lost = len(ranking.ranks), ranking.cliques, len(ranking.left_out)
    rows = (count + 1) // 2
    top = 0.35 * len(cliques) + 1
    bottom = top + rows + 1
    edge = 0.03 * (count - 1)
    margin = 0.42 * (count - 1)
    with drawing(axes, style, (WIDTH, 0.23 * (bottom + 3.6))) as (figure, (panel,)):
        panel.set(xlim=(1 - margin, count + margin), ylim=(bottom, -3.6))
        panel.axis("off")
        panel.hlines(0, 1, count, color=INK, linewidth=1.2)
        for rank in range(1, count + 1, -(-count // 12)):
            panel.vlines(rank, -0.25, 0, color=INK, linewidth=1)
            panel.text(rank, -0.4, str(rank), ha="center", va="bottom", **TEXT)
        for place, (name, rank) in enumerate(ranking.ranks.items()):
            left = place < rows
            y = top + (place if left else count - 1 - place)
            end = 1 - edge if left else count + edge
            words = f"{name}  {rank:.1f} " if left else f" {rank:.1f}  {name}"
            side = "right" if left else "left"
            own = name in highlight
            colour = ACCENT if own else INK
            panel.plot([rank, rank, end], [0, y, y], color=colour, linewidth=2 if own else 0.8)
            look = TEXT | {"color": colour, "weight": "bold" if own else "normal"}
            panel.text(end, y, words, ha=side, va="center", **look)
        for place, clique in enumerate(cliques):
            ends = [ranking.ranks[clique[0]] - edge / 4, ranking.ranks[clique[-1]] + edge / 4]
            bar = {"color": INK, "linewidth": 3.5, "solid_capstyle": "butt"}
            panel.plot(ends, [0.45 + 0.35 * place] * 2, **bar)
        end = min(1 + ranking.critical, count)
        panel.plot([1, end], [-2.1, -2.1], color=INK, linewidth=1.2, marker="|")
        words = f"critical difference {ranking.critical:.2f}"
        if ranking.critical > count - 1:
            words += ", wider than the axis"
        panel.text(1, -2.4, words, va="bottom", **TEXT)
        words = f"{ranking.blocks} blocks"
        if lost:
            words = f"{ranking.blocks} of {ranking.blocks + lost} blocks, the others lack runs"
        panel.text(1, bottom, f"{words}; Friedman p = {ranking.p:.2g}", va="bottom", **TEXT)
    return figure


def sweep(
    curve: "DataFrame",
    axes: Any = None,
    *,
    label: str,
    default: Any = None,
    score: str = "mean mAP@all",
    even: bool = False,
    style: Style = None,
) -> "Figure":
    """Mean score along a setting with its 95 % band, a line for each data set or method.

    Args:
        curve: from :func:`drcl_mini.experiments.report.statistics.curve`.
        axes: where to draw.
        label: of the setting.
        default: a value of ``curve`` to mark as the default.
        score: label of the score.
        even: space the values evenly; text always is.
        style: a Matplotlib style.

    Example:
        >>> import pandas as pd
        >>> row = {"method": "DRCL", "failed": 0, "mean": 0.5, "low": 0.4, "high": 0.6}
        >>> curve = pd.DataFrame([row | {"x": 0.5}, row | {"x": 0.9}])
        >>> figure = sweep(curve, label="γ", default=0.9)
        >>> figure.axes[0].get_xlabel(), [text.get_text() for text in figure.axes[0].texts]
        ('γ', ['default'])
    """
    check_rows(curve, "curve")
    values = list(dict.fromkeys(curve.x))
    if all(isinstance(value, (int, float)) for value in values):
        values.sort()
    else:
        even = True
    if default is not None and default not in values:
        told = f"default is {default!r}, which the sweep doesn't have"
        raise ValueError(f"{told}: {suggest(default, values)}")
    places = {value: number if even else value for number, value in enumerate(values)}
    with drawing(axes, style, (WIDTH, 3.4)) as (figure, (panel,)):
        draw_lines(panel, curve.assign(x=curve.x.map(places)), label, score)
        if default is not None:
            x = places[default]
            panel.axvline(x, color=INK, linewidth=1, linestyle=":", zorder=0)
            above = {"xycoords": ("data", "axes fraction"), "ha": "center", **BESIDE}
            panel.annotate("default", (x, 1), (0, 2), **above)
        if even:
            panel.set_xticks(list(places.values()), [str(value) for value in values])
    return figure


def noise_curves(
    curve: "DataFrame",
    axes: Any = None,
    *,
    published: "DataFrame | None" = None,
    source: str = "published, other features",
    score: str = "mean mAP@all",
    style: Style = None,
) -> "Figure":
    """Mean score over the share of wrong training labels, a line for each method.

    Published points are hollow marks. They come from other features and another protocol: compare
    the shapes of the curves, not their heights.

    Args:
        curve: from :func:`drcl_mini.experiments.report.statistics.curve` along ``"label_noise"``.
        axes: where to draw.
        published: rows with ``method``, ``label_noise`` and ``map`` for one data set at one k; the
            mean over their tasks is drawn.
        source: what the legend calls the published points.
        score: label of the score.
        style: a Matplotlib style.

    Example:
        >>> import pandas as pd
        >>> row = {"method": "MRL", "failed": 0, "mean": 0.5, "low": 0.4, "high": 0.6}
        >>> curve = pd.DataFrame([row | {"x": 0.2}, row | {"x": 0.8}])
        >>> points = pd.DataFrame({"method": "MRL", "label_noise": [0.2, 0.8], "map": [0.49, 0.43]})
        >>> legend = noise_curves(curve, published=points, source="published").axes[0].get_legend()
        >>> [text.get_text() for text in legend.get_texts()]
        ['MRL', 'published']
    """
    check_rows(curve, "curve")
    names = []
    if published is not None:
        names = list(dict.fromkeys(published.method))
        means = published.groupby(["method", "label_noise"])["map"].mean()
        for column in {"dataset", "k"}.intersection(published):
            found = sorted(map(str, set(published[column])))
            if len(found) > 1:
                raise ValueError(f"published rows of several {column}: {found}, choose one")
    with drawing(axes, style, (WIDTH, 3.8)) as (figure, (panel,)):
        looks = draw_lines(panel, curve, "share of wrong training labels", score, names)
        own = panel.get_legend_handles_labels()[1]
        for name in names:
            look = looks[name] | HOLLOW | {"linestyle": "none"}
            label = None if name in own else name
            panel.plot(means[name].index, means[name], **look, label=label)
        if names:
            panel.plot([], [], "o", color=INK, **HOLLOW, label=source)
            name_lines(panel)
    return figure

"""Curves of experiments: sweeps of a setting, and label noise. See :mod:`drcl_mini.experiments.report.plots`."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ...core.checks import nearest
from .drawing import (
    INK,
    SMALL,
    WIDTH,
    Style,
    check_rows,
    draw_lines,
    drawing,
    failed_note,
    name_lines,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame


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
        curve: from :func:`drcl_mini.experiments.report.statistics.curve`.
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
    check_rows(curve, "curve", "x", "mean", "low", "high", "failed")
    values = list(dict.fromkeys(curve.x))
    if all(isinstance(value, (int, float)) for value in values):
        values.sort()
    else:
        even = True
    if default is not None and default not in values:
        raise ValueError(
            f"default is {default!r}, no value of the sweep: {nearest(default, values)}"
        )
    places = {value: number if even else value for number, value in enumerate(values)}
    with drawing(axes, style, (WIDTH, 3.4)) as (figure, (panel,)):
        draw_lines(panel, curve.assign(x=curve.x.map(places)), "DRCL")
        if default is not None:
            panel.axvline(places[default], color=INK, linewidth=1, linestyle=":", zorder=0)
            anchor = {
                "xycoords": ("data", "axes fraction"),
                "textcoords": "offset points",
                "ha": "center",
            }
            panel.annotate(
                "default", (places[default], 1), (0, 2), fontsize=SMALL, color=INK, **anchor
            )
        if even:
            panel.set_xticks(list(places.values()), [str(value) for value in values])
        panel.set(xlabel=label + failed_note(curve), ylabel=score)
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
        curve: from :func:`drcl_mini.experiments.report.statistics.curve` along ``"label_noise"``.
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
    check_rows(curve, "curve", "x", "mean", "low", "high", "failed")
    for column in {"dataset", "k"}.intersection([] if published is None else published):
        if published[column].nunique() > 1:
            raise ValueError(
                f"published rows of several {column}: {sorted(map(str, set(published[column])))}, choose one"
            )
    with drawing(axes, style, (WIDTH, 3.8)) as (figure, (panel,)):
        names = [] if published is None else list(published.method)
        looks = draw_lines(panel, curve, highlight, names)
        if published is not None:
            means = published.groupby(["method", "label_noise"])["map"].mean()
            for name in dict.fromkeys(names):
                look = looks[name] | {
                    "linestyle": "none",
                    "markersize": 8,
                    "markerfacecolor": "none",
                }
                alone = None if name in panel.get_legend_handles_labels()[1] else name
                panel.plot(means[name].index, means[name], **look, markeredgewidth=1.5, label=alone)
            panel.plot(
                [],
                [],
                "o",
                color=INK,
                markersize=8,
                markerfacecolor="none",
                markeredgewidth=1.5,
                label=source,
            )
            name_lines(panel)
        panel.set(xlabel="share of wrong training labels" + failed_note(curve), ylabel=score)
    return figure

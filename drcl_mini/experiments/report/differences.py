"""Differences of methods to a reference that count seeds and test items: as text, as one figure."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .drawing import ACCENT, INK, SMALL, WIDTH, Style, drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, Any]]
"""From :func:`drcl_mini.experiments.report.resampling.differences`."""

ACROSS = 3
"""Panels beside each other."""

LINE = "{:<32}{:>11}{:>20}{:>9}  {}"


def verdict(row: Mapping[str, Any]) -> str:
    """In words: ahead, behind, or no difference found, of one comparison by itself.

    Of many at once some are ahead or behind by luck alone: see the corrected p of ``report``.

    Example:
        >>> verdict({"low": -0.01, "high": 0.02})
        'no difference found'
    """
    if row["low"] > 0:
        return "ahead"
    return "behind" if row["high"] < 0 else "no difference found"


def as_text(rows: Rows) -> str:
    """A table for each data set; ``seen`` is the least difference that it would have found.

    Example:
        >>> row = {"dataset": "toy", "method": "SM", "reference": "DRCL", "difference": -0.02}
        >>> print(as_text([row | {"low": -0.03, "high": -0.01, "seen": 0.014}]))
        toy: difference to DRCL, 95 % interval of each over seeds and test items
        method                           difference            interval     seen
        SM                                  -0.0200  [-0.0300, -0.0100]   0.0140  behind
    """
    lines = []
    for name in dict.fromkeys(row["dataset"] for row in rows):
        own = sorted(
            (row for row in rows if row["dataset"] == name), key=lambda row: -row["difference"]
        )
        told = "95 % interval of each over seeds and test items"
        lines.append(f"{name}: difference to {own[0]['reference']}, {told}")
        lines.append(LINE.format("method", "difference", "interval", "seen", "").rstrip())
        for row in own:
            interval = f"[{row['low']:.4f}, {row['high']:.4f}]"
            gap, seen = f"{row['difference']:.4f}", f"{row['seen']:.4f}"
            lines.append(LINE.format(row["method"][:31], gap, interval, seen, verdict(row)))
        lines.append("")
    return "\n".join(lines).rstrip()


def draw_differences(rows: Rows, axes: Any = None, *, style: Style = None) -> "Figure":
    """A line for each method: its difference to the reference, a panel for each data set.

    Right of zero a method is ahead. Lines that cross zero are grey: no difference was found.

    Args:
        rows: differences on one data set or several.
        axes: as many as there are data sets.
        style: a Matplotlib style.

    Example:
        >>> row = {"dataset": "toy", "method": "SM", "reference": "DRCL", "difference": -0.02}
        >>> figure = draw_differences([row | {"low": -0.03, "high": -0.01}])
        >>> figure.axes[0].get_xlabel()
        'mAP − DRCL'
    """
    names = list(dict.fromkeys(row["dataset"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    means = {m: np.mean([r["difference"] for r in rows if r["method"] == m]) for m in methods}
    order = sorted(methods, key=means.__getitem__)
    height = -(-len(names) // ACROSS) * (1.0 + 0.2 * len(order))
    with drawing(axes, style, (WIDTH, height), len(names), ACROSS) as (figure, panels):
        for panel, name in zip(panels, names, strict=True):
            panel.axvline(0, color=INK, linewidth=1)
            for row in rows:
                if row["dataset"] == name:
                    found = verdict(row) != "no difference found"
                    colour = ACCENT if found else "#999999"
                    place = order.index(row["method"])
                    panel.hlines(place, row["low"], row["high"], color=colour, linewidth=1.6)
                    panel.plot(row["difference"], place, "o", color=colour, markersize=4)
            panel.set_title(name, fontsize=SMALL + 1)
            panel.set_xlabel(f"mAP − {rows[0]['reference']}", fontsize=SMALL)
            panel.set_yticks(range(len(order)), order, fontsize=SMALL)
            panel.tick_params(axis="x", labelsize=SMALL)
            panel.grid(axis="x", color="#eeeeee")
    return figure

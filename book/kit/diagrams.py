"""The picture of the method, drawn from boxes and arrows."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from .style import COLOURS, INK, PAPER

LIGHT = "#8a8a8a"
"""Of the pull that matters less."""


def box(
    axes: plt.Axes,
    x: float,
    y: float,
    text: str,
    colour: str = PAPER,
    width: float = 1.5,
    height: float = 0.6,
    **kwargs: object,
) -> None:
    """A labelled box centred on (x, y); more keywords are the text's."""
    shape = FancyBboxPatch(
        (x - width / 2, y - height / 2),
        width,
        height,
        boxstyle="round,pad=0.04",
        facecolor=colour,
        edgecolor=INK,
        linewidth=1,
    )
    axes.add_patch(shape)
    style = {
        "color": INK if colour in (PAPER, "white") else "white",
        "fontsize": 10,
        "linespacing": 1.25,
    } | kwargs
    axes.text(x, y, text, ha="center", va="center", **style)


def arrow(
    axes: plt.Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str = "",
    **kwargs: object,
) -> None:
    """An arrow with a word beside its middle."""
    style = {
        "color": INK,
        "linewidth": 1.4,
        "mutation_scale": 13,
        "arrowstyle": "-|>",
        **kwargs,
    }
    axes.add_patch(FancyArrowPatch(start, end, **style))
    if text:
        middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        axes.text(
            middle[0],
            middle[1] + 0.13,
            text,
            ha="center",
            va="bottom",
            fontsize=9.5,
        )


def draw_method() -> plt.Figure:
    """DRCL in one picture: every encoder is read through one frozen W; recast targets pull a little, too.

    The strong arrows are the label loss, from each encoder through W to the labels: they join the modalities. The
    light ones lead from the labels through the pseudo-inverse of W to targets, and from there to the encoders.
    """
    figure, axes = plt.subplots(figsize=(4.6, 4.52))
    axes.set(xlim=(0, 5.4), ylim=(0, 5.3), aspect="equal")
    axes.axis("off")
    strong = {"linewidth": 5, "mutation_scale": 26, "shrinkA": 0, "shrinkB": 0}
    light = {"color": LIGHT, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
    for x, name, inner in ((0.95, "text", 1), (4.45, "image", -1)):
        colour = COLOURS[name]
        box(axes, x, 4.85, {"text": "words", "image": "pictures"}[name], "white")
        arrow(axes, (x, 4.5), (x, 4.02), shrinkA=0, shrinkB=0)
        box(axes, x, 3.65, "encoder", colour, weight="bold")
        arrow(
            axes,
            (x + inner * 0.25, 3.3),
            (2.7 - inner * 0.62, 2.36),
            color=colour,
            **strong,
        )
        arrow(axes, (2.7 - inner * 0.72, 3.65), (x + inner * 0.82, 3.65), **light)
    box(axes, 2.7, 3.65, "recast targets\n$R = Y\\,W^{+}$", width=1.34, fontsize=9)
    arrow(axes, (2.7, 2.42), (2.7, 3.28), **light)
    box(axes, 2.7, 1.95, "W, frozen", INK, width=1.5, height=0.75, fontsize=13)
    arrow(axes, (2.7, 1.5), (2.7, 0.82), **strong)
    box(axes, 2.7, 0.4, "class labels Y", width=1.6)
    for x, name, inner in ((0.85, "words", 1), (4.55, "pictures", -1)):
        box(axes, x, 1.6, f"W learned\non {name}", "white", width=1.2, fontsize=9)
        style = "-" if name == "words" else (0, (1, 2))
        edge = (x + inner * 0.65, 1.7), (2.7 - inner * 0.82, 1.86)
        arrow(axes, *edge, linestyle=style, shrinkA=0, shrinkB=0)
    notes = (
        (
            0.1,
            0.99,
            "The better score is kept;\nthe other (dotted) is dropped.",
            INK,
        ),
        (
            3.0,
            0.99,
            "The label loss (thick) asks:\ndo you read the right class?",
            INK,
        ),
    )
    for x, y, text, colour in notes:
        axes.text(x, y, text, fontsize=8.5, va="center", color=colour)
    axes.text(
        2.82,
        2.88,
        "one more\npull, by $W^{+}$",
        fontsize=8.5,
        va="center",
        color="#6a6a6a",
    )
    return figure

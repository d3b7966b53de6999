"""The picture of the method, drawn from boxes and arrows."""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from .style import COLOURS, INK, PAPER


def box(
    axes: plt.Axes,
    x: float,
    y: float,
    text: str,
    colour: str = PAPER,
    width: float = 1.5,
) -> None:
    """A labelled box centred on (x, y)."""
    shape = FancyBboxPatch(
        (x - width / 2, y - 0.3),
        width,
        0.6,
        boxstyle="round,pad=0.04",
        facecolor=colour,
        edgecolor=INK,
        linewidth=1,
    )
    axes.add_patch(shape)
    ink = INK if colour == PAPER else "white"
    axes.text(x, y, text, ha="center", va="center", color=ink, fontsize=10)


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
    """DRCL in one picture: labels become targets through the prior, each encoder learns to meet them alone."""
    figure, axes = plt.subplots(figsize=(7.6, 4.1))
    axes.set(xlim=(-0.1, 10.9), ylim=(-0.1, 5.2), aspect="equal")
    axes.axis("off")
    axes.text(
        0.0, 4.95, "1  Select a prior", fontsize=11, weight="bold", va="center"
    )
    axes.text(
        0.0,
        2.8,
        "3  Train each modality alone",
        fontsize=11,
        weight="bold",
        va="center",
    )
    axes.text(8.05, 2.75, "2  Recast", fontsize=11, weight="bold", va="center")

    box(axes, 0.95, 4.2, "image", COLOURS["image"])
    box(axes, 0.95, 3.45, "text", COLOURS["text"])
    for y, name in ((4.2, "image"), (3.45, "text")):
        arrow(
            axes,
            (1.75, y),
            (3.5, y),
            "learn to classify" if name == "image" else "",
        )
        box(axes, 4.3, y, f"W from {name}")
        arrow(
            axes, (5.15, y), (6.9, 3.83), linestyle="-" if name == "image" else ":"
        )
    axes.text(5.3, 4.42, "the better score wins", fontsize=9.5, va="center")
    box(axes, 7.85, 3.83, "prior W, frozen", INK, width=1.8)

    box(axes, 0.95, 2.05, "image", COLOURS["image"])
    box(axes, 0.95, 0.35, "text", COLOURS["text"])
    box(axes, 4.3, 2.05, "encoder", COLOURS["image"])
    box(axes, 4.3, 0.35, "encoder", COLOURS["text"])
    for y in (2.05, 0.35):
        arrow(axes, (1.75, y), (3.5, y))
    for y, end in ((2.05, 1.4), (0.35, 1.0)):
        arrow(axes, (5.1, y), (6.75, end), arrowstyle="<|-")
    axes.text(
        5.85, 2.1, "pulled by the\nconsistency losses", fontsize=9, va="center"
    )
    box(axes, 7.85, 1.2, "targets\n$R = Y\\,W^{+}$", "#6b4e9b", width=2.0)
    arrow(axes, (7.85, 3.48), (7.85, 1.6))
    axes.text(
        8.05, 2.35, "by the pseudo-inverse $W^{+}$", fontsize=9.5, va="center"
    )
    box(axes, 4.3, 1.2, "labels Y", width=1.5)
    arrow(axes, (5.1, 1.2), (6.75, 1.2))
    return figure

"""The book's face: ``python book/tools/logo.py [--check]`` draws logo, favicon and the card for links.

Three arrows from one point are columns of W, one for each class. At their tips lie items of two modalities, circles and
squares: that is where they meet. ``--check`` only says which stored file is stale.
"""

import io
import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "book" / "assets"
COLOURS = ("#0072B2", "#D55E00", "#009E73")
INK, QUIET = "#222222", "#5a5a5a"
ANGLES = (90, 210, 330)
"""Of the arrows, in degrees."""
MARKS = {"circle": -15.0, "square": 15.0}
"""Items at the tip of an arrow: how many degrees beside it."""
TIP, OUT, SIDE = 0.66, 0.86, 0.115
"""Where an arrow ends, how far out the items are, half the side of a square."""
ROUND = 1.13
"""A circle's radius for a square of half side 1: of equal area."""
MOVED = 1 / 256
"""Mean difference of pixels, of 1, below which two cards are the same: another version's smoothing of edges."""


def place(radius: float, degrees: float) -> tuple[float, float]:
    """A point, y upwards."""
    angle = np.radians(degrees)
    return float(radius * np.cos(angle)), float(radius * np.sin(angle))


def motif(width: float = 0.12, side: float = SIDE, head: float = 1.25) -> str:
    """Arrows and items as SVG around (50, 55), y downwards.

    Args:
        width: of an arrow, as a share of the radius.
        side: half the side of a square; a circle has the same area.
        head: half the width of an arrow's head, in widths of the arrow.
    """
    scale = 48.0

    def at(radius: float, degrees: float) -> tuple[float, float]:
        x, y = place(radius, degrees)
        return 50 + scale * x, 55 - scale * y

    parts = []
    for angle, colour in zip(ANGLES, COLOURS, strict=True):
        neck = TIP - 1.9 * width
        (x, y), (u, v) = at(0.0, angle), at(neck + 0.01, angle)
        parts.append(
            f'<path d="M{x:.2f} {y:.2f}L{u:.2f} {v:.2f}" stroke="{colour}" stroke-width="{scale * width:.2f}"/>'
        )
        turn = np.degrees(np.arctan2(head * width, neck))
        far = np.hypot(neck, head * width)
        corners = at(far, angle - turn), at(TIP, angle), at(far, angle + turn)
        points = " ".join(f"{x:.2f},{y:.2f}" for x, y in corners)
        parts.append(f'<polygon points="{points}" fill="{colour}"/>')
        for kind, beside in MARKS.items():
            (x, y), size = at(OUT, angle + beside), scale * side
            parts.append(
                f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{ROUND * size:.2f}" fill="{colour}"/>'
                if kind == "circle"
                else f'<rect x="{x - size:.2f}" y="{y - size:.2f}" width="{2 * size:.2f}" '
                f'height="{2 * size:.2f}" fill="{colour}"/>'
            )
    return "\n".join(parts)


def svg(content: str) -> str:
    """A square picture."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" fill="none">\n{content}\n</svg>\n'


def card() -> bytes:
    """1200 × 630 pixels for pages that show a link: the motif, the title, the question."""
    with matplotlib.rc_context({"font.family": "DejaVu Sans"}):
        figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, 12), ylim=(0, 6.3))
        axes.axis("off")
        middle, scale = np.array((2.6, 2.85)), 2.1
        for angle, colour in zip(ANGLES, COLOURS, strict=True):
            start, end = (
                middle + scale * np.array(place(r, angle)) for r in (0.04, TIP)
            )
            axes.add_patch(
                FancyArrowPatch(
                    start,
                    end,
                    arrowstyle="-|>",
                    mutation_scale=52,
                    linewidth=11,
                    color=colour,
                    shrinkA=0,
                    shrinkB=0,
                )
            )
            for kind, beside in MARKS.items():
                x, y = middle + scale * np.array(place(OUT, angle + beside))
                size = scale * SIDE
                corner = (x - size, y - size)
                axes.add_patch(
                    Circle((x, y), ROUND * size, color=colour)
                    if kind == "circle"
                    else Rectangle(corner, 2 * size, 2 * size, color=colour)
                )
        for y, size, weight, text, colour in (
            (4.35, 44, "bold", "DRCL", INK),
            (3.6, 25, "normal", "by hand and by machine", INK),
            (2.35, 20, "normal", "How can a word find a picture,\nif no pair was ever shown?", INK),
            (1.2, 15, "normal", "A book to try in the browser, and a PyTorch package", QUIET),
        ):  # fmt: skip
            axes.text(
                5.35,
                y,
                text,
                fontsize=size,
                weight=weight,
                color=colour,
                va="center",
                linespacing=1.4,
            )
        file = io.BytesIO()
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def drawn() -> dict[str, bytes]:
    """Every file by its name."""
    bold = motif(width=0.17, side=0.17, head=1.0)
    return {
        "logo.svg": svg(motif()).encode(),
        "favicon.svg": svg(bold).encode(),
        "card.png": card(),
    }


def same(name: str, stored: bytes, new: bytes) -> bool:
    """Whether two files show the same; pictures are compared by their pixels."""
    if not name.endswith(".png"):
        return stored == new
    one, other = (imread(io.BytesIO(data)) for data in (stored, new))
    return one.shape == other.shape and float(np.abs(one - other).mean()) < MOVED


def main(check: bool) -> int:
    """Write the files; with ``check`` only say which are stale."""
    stale = []
    for name, new in drawn().items():
        path = ASSETS / name
        if not path.is_file() or not same(name, path.read_bytes(), new):
            stale.append(name)
            print(path.relative_to(ROOT))
            if not check:
                path.write_bytes(new)
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))

"""Figures to play with: plain JavaScript from ``book/live``, put into a page with one line."""

import base64
import json
import re
from html import escape
from pathlib import Path
from typing import Any

from IPython.display import HTML
from rjsmin import jsmin

LIVE = Path(__file__).parents[1] / "live"
SHARED = ("core", "ui")
"""Scripts that every figure begins with."""

ALTS: dict[str, str] = {
    "search": "A search field with a word, and under it rows of pictures, drawings, shapes and clips that DRCL finds, "
    "each with its class.",
    "ap": "Ten tiles in a row, right ones green with a tick, wrong ones with a cross, their average precision, and a "
    "precision–recall curve beside that of a blind guess.",
    "recasting": "Two solid arrows, the columns of W, and two dashed ones, their targets: each target stands at "
    "a right angle to the other class's column.",
    "gce": "Round and square points, two classes, on both sides of a line that is not yet trained, and a slider for q.",
    "repulsion": "Four columns of W, arrows in a sphere; beside it a coloured table of the cosines of all pairs.",
    "train": "Menus for two of five modalities, a button that trains DRCL, and a table of mAP beside logistic "
    "regression's.",
    "playground": "Marks of three colours, classes, and of two shapes, modalities, scattered along a circle; in it three "
    "arrows, the columns of W, with a target in each one's direction.",
    "augmentation": "Two features on a circle and their mixture between them; beside it two curves of the label loss, of "
    "mixing and of label smoothing, which part where the share is small.",
}
"""By figure, what the still picture shows, for those who can't see it or run scripts."""


def live(name: str, data: Any = None) -> HTML:
    """A live figure: it needs no kernel and no network, in a built page, in Jupyter and in Colab.

    Where scripts are off a still picture of it stands there.

    Args:
        name: one of :data:`ALTS`.
        data: what the figure is given, as JSON can hold it.

    Raises:
        ValueError: there is no such figure.

    Example:
        >>> 'data-figure="recasting"' in live("recasting").data
        True
    """
    if name not in ALTS:
        raise ValueError(f"no live figure {name!r}: there are {', '.join(ALTS)}")
    given = ""
    if data is not None:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        given = f'<script type="application/json">{text.replace("<", chr(92) + "u003c")}</script>'
    code = "\n".join(squeezed(LIVE / f"{part}.js") for part in (*SHARED, name))
    style = squeezed(LIVE / "live.css")
    return HTML(
        f"<style>{style}</style>"
        f'<div class="drcl-live" data-figure="{name}">{still(name)}{given}</div>'
        f"<script>{code}\ndrclLive.start({json.dumps(name)});</script>"
    )


def still(name: str) -> str:
    """The still picture of a figure, as HTML."""
    picture = base64.b64encode(
        (LIVE / "stills" / f"{name}.png").read_bytes()
    ).decode()
    alt = escape(ALTS[name])
    return f'<img class="still" alt="{alt}" style="max-width:100%" src="data:image/png;base64,{picture}">'


def squeezed(path: Path) -> str:
    """A script or a style as a page holds it: without comments and needless space."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        return jsmin(text)
    return re.sub(r"\s*([{};,:>])\s*", r"\1", " ".join(text.split()))

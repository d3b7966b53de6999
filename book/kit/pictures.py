"""Pictures that react on the page, with no kernel and no network: a slider over frames, a scatter with hover.

Each of them is plain HTML with its script (slider.js, hover.js) inside, so a page may hold many. Without scripts a still
picture stands there. A panel of widgets, for those who have a kernel, is here, too.
"""

import base64
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

import ipywidgets as widgets
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import HTML
from PIL import Image

CARD = (
    "background:#fff;color:#222;padding:8px;border-radius:6px;"
    "max-width:100%;box-sizing:border-box"
)
TRAVEL = """<style>
@media (prefers-reduced-motion: no-preference) {
  .drcl-hover circle { transition: cx 0.8s, cy 0.8s; }
}
</style>"""


def script(figure: str) -> str:
    """The script of a kind of figure as HTML, without comments and indentation: ``"slider"`` is in slider.js."""
    source = Path(__file__).with_name(f"{figure}.js").read_text(encoding="utf-8")
    lines = [line.strip() for line in source.splitlines()]
    code = [line for line in lines if line and not line.startswith("//")]
    return "\n".join(["<script>", *code, "</script>"])


def png(figure: plt.Figure, colours: int = 64) -> str:
    """A figure as a small PNG in a data address; closes the figure."""
    plain, small = io.BytesIO(), io.BytesIO()
    figure.savefig(plain, format="png")
    plt.close(figure)
    picture = Image.open(plain).convert("RGB")
    picture.quantize(colours, dither=Image.Dither.NONE).save(
        small, "PNG", optimize=True
    )
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()


def slider(
    figures: Iterable[plt.Figure],
    labels: Sequence[str],
    name: str,
    alt: str,
    start: int = 0,
) -> HTML:
    """A slider that moves through pictures; give a generator, so that only one figure is open at a time.

    Args:
        figures: one for each position, all of one size.
        labels: what each position is called, say ``"γ = 0.9"``.
        name: what the slider moves, say ``"share γ"``.
        alt: what the picture shows, for those who can't see it.
        start: the position shown first, and where scripts are off.
    """
    pictures = [png(figure) for figure in figures]
    if len(pictures) != len(labels):
        raise ValueError(f"{len(pictures)} figures, {len(labels)} labels: one each")
    shown = "".join(
        f'<img src="{source}" alt="{escape(f"{alt} Here: {label}.")}" '
        f'style="display:{"block" if i == start else "none"};max-width:100%">'
        for i, (source, label) in enumerate(zip(pictures, labels, strict=True))
    )
    return HTML(
        f'<div class="drcl-slider" style="{CARD}">{shown}'
        f'<label style="display:block">{escape(name)}: '
        f"<output>{escape(labels[start])}</output><br>"
        f'<input type="range" min="0" max="{len(labels) - 1}" value="{start}" '
        f'style="width:min(100%,420px)" aria-label="{escape(name)}" autocomplete="off" '
        f'aria-valuetext="{escape(labels[start])}" '
        f'data-labels="{escape("|".join(labels))}" oninput="drclSlide(event)"></label></div>'
        f"{script('slider')}"
    )


def hover(
    maps: Mapping[str, Sequence[Sequence[float]]],
    groups: Mapping[str, Sequence[str]],
    palette: Mapping[str, str],
    titles: Sequence[str],
    items: Sequence[str],
    alt: str,
    aspect: float = 0.8,
) -> HTML:
    """Scatter plots of the same items; the item under the pointer is shown beside them: a picture, a caption, a player.

    One menu chooses the map, and the dots travel there; another one the colours. The first of each stands there where
    scripts are off.

    Args:
        maps: by name, a place (x, y) for each item, of any scale.
        groups: by name, the group of each item, say its medium or its family.
        palette: the colour of each group.
        titles: a plain line for each item; also shown where scripts are off.
        items: HTML for each item, as :func:`drcl_mini.app.show.as_html` makes it.
        alt: what the scatter shows, for those who can't see it.
        aspect: the height by the width of the plot, which is 500 wide.
    """
    wide, high = 500, 500 * aspect
    routes = np.stack(
        [_fit(places, wide, high) for places in maps.values()], axis=1
    )
    inks = np.vectorize(palette.get)(np.array(list(groups.values()))).T
    rows = zip(routes, inks, titles, strict=True)
    points = "".join(
        f'<circle cx="{route[0, 0]:g}" cy="{route[0, 1]:g}" r="4" fill="{ink[0]}" '
        f'fill-opacity="0.75" data-k="{k}" data-route="{" ".join(f"{z:g}" for z in route.flat)}" '
        f'data-inks="{" ".join(ink)}"><title>{escape(title)}</title></circle>'
        for k, (route, ink, title) in enumerate(rows)
    )
    legends = "".join(
        f"<div{' hidden' * (i > 0)}>{_legend(dict.fromkeys(group), palette)}</div>"
        for i, group in enumerate(groups.values())
    )
    menus = menu("map", maps) + menu("colour", groups)
    told = "".join(f"<div>{item}</div>" for item in items)
    return HTML(
        f"{TRAVEL}"
        f'<div class="drcl-hover" style="{CARD}">'
        f'<div onchange="drclRedraw(event)">{menus}</div><div class="legends">{legends}</div>'
        '<div style="display:flex;flex-wrap:wrap;gap:8px;align-items:center">'
        f'<svg viewBox="0 0 {wide} {high:g}" role="application" aria-label="{escape(alt)}" tabindex="0" '
        'style="flex:1 1 300px;min-width:0;max-width:560px" '
        'onpointerover="drclPoint(event)" onclick="drclPoint(event)" onkeydown="drclWalk(event)">'
        f"{points}</svg>"
        '<div class="told" aria-live="polite" '
        'style="flex:1 1 180px;min-height:130px;max-width:240px">'
        "<em>Point at a dot to meet its item, or walk by the arrow keys.</em></div></div>"
        f'<div class="items" style="display:none">{told}</div></div>{script("hover")}'
    )


def _fit(places: Sequence[Sequence[float]], wide: float, high: float) -> np.ndarray:
    """Places brought to a margin within the plot, whose y points down, to a tenth of a unit."""
    low, top = np.min(places, axis=0), np.max(places, axis=0)
    unit = (places - low) / np.maximum(top - low, 1e-12)
    return (12 + unit * [1, -1] * [wide - 24, high - 24] + [0, high - 24]).round(1)


def _legend(groups: Iterable[str], palette: Mapping[str, str]) -> str:
    return "".join(
        '<span style="white-space:nowrap;margin-right:1em">'
        f'<span style="color:{palette[group]}">●</span> {escape(group)}</span>'
        for group in groups
    )


def menu(name: str, offers: Iterable[str], chosen: int = 0) -> str:
    """A menu as HTML; hidden where it offers one thing only."""
    options = [
        f"<option{' selected' * (i == chosen)}>{escape(offer)}</option>"
        for i, offer in enumerate(offers)
    ]
    return (
        f'<label style="margin-right:1em"{" hidden" * (len(options) == 1)}>{escape(name)} '
        f'<select autocomplete="off">{"".join(options)}</select></label>'
    )


def panel(show: Callable[..., str], **knobs: widgets.Widget) -> widgets.VBox:
    """Widgets for live play, under them what ``show(**values)`` makes of their values, as HTML; needs a kernel.

    Its last child is that answer, so that a test can turn a knob and read it.
    """
    answer = widgets.HTML()

    def again(_: object = None) -> None:
        answer.value = show(**{name: knob.value for name, knob in knobs.items()})

    for name, knob in knobs.items():
        knob.description = knob.description or name
        knob.observe(again, names="value")
    again()
    return widgets.VBox([*knobs.values(), answer])

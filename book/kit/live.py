"""Pictures that react on the page, with no kernel and no network: a slider over frames, a scatter with hover.

Each of them is plain HTML with its few lines of script inside, so a page may hold many. Without scripts a still picture
stands there. A panel of widgets, for those who have a kernel, is here, too.
"""

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from html import escape

import ipywidgets as widgets
import matplotlib.pyplot as plt
from IPython.display import HTML
from PIL import Image

CARD = (
    "background:#fff;color:#222;padding:8px;border-radius:6px;"
    "max-width:100%;box-sizing:border-box"
)
MOVE = (
    "const d=this.closest('.drcl-slider');"
    "d.querySelectorAll('img').forEach((m,i)=>"
    "m.style.display=i==this.value?'block':'none');"
    "d.querySelector('output').textContent=this.dataset.labels.split('|')[this.value]"
)
TELL = (
    "const k=event.target.dataset&&event.target.dataset.k;if(k===undefined)return;"
    "const d=this.closest('.drcl-hover');"
    "d.querySelector('.told').innerHTML=d.querySelector('.items').children[k].innerHTML;"
    "d.querySelectorAll('circle').forEach(c=>c.setAttribute('stroke','none'));"
    "event.target.setAttribute('stroke','#000')"
)


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
    caption: str,
    start: int = 0,
) -> HTML:
    """A slider that moves through pictures; give a generator, so that only one figure is open at a time.

    Args:
        figures: one for each position, all of one size.
        labels: what each position is called, say ``"γ = 0.9"``.
        name: what the slider moves, say ``"share γ"``.
        alt: what the picture shows, for those who can't see it.
        caption: what to see in it.
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
        f'<figure class="drcl-slider" style="margin:1em 0">{shown}'
        f"<label>{escape(name)}: <output>{escape(labels[start])}</output><br>"
        f'<input type="range" min="0" max="{len(labels) - 1}" value="{start}" '
        f'style="width:min(100%,420px)" aria-label="{escape(name)}" '
        f'data-labels="{escape("|".join(labels))}" oninput="{escape(MOVE)}"></label>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def hover(
    x: Sequence[float],
    y: Sequence[float],
    colours: Sequence[str],
    titles: Sequence[str],
    items: Sequence[str],
    alt: str,
    caption: str,
    legend: dict[str, str] | None = None,
    size: float = 4,
    aspect: float = 0.8,
) -> HTML:
    """A scatter plot; the item under the pointer is shown beside it: a picture, a caption, a player.

    Args:
        x: coordinates, of any scale.
        y: likewise.
        colours: one for each point.
        titles: a plain line for each point; also shown where scripts are off.
        items: HTML for each point, as :func:`drcl_mini.show.as_html` makes it.
        alt: what the scatter shows, for those who can't see it.
        caption: what to see in it.
        legend: by name, a colour.
        size: radius of a point; the plot is 500 wide.
        aspect: its height by its width.
    """
    wide, high = 500, 500 * aspect
    u, v = (_scaled(values, length) for values, length in ((x, wide), (y, high)))
    rows = zip(u, v, colours, titles, strict=True)
    points = "".join(
        f'<circle cx="{a:.1f}" cy="{high - b:.1f}" r="{size}" fill="{colour}" '
        f'fill-opacity="0.75" data-k="{k}"><title>{escape(title)}</title></circle>'
        for k, (a, b, colour, title) in enumerate(rows)
    )
    names = "".join(
        f'<span style="white-space:nowrap;margin-right:1em"><span style="color:{colour}">'
        f"●</span> {escape(name)}</span>"
        for name, colour in (legend or {}).items()
    )
    told = "".join(f"<div>{item}</div>" for item in items)
    return HTML(
        f'<figure class="drcl-hover" style="margin:1em 0"><div style="{CARD}">'
        f"<div>{names}</div>"
        '<div style="display:flex;flex-wrap:wrap;gap:8px;align-items:center">'
        f'<svg viewBox="0 0 {wide} {high:g}" role="img" aria-label="{escape(alt)}" '
        'style="flex:1 1 300px;min-width:0;max-width:560px" '
        f'onpointerover="{escape(TELL)}" onclick="{escape(TELL)}">{points}</svg>'
        '<div class="told" style="flex:1 1 180px;min-height:130px;max-width:240px">'
        "<em>Point at a dot to meet its item.</em></div></div>"
        f'<div class="items" style="display:none">{told}</div></div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _scaled(values: Sequence[float], length: float) -> list[float]:
    """Values brought to a margin within 0 … length."""
    low, high = min(values), max(values)
    return [
        12 + (length - 24) * (value - low) / max(high - low, 1e-12)
        for value in values
    ]


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

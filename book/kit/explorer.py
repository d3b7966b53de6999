"""Search results to look at: with a kernel, item by item; without one, a page that holds many searches."""

import json
from collections.abc import Callable, Sequence
from html import escape
from itertools import product
from typing import Any

import numpy as np
from IPython.display import HTML

from .pictures import CARD, menu, script


def light(item: Any) -> Any:
    """A lighter copy of a raw item, so that a page can hold hundreds.

    A picture in 16 shades of each colour, 0.3 seconds of a sound, every third frame of a
    clip, a small turning shape of a point cloud.
    """
    if isinstance(item, str) or item.ndim == 1:
        return item[:2400]
    if item.ndim == 3:
        return item & 0xF0 if item.shape[2] == 3 else item[::3]
    points = item - item.mean(axis=0)
    points, frames = (
        points / np.abs(points).max(),
        np.full((8, 48, 48), 255, np.uint8),
    )
    for frame, angle in zip(frames, np.arange(8) * np.pi / 4, strict=True):
        side = np.cos(angle) * points[:, 0] + np.sin(angle) * points[:, 1]
        column, row = (24 + 16 * np.stack([side, -points[:, 2]])).astype(int)
        frame[row, column] = 64
    return frames


def mark(item: str, right: bool) -> str:
    """An item's HTML under a tick or a cross."""
    colour, sign = ("#00795a", "✓ right") if right else ("#b34700", "✗ wrong")
    return (
        '<div style="display:inline-block;vertical-align:top;margin:2px;padding:2px;'
        f'border-top:4px solid {colour}"><b style="color:{colour};font-size:small">'
        f"{sign}</b><br>{item}</div>"
    )


def results(query: str, hits: Sequence[tuple[str, bool]], ap: float) -> str:
    """One search as HTML: the query, its average precision, the marked hits."""
    marked = "".join(mark(item, right) for item, right in hits)
    return (
        f'<div class="asked">{query}</div>'
        f'<div>average precision of this query: <b class="score">{ap:.2f}</b></div>'
        f'<div class="found" aria-live="polite">{marked}</div>'
    )


def explorer(
    menus: dict[str, Sequence[str]],
    search: Callable[..., tuple[int, float, Sequence[int]]],
    cuts: Sequence[int],
    items: Sequence[str],
    classes: Sequence[str],
    start: Sequence[int],
) -> HTML:
    """A search page that needs no kernel: its menus choose one of the searches made before.

    Args:
        menus: by name, what each offers.
        search: given the number of an offer from each menu, one search: the query (the
            number of an item), its average precision, the hits (numbers of items).
        cuts: how many hits a last menu offers to show.
        items: HTML of all items; only those that occur are kept, once each.
        classes: the class of each.
        start: the number of each menu's offer that is chosen first, and where scripts are off.
    """
    sizes = [len(offers) for offers in menus.values()]
    found = {at: search(*at) for at in product(*map(range, sizes))}
    kept = sorted({i for query, _, hits in found.values() for i in (query, *hits)})
    place = {i: number for number, i in enumerate(kept)}
    runs = [
        [place[query], round(ap, 3), *(place[i] for i in hits)]
        for query, ap, hits in found.values()
    ]
    offers = menus | {"how many": [str(cut) for cut in cuts]}
    choosers = "".join(map(menu, offers, offers.values(), start))
    stored = "".join(
        f'<div data-c="{escape(classes[i])}">{items[i]}</div>' for i in kept
    )
    query, ap, hits = found[tuple(start[:-1])]
    still = [
        (items[i], classes[i] == classes[query]) for i in hits[: cuts[start[-1]]]
    ]
    return HTML(
        f'<div class="drcl-explorer" style="{CARD}" data-sizes="{sizes}" '
        f'data-runs="{json.dumps(runs, separators=(",", ":"))}">'
        f'<div onchange="drclSearch(event)">{choosers}</div>'
        f'{results(items[query], still, ap)}<div style="display:none">'
        f'<div class="items">{stored}</div><div class="right">{mark("HERE", True)}</div>'
        f'<div class="wrong">{mark("HERE", False)}</div></div></div>{script("explorer")}'
    )

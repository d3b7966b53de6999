"""The scoreboard: what the paper claims of each part, and what was found; it grows from chapter to chapter."""

from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from IPython.display import HTML

from .results import result

SOURCES = {"wikipedia": "Wikipedia", "numbers": "numbers", "things": "things"}


class Suspect(NamedTuple):
    """A part of DRCL: the chapter that questions it, what the paper says, and where ``verdicts.json`` has the answer."""

    chapter: int
    part: str
    claim: str
    key: tuple[str, str]
    note: str = ""


SUSPECTS = (
    Suspect(
        4,
        "Selection by quality",
        "The quality score picks a better prior than a blind choice.",
        ("claims", "selection"),
    ),
    Suspect(
        4,
        "Annealed loss",
        "A loss that slowly learns to doubt labels copes with hard and wrong ones.",
        ("parts", "annealing"),
        "All this is against q = 1 throughout; against plain cross entropy no difference was found.",
    ),
    Suspect(
        5,
        "Learned prior",
        "A learned prior beats an orthogonal one.",
        ("claims", "learned prior"),
    ),
    Suspect(
        7,
        "Recasting and consistency",
        "Pulling items to recast targets helps.",
        ("claims", "recasting"),
    ),
    Suspect(
        7,
        "The shared, frozen W",
        "Nothing is claimed: it is how labels are read.",
        ("parts", "label loss"),
    ),
    Suspect(
        8,
        "Augmentation",
        "Feature augmentation helps.",
        ("claims", "augmentation"),
    ),
    Suspect(
        13,
        "DRCL, whole",
        "It outperforms other methods.",
        ("claims", "outperforms"),
    ),
)
"""In the order in which the chapters question them."""

HIDDEN = "not questioned yet"


def scoreboard(chapter: int) -> HTML:
    """The table as it stands at the end of a chapter: parts that come later are still open.

    Each line has the mean difference in test mAP between DRCL with the part and without it, its 95 % interval over seeds
    and test items, and the sources of data that it was measured on.

    Example:
        >>> scoreboard(5).data.count("not questioned yet")
        4
    """
    found = result("verdicts")
    rows = "".join(
        _row(suspect, found[suspect.key[0]][suspect.key[1]], chapter)
        for suspect in SUSPECTS
    )
    heads = "".join(
        f"<th>{name}</th>"
        for name in (
            "part",
            "the paper says",
            "mAP with it, minus without",
            "on single sources",
            "how sure",
        )
    )
    return HTML(
        f'<table class="scoreboard"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _row(suspect: Suspect, found: Mapping[str, Any], chapter: int) -> str:
    name = f"<th>{escape(suspect.part)}</th>"
    if suspect.chapter > chapter:
        return f'<tr class="open">{name}<td>{escape(suspect.claim)}</td><td colspan="3">{HIDDEN}: chapter {suspect.chapter}</td></tr>'
    new = ' class="new"' if suspect.chapter == chapter else ""
    single = "<br>".join(
        f"{SOURCES[source]} {signed(row['difference'])}{star(row)}"
        for source, row in found["sources"].items()
    )
    cells = (suspect.claim, interval(found["mean"]))
    told_of = f"{sure(found)}. {suspect.note}" if suspect.note else sure(found)
    told = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f"<tr{new}>{name}{told}<td>{single}</td><td>{escape(told_of)}</td></tr>"


def signed(value: float) -> str:
    """A difference with its sign and a true minus.

    Example:
        >>> signed(-0.0123), signed(0.0001)
        ('−0.012', '0.000')
    """
    rounded = round(value, 3)
    return f"{rounded:+.3f}".replace("-", "−") if rounded else "0.000"


def star(row: Mapping[str, float]) -> str:
    """A star where the interval leaves out zero."""
    return " *" if row["low"] > 0 or row["high"] < 0 else ""


def interval(row: Mapping[str, float]) -> str:
    """A difference and its interval."""
    return f"{signed(row['difference'])} ({signed(row['low'])} to {signed(row['high'])})"


def sure(found: Mapping[str, Any]) -> str:
    """How sure the finding is, in words, by the sources whose interval leaves out zero."""
    rows = found["sources"].items()
    up = [SOURCES[source] for source, row in rows if row["low"] > 0]
    down = [SOURCES[source] for source, row in rows if row["high"] < 0]
    runs = min(row["seeds"] for row in found["data sets"].values())
    told = f"{len(rows)} sources, {runs} seeds"
    if up and down:
        return f"sources disagree ({told})"
    if len(up or down) == len(rows):
        return f"{'helps' if up else 'harms'} on every source ({told})"
    if up or down:
        names, what = " and ".join(up or down), "helps" if up else "costs"
        return f"{what} on {names}; elsewhere no difference found ({told})"
    return f"no difference found ({told})"

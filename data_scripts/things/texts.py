"""Texts about things: the names and tags of emoji, the titles and keywords of drawings, cleaned."""

import re
from collections.abc import Iterable

EMPTY_TITLES = re.compile(
    r"clipart|cliparts|icons?\b|submission|sibmission|architetto|rollandin|untitled|@|^\W*$|^various|^food$",
    re.IGNORECASE,
)
"""Titles that tell who made a drawing, or in which collection it is, instead of what it shows."""
EMPTY_WORDS = re.compile(
    r"clip.?art|architetto|rollandin|hash|menu|unsorted|no.?keywords|svg|^openclipart|^\W*$|http|\w{21}|\d|^bw$", re.I
)
MOST_KEYWORDS = 6
MISLEADING = (
    *("lucchetto_*", "macchina_fotografica_*", "straw_tote_*", "flower-pot_*", "mechorse", "pollo_*"),
    *("toque_*", "shaezy_*", "skoynk_*", "bowl_chaspo_*", "wooden_barrel_*", "casco_*", "manager_*", "mondo_*"),
)
"""Drawings whose title or keywords tell something else than what they show."""


def emoji_text(words: tuple[str, ...]) -> str:
    """An emoji's name and tags as one text.

    Example:
        >>> emoji_text(("tulip", "blossom", "flower", "tulip"))
        'tulip: blossom, flower'
    """
    name, *tags = words
    return _joined(name, tags)


def drawing_text(words: tuple[str, ...]) -> str:
    """A drawing's title and keywords as one text; empty if they don't tell what it shows.

    Example:
        >>> drawing_text(("Wooden_Table_01", "furniture", "hash", "", "table"))
        'wooden table: furniture'
        >>> drawing_text(("Various Cliparts", "animal"))
        ''
    """
    title, *keywords = words or ("",)
    title = readable(title)
    if EMPTY_TITLES.search(words[0] if words else "") or not title:
        return ""
    return _joined(title, [readable(word) for word in keywords if not EMPTY_WORDS.search(word)])


def readable(title: str) -> str:
    """A title in lower case, without underscores, brackets and numbers.

    Example:
        >>> readable("Ice_Cream_Cone (2 scoops) (B and W)"), readable("home12")
        ('ice cream cone', 'home')
    """
    title = re.sub(r"\([^)]*\)?|\bb (and|&|amp) w\b", " ", title.replace("_", " "))
    title = re.sub(r"\d+|#", " ", title).replace("bw", " ")
    return " ".join(title.split()).strip(" -.,!?|").lower()


def _joined(name: str, tags: Iterable[str]) -> str:
    said = {name.lower(), *name.lower().split()}
    kept = [tag for tag in dict.fromkeys(tags) if tag and tag.lower() not in said][:MOST_KEYWORDS]
    return f"{name}: {', '.join(kept)}" if kept else name

"""What is known of a data set before anybody has it: the line in the table, and the head of its card."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from textwrap import wrap
from typing import Any

UNITS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


@dataclass(frozen=True)
class About:
    """Facts about one data set.

    Args:
        name: what ``python -m data_scripts`` and ``load_dataset`` call it.
        features: for each modality, the extractor and the published dimension.
        classes: number of classes.
        split: published sizes of train / validation / test.
        licence: terms, in a few words.
        origin: where the file comes from.
        citation: the paper to cite.
        size: bytes to download; ``None`` where that isn't known beforehand.
        file: name of the file that ``--source`` takes; empty if it takes none.
        ask: where to ask for the file; empty for public ones.
        notes: more facts for the card.
    """

    name: str
    features: Mapping[str, tuple[str, int]]
    classes: int
    split: str
    licence: str
    origin: str
    citation: str
    size: int | None = None
    file: str = ""
    ask: str = ""
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def dimensions(self) -> dict[str, int]:
        """The published feature dimension of each modality."""
        return {modality: dimension for modality, (_, dimension) in self.features.items()}

    def row(self, present: bool) -> tuple[str, ...]:
        """The data set's line in the table."""
        size = "on request" if self.ask else readable(self.size) if self.size else "< 100 MB"
        dimensions = ", ".join(f"{modality} {d}" for modality, d in self.dimensions.items())
        here, place = "yes" if present else "no", self.ask or self.origin
        return (self.name, here, str(self.classes), dimensions, size, self.licence, place)


HEAD = ("name", "here", "classes", "dimensions", "size", "licence", "where from")
WIDTHS = (20, 4, 7, 24, 10, 16, 44)
"""Where a cell's words go on in the next line."""


def readable(size: int) -> str:
    """A number of bytes for people.

    Example:
        >>> readable(1_279_797), readable(75)
        ('1.3 MB', '75 bytes')
    """
    for unit, name in UNITS:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows under the head, in columns; long cells take several lines.

    Example:
        >>> print(table([("a", "yes", "3", "image 4096, text 3000, audio 29", "2 kB", "none", "there")]))
        name  here  classes  dimensions              size  licence  where from
        a     yes   3        image 4096, text 3000,  2 kB  none     there
                             audio 29
    """
    lines = []
    for row in [HEAD, *rows]:
        cells = [wrap(c, w, break_long_words=False, break_on_hyphens=False) for c, w in zip(row, WIDTHS, strict=True)]
        lines += zip_longest(*cells, fillvalue="")
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

"""One item that was given: what a table or a folder says of it."""

import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from ..data.items import TITLES

ENDINGS = {
    "picture": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"),
    "text": (".txt",),
    "sound": (".wav", ".flac", ".ogg", ".mp3"),
}
"""Which files are of which kind."""
KINDS = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}
CALLED = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
"""What a split may be called."""
SPLITS = {word: split for split, words in CALLED.items() for word in words}
COLUMNS = ("file", "text", "class", "split", "modality", "title", "group")

Told = Callable[..., None]
"""Called with a line for what is left out; with a number, where it stands for several items."""


class Row(NamedTuple):
    """One item."""

    kind: str
    """``"picture"``, ``"text"`` or ``"sound"``."""
    modality: str
    file: Path | None
    text: str
    label: str
    """Its class; empty where there is none."""
    split: str
    """``"train"``, ``"validation"`` or ``"test"``; empty where it is to be drawn."""
    title: str
    group: str
    """Items of a group come into the same split; empty: on its own."""
    where: str
    """What to call it in a message."""


def row_of(folder: Path, where: str, cells: Mapping[str, str], classless: bool = False) -> Row:
    """A row of what its cells say.

    Args:
        folder: where its file is.
        where: what to call the row in a message.
        cells: what the columns say, by name.
        classless: take also an item without a class.

    Raises:
        ValueError: something is missing, or of no known kind.
    """
    file, text = cells.get("file", ""), cells.get("text", "")
    if bool(file) == bool(text):
        told = "has a file and a text" if file else "the text is empty, and no file given"
        raise ValueError(told)
    path = find_file(folder, file) if file else None
    kind = kind_of(path) if path else "text"
    if not cells["class"] and not classless:
        told = "no class: give one in the table, or put the file into a folder of its class's name"
        raise ValueError(told)
    split = cells.get("split", "").casefold()
    if split and split not in SPLITS:
        raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}, or nothing")
    modality = cells.get("modality") or kind
    _check_modality(modality)
    title = cells.get("title") or (Path(file).stem if file else text[:80])
    group = cells.get("group", "") or ("" if file else f"text {text}")  # equal texts stay together
    name = SPLITS.get(split, "")
    return Row(kind, modality, path, text, cells["class"], name, title, group, file or where)


def find_file(folder: Path, name: str) -> Path:
    """The file of a name, in which accents may be letters of their own, as some systems have them.

    Raises:
        ValueError: there is none.
    """
    for form in (name, unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)):
        if (folder / form).is_file():
            return folder / form
    raise ValueError(f"there is no file {str(folder / name)!r}")


def kind_of(path: Path) -> str:
    """The kind of a file, by its ending.

    Raises:
        ValueError: it is of no known kind.

    Example:
        >>> kind_of(Path("dogs/rex.JPG"))
        'picture'
    """
    if path.suffix.lower() not in KINDS:
        raise ValueError(f"ends in {path.suffix!r}, expected one of {' '.join(KINDS)}")
    return KINDS[path.suffix.lower()]


def _check_modality(name: str) -> None:
    """That it can be a key of the file, and a name in its source line."""
    odd = [part for part in ("/", "; ", ") by ") if part in name]
    if odd or name.endswith(TITLES) or not name.isprintable():
        expected = f"printable letters without '/', '; ' or ') by ', and no {TITLES!r} at the end"
        raise ValueError(f"modality is {name!r}, expected {expected}")

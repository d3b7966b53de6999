"""Which items there are: rows of a table, or the files of a folder."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..core.files import check_file

ENDINGS = {
    "picture": (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"),
    "text": (".txt",),
    "sound": (".wav", ".flac", ".ogg", ".mp3"),
}
"""Which files are of which kind."""
SPLITS = {"train": "train", "validation": "validation", "val": "validation", "test": "test"}
"""What a split may be called, and its name."""
COLUMNS = ("file", "text", "class", "split", "modality", "title", "group")

Told = Callable[[str], None]
"""What is called with a line for everything that is left out."""


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


def read_rows(folder: Path, table: Path | None, told: Told, classless: bool = False) -> list[Row]:
    """The items of a table, or of a folder whose sub-folders are the classes.

    Args:
        folder: where the files are.
        table: .csv, .tsv or .jsonl with columns ``file`` or ``text``, ``class`` and, if wanted,
            ``split``, ``modality``, ``title``, ``group``; ``None``: sub-folders are the classes,
            and the folders above them the splits where all of them are named so.
        told: gets a line for each row or file that is left out.
        classless: keep items without a class.

    Raises:
        ValueError: no folder, or a table that can't be read.
    """
    if not folder.is_dir():
        raise ValueError(f"{str(folder)!r} is no folder: give the one where the files are")
    cells = _cells_of_folder(folder) if table is None else _cells_of_table(table, told)
    rows, kinds = [], {}
    for where, row in cells:
        try:
            found = _row(folder, where, row, classless)
            if kinds.setdefault(found.modality, found.kind) != found.kind:
                told_kind = f"modality {found.modality!r} has {kinds[found.modality]}s"
                raise ValueError(f"{told_kind}, this is a {found.kind}")
            rows.append(found)
        except ValueError as error:
            told(f"{where}: {error}")
    return rows


def _cells_of_folder(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """File and class, of every file that isn't hidden."""
    below = [path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    split = bool(below) and set(below) <= SPLITS.keys()
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            name = "/".join(parts)
            above = parts[:-1]
            row = {"file": name, "split": above[0] if split and above else ""}
            classes = above[1:] if split else above
            yield name, row | {"class": classes[0] if classes else ""}


def _cells_of_table(table: Path, told: Told) -> Iterator[tuple[str, dict[str, str]]]:
    check_file(table, "table")
    try:
        lines = table.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise ValueError(f"{str(table)!r} isn't UTF-8 text: {error}") from None
    if table.suffix == ".jsonl":
        rows = _json_lines(lines, table.name, told)
    elif table.suffix in (".csv", ".tsv"):
        head = lines[0] if lines else ""
        delimiter = "\t" if table.suffix == ".tsv" else ";" if ";" in head else ","
        reader = csv.DictReader(lines, delimiter=delimiter)
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or []]
        _check_columns(reader.fieldnames, table)
        rows = ((reader.line_num, row) for row in reader)
    else:
        raise ValueError(f"{str(table)!r}: expected a table that ends in .csv, .tsv or .jsonl")
    for number, row in rows:
        tidy = {name: str(row.get(name) or "").strip() for name in COLUMNS}
        yield f"{table.name}, line {number}", tidy


def _check_columns(found: Sequence[str], table: Path) -> None:
    if "class" not in found or not {"file", "text"} & set(found):
        expected = f"expected 'class', and 'file' or 'text'; known: {', '.join(COLUMNS)}"
        raise ValueError(f"{str(table)!r} has the columns {list(found)}: {expected}")


def _json_lines(
    lines: Sequence[str], name: str, told: Told
) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if isinstance(row, dict):
                yield number, row
            else:
                told(f"{name}, line {number}: expected a JSON object")


def _row(folder: Path, where: str, cells: dict[str, str], classless: bool) -> Row:
    """A row of what its cells say.

    Raises:
        ValueError: something is missing, or of no known kind.
    """
    file, text = cells.get("file", ""), cells.get("text", "")
    if bool(file) == bool(text):
        raise ValueError(
            "has a file and a text" if file else "the text is empty, and no file given"
        )
    path = folder / file if file else None
    kind = kind_of(path) if path else "text"
    if path and not path.is_file():
        raise ValueError(f"there is no file {str(path)!r}")
    if not cells["class"] and not classless:
        told = "no class: give one in the table, or put the file into a folder of its class's name"
        raise ValueError(told)
    split = cells.get("split", "")
    if split and split not in SPLITS:
        raise ValueError(f"split is {split!r}, expected one of {', '.join(SPLITS)}, or nothing")
    modality = cells.get("modality") or kind
    if "/" in modality or not modality.isprintable():
        raise ValueError(f"modality is {modality!r}, expected printable letters without '/'")
    title = cells.get("title") or (Path(file).stem if file else text[:80])
    group = cells.get("group", "") or ("" if file else f"text {text}")  # equal texts stay together
    name = SPLITS.get(split, "")
    return Row(kind, modality, path, text, cells["class"], name, title, group, file or where)


def kind_of(path: Path) -> str:
    """The kind of a file, by its ending.

    Raises:
        ValueError: it is of no known kind.

    Example:
        >>> kind_of(Path("dogs/rex.JPG"))
        'picture'
    """
    for kind, endings in ENDINGS.items():
        if path.suffix.lower() in endings:
            return kind
    known = " ".join(ending for endings in ENDINGS.values() for ending in endings)
    raise ValueError(f"ends in {path.suffix!r}, expected one of {known}")

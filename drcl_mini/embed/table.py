"""The rows of a table: .csv, .tsv or .jsonl."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.files import check_file
from .row import COLUMNS, Told

Numbered = Iterator[tuple[int, Mapping[str, Any]]]
"""Numbers of lines, and what their cells say."""


def cells_of_table(table: Path, told: Told) -> Iterator[tuple[str, dict[str, str]]]:
    """What to call each row, and its cells by the name of their column.

    Raises:
        ValueError: no table, or one without the columns that are needed.
    """
    check_file(table, "table")
    text = _decoded(table)
    if table.suffix == ".jsonl":
        rows = _json_lines(text, table.name, told)
    elif table.suffix in (".csv", ".tsv"):
        rows = _csv_rows(text, table, told)
    else:
        raise ValueError(f"{str(table)!r}: expected a table that ends in .csv, .tsv or .jsonl")
    try:
        for number, row in rows:
            where = f"{table.name}, line {number}"
            cells = {name: row.get(name) for name in COLUMNS}
            nested = [name for name, value in cells.items() if isinstance(value, (list, dict))]
            if nested:
                odd = cells[nested[0]]
                told(f"{where}: {nested[0]} is {odd!r}, expected one word or number")
            else:
                yield where, {name: _tidy(value) for name, value in cells.items()}
    except csv.Error as error:
        hint = "look for a quote that isn't closed, and put long texts into files of their own"
        raise ValueError(f"{str(table)!r} can't be read: {error}: {hint}") from None


def _tidy(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _decoded(table: Path) -> str:
    """The text of a table: UTF-8, or UTF-16 where its first bytes say so."""
    content = table.read_bytes()
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "in Excel, save it as 'CSV UTF-8'"
        raise ValueError(f"{str(table)!r} isn't UTF-8 text ({error}): {hint}") from None


def _csv_rows(text: str, table: Path, told: Told) -> Numbered:
    delimiter = _delimiter(text, "\t,;" if table.suffix == ".tsv" else ",;\t")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    reader.fieldnames = names = [name.strip().lower() for name in reader.fieldnames or []]
    _check_columns(names, table)
    for row in reader:
        if more := row.get(None):  # what is beyond the last column
            quote = f"put a text that contains {delimiter!r} into double quotes"
            cells = f"has {len(names) + len(more)} cells, the table has {len(names)} columns"
            told(f"{table.name}, line {reader.line_num}: {cells}: {quote}")
        else:
            yield reader.line_num, row


def _delimiter(text: str, marks: str) -> str:
    """What parts the cells: the mark by which most columns are known, of several the first."""

    def known(mark: str) -> int:
        head = next(csv.reader(io.StringIO(text, newline=""), delimiter=mark), [])
        return len({name.strip().lower() for name in head} & set(COLUMNS))

    return max(marks, key=known)


def _check_columns(found: Sequence[str], table: Path) -> None:
    twice = [name for name, count in Counter(found).items() if name and count > 1]
    if twice:
        raise ValueError(f"{str(table)!r} has the column {twice[0]!r} more than once")
    if "class" not in found or not {"file", "text"} & set(found):
        expected = f"expected 'class', and 'file' or 'text'; known: {', '.join(COLUMNS)}"
        raise ValueError(f"{str(table)!r} has the columns {list(found)}: {expected}")


def _json_lines(text: str, name: str, told: Told) -> Numbered:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if isinstance(row, dict):
                yield number, {key.strip().lower(): value for key, value in row.items()}
            else:
                told(f"{name}, line {number}: expected a JSON object")

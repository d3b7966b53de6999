"""Which items there are: rows of a table, or the files of a folder."""

import os
from pathlib import Path

from .folder import cells_of_folder, items_of
from .row import Row, Told, row_of
from .table import cells_of_table


def read_rows(folder: Path, table: Path | None, told: Told, adding: bool = False) -> list[Row]:
    """The items of a table, or of a folder whose sub-folders are the classes.

    Args:
        folder: where the files are.
        table: .csv, .tsv or .jsonl with columns ``file`` or ``text``, ``class`` and, if wanted,
            ``split``, ``modality``, ``title``, ``group``; it lists every item. ``None``:
            sub-folders are the classes, and the folders above them the splits where all of them
            are named so.
        told: gets a line for each row or file that is left out.
        adding: these are more items: they need no class, and the folder may hold others.

    Raises:
        ValueError: no folder, a table that can't be read, or splits beside classes.
    """
    if not folder.is_dir():
        raise ValueError(f"{str(folder)!r} is no folder: give the one where the files are")
    cells = cells_of_folder(folder, told) if table is None else cells_of_table(table, told)
    rows: list[Row] = []
    kinds: dict[str, str] = {}
    places: dict[tuple, str] = {}
    named = set()
    for where, row in cells:
        named.add(row["file"])
        try:
            found = row_of(folder, where, row, adding)
            if kinds.setdefault(found.modality, found.kind) != found.kind:
                told_kind = f"modality {found.modality!r} has {kinds[found.modality]}s"
                raise ValueError(f"{told_kind}, this is a {found.kind}")
            what = (found.modality, found.file, found.text, found.label)
            if what in places:
                raise ValueError(f"the same item and class as {places[what]}")
            places[what] = where
            rows.append(found)
        except (ValueError, OSError) as error:  # a name that no system takes, too
            told(f"{where}: {error}")
    if table is not None and not adding:
        files = {row.file for row in rows if row.file} | {folder / name for name in named}
        given = set(map(os.path.abspath, files))
        many = sum(os.path.abspath(path) not in given for path in items_of(folder))
        if many:
            told(f"{many} files of the folder are not in the table", many)
    return rows

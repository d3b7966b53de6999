"""Which item trains, which validates, which tests."""

import hashlib
from collections.abc import Sequence

from .row import Row

SHARES = {"train": 0.6, "validation": 0.75, "test": 1.0}
"""Where each split ends among the items of a class."""


def with_splits(rows: Sequence[Row], seed: int) -> list[Row]:
    """The rows, each in a split: 60 % of each class and modality train, 15 % validate, 25 % test.

    Rows that say their split keep it, and others of the same group follow the first that is placed;
    files of the same bytes are a group. The draw depends on names and seed only, not on the order
    of the rows.

    Example:
        >>> row = Row("text", "text", None, "", "cat", "", "", "", "")
        >>> rows = [row._replace(group=word) for word in ("tom", "purr", "claw", "mew")]
        >>> sorted(found.split for found in with_splits(rows, seed=0))
        ['test', 'train', 'train', 'validation']
    """
    rows = with_groups(rows)
    places = {row.group: row.split for row in reversed(rows) if row.group and row.split}
    open_rows = [i for i, row in enumerate(rows) if not row.split]
    open_rows.sort(
        key=lambda i: hashlib.sha256(f"{seed} {rows[i].group or rows[i].where}".encode()).digest()
    )
    drawn: dict[int, str] = {}
    cells: dict[tuple[str, str], list[int]] = {}
    for i in open_rows:
        cells.setdefault((rows[i].modality, rows[i].label), []).append(i)
    for _, members in sorted(cells.items()):
        for rank, i in enumerate(members):
            share = (rank + 0.5) / len(members)
            split = next(name for name, end in SHARES.items() if share < end)
            group = rows[i].group
            drawn[i] = places.setdefault(group, split) if group else split
    return [row._replace(split=row.split or drawn[i]) for i, row in enumerate(rows)]


def with_groups(rows: Sequence[Row]) -> list[Row]:
    """The rows, those without a group whose files are the same to the byte in a group of them.

    Only files of the same size are read.
    """
    sizes: dict[int, list[int]] = {}
    for i, row in enumerate(rows):
        if row.file and not row.group:
            sizes.setdefault(row.file.stat().st_size, []).append(i)
    found = list(rows)
    for places in sizes.values():
        for i in places if len(places) > 1 else ():
            with open(rows[i].file, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[i] = rows[i]._replace(group=f"file {digest}")
    return found

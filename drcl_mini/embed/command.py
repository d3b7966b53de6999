"""``python -m drcl_mini embed``: a data file of your own pictures, texts and sounds."""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..data.dataset import MultimodalDataset
from ..data.load import load_dataset
from .added import add_items, count_added
from .assemble import assemble, models_of
from .extract import Stopped, extract
from .models import DEFAULT
from .output import output, tell
from .row import ENDINGS, Row
from .rows import read_rows
from .splits import with_splits

MODEL = (
    "classic, or torchvision:NAME, timm:NAME, sentence-transformers:NAME, sklearn:FILE, call:M:F"
)


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    told = "make a data file of your own pictures, texts and sounds"
    parser = commands.add_parser("embed", help=told, epilog=f"Models: {MODEL}")
    add = parser.add_argument
    folder = "where the files are; its folders are classes, or train, validation and test of these"
    add("folder", type=Path, metavar="FOLDER", help=folder)
    columns = "file or text, class, [split, modality, title, group]"
    table = f"csv, tsv or jsonl that lists every item, with the columns {columns}"
    where = "looked for from here first, then in FOLDER"
    add("--table", type=Path, metavar="FILE", help=f"{table}; {where}")
    add("--out", type=Path, metavar="FILE.npz", help="the data file (default: in the data folder)")
    add("--name", help="name of the data set (default: that of the file or folder)")
    for kind in ENDINGS:
        add(f"--{kind}", metavar="MODEL", help=f"features of {kind}s (default: {DEFAULT})")
    add("--seed", type=int, default=0, help="which items train, validate and test (default: 0)")
    more = "add new items to this data file, by its own models: for its page, not for training"
    add("--add-to", metavar="DATA", help=f"{more} or scores")


def embed(options: argparse.Namespace) -> int:
    """Read, embed and write; tell what was left out."""
    kept = load_dataset(options.add_to) if options.add_to else None
    if kept and not models_of(kept):
        raise ValueError(f"{kept.name!r} wasn't made by embed: it doesn't say by which models")
    out = output(options)
    left: list[int] = []

    def told(line: str, many: int = 1) -> None:
        left.append(many)
        tqdm.write(f"left out: {' '.join(line.split())}", file=sys.stderr)

    rows = read_rows(options.folder, _table(options), told, adding=kept is not None)
    given = len(rows) + sum(left)
    if not rows:
        raise ValueError(f"nothing is left of {str(options.folder)!r} ({given} left out)")
    if kept is None:
        rows = with_splits(rows, options.seed)
    by_modality: dict[str, list[Row]] = {}
    for row in rows:
        by_modality.setdefault(row.modality, []).append(row)
    specs = _models(options) if kept is None else _own_models(kept, options, by_modality)
    models = {name: (own[0].kind, specs[own[0].kind]) for name, own in by_modality.items()}
    folder = out.with_name(f"{out.name}.partial")
    try:
        done, whole = extract(by_modality, specs, folder, told)
    except Stopped as stop:
        print(stop, file=sys.stderr)
        return 1
    if not any(own.kept for own in done.values()):
        raise ValueError(f"nothing is left of {str(options.folder)!r} ({given} left out)")
    if kept is None:
        data = assemble(options.name or out.stem, by_modality, done, models, told)
    else:
        data = add_items(kept, by_modality, done, told)
    data.to_npz(out)
    tell(data, out, given - _count(data) + (_count(kept) if kept else 0))
    if whole:
        shutil.rmtree(folder)
        return 0
    again = "a model failed: mend it and run the same command again"
    print(f"{again}; what is done is kept in {folder}", file=sys.stderr)
    return 1


def _table(options: argparse.Namespace) -> Path | None:
    """The table as it was given, else of that name in the folder; two of them are told."""
    table = options.table
    if table is None or table.is_absolute():
        return table
    inside = options.folder / table
    if not table.exists():
        return inside if inside.exists() else table
    if inside.exists() and not inside.samefile(table):
        print(f"note: the table is {table}, not {inside}", file=sys.stderr)
    return table


def _count(data: MultimodalDataset) -> int:
    parts = [len(x) for split in data.splits.values() for x in split.features.values()]
    return sum(parts) + sum(count_added(data).values())


def _models(options: argparse.Namespace) -> dict[str, str]:
    """The models that were asked for, by kind.

    Raises:
        ValueError: a name that the source line of a data set can't hold.
    """
    specs = {kind: getattr(options, kind) or DEFAULT for kind in ENDINGS}
    for kind, spec in specs.items():
        if "; " in spec or not spec.isprintable():
            raise ValueError(f"--{kind} is {spec!r}, expected printable letters without '; '")
    return specs


def _own_models(
    kept: MultimodalDataset, options: argparse.Namespace, rows: dict[str, list[Row]]
) -> dict[str, str]:
    """The models that made a kept data set; what it lacks can't be added.

    Raises:
        ValueError: it lacks a modality, or another model was asked for.
    """
    models = models_of(kept)
    for name, own in rows.items():
        if models.get(name, ("", ""))[0] != own[0].kind:
            known = ", ".join(f"{name} ({kind})" for name, (kind, _) in models.items())
            raise ValueError(f"{kept.name!r} has no {name!r} of {own[0].kind}s, it has {known}")
    specs = dict(models.values())
    for kind, spec in specs.items():
        asked = getattr(options, kind)
        if asked and asked != spec:
            raise ValueError(f"{kept.name!r} has its {kind}s by {spec!r}, --{kind} is {asked!r}")
    return specs

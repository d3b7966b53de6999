"""``python -m drcl_mini embed``: a data file of your own pictures, texts and sounds."""

import argparse
import shutil
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from ..core.files import check_replaceable, data_folder
from ..data.dataset import MultimodalDataset
from ..data.load import EMBEDDED, load_dataset
from ..data.split import Split
from .assemble import add_items, assemble, models_of
from .extract import Stopped, extract
from .models import DEFAULT
from .splits import with_splits
from .table import ENDINGS, Row, read_rows

MODEL = (
    "classic, or torchvision:NAME, timm:NAME, sentence-transformers:NAME, sklearn:FILE, call:M:F"
)


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    told = "make a data file of your own pictures, texts and sounds"
    parser = commands.add_parser("embed", help=told, epilog=f"Models: {MODEL}")
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="where the files are; its folders are classes")
    table = (
        "csv, tsv or jsonl with the columns file or text, class, [split, modality, title, group]"
    )
    add("--table", type=Path, metavar="FILE", help=table)
    add("--out", type=Path, metavar="FILE.npz", help="the data file (default: in the data folder)")
    add("--name", help="name of the data set (default: that of the file or folder)")
    for kind in ENDINGS:
        add(f"--{kind}", metavar="MODEL", help=f"features of {kind}s (default: {DEFAULT})")
    add("--seed", type=int, default=0, help="which items train, validate and test (default: 0)")
    more = "add new items to this data file, by its own models; nothing is trained"
    add("--add-to", metavar="DATA", help=more)


def embed(options: argparse.Namespace) -> int:
    """Read, embed and write; tell what was left out."""
    kept = load_dataset(options.add_to) if options.add_to else None
    out = _output(options)
    check_replaceable(out)
    left: list[str] = []

    def told(line: str) -> None:
        left.append(line)
        tqdm.write(f"left out: {' '.join(line.split())}", file=sys.stderr)

    table = options.table
    if table and not table.exists() and (options.folder / table).exists():
        table = options.folder / table
    rows = read_rows(options.folder, table, told, classless=kept is not None)
    given = len(rows) + len(left)
    if kept is None:
        rows = with_splits(rows, options.seed)
    by_modality: dict[str, list[Row]] = {}
    for row in rows:
        by_modality.setdefault(row.modality, []).append(row)
    specs = {kind: getattr(options, kind) or DEFAULT for kind in ENDINGS}
    models = {name: (own[0].kind, specs[own[0].kind]) for name, own in by_modality.items()}
    if kept is not None:
        specs = _own_models(kept, options, by_modality)
    if not rows:
        raise ValueError(f"nothing is left of {str(options.folder)!r} ({len(left)} left out)")
    folder = out.with_name(f"{out.name}.partial")
    try:
        done, whole = extract(by_modality, specs, folder, told)
    except Stopped as stop:
        print(stop, file=sys.stderr)
        return 1
    if not any(own.kept for own in done.values()):
        raise ValueError(f"nothing is left of {str(options.folder)!r} ({len(left)} left out)")
    if kept is None:
        data = assemble(options.name or out.stem, by_modality, done, models, told)
    else:
        data = add_items(kept, by_modality, done, told)
    data.to_npz(out)
    if whole:
        shutil.rmtree(folder)
    before = kept.splits.values() if kept else ()
    _tell(data, out, given - _count(data.splits.values()) + _count(before))
    return 0


def _count(splits: Iterable[Split]) -> int:
    return sum(len(x) for split in splits for x in split.features.values())


def _output(options: argparse.Namespace) -> Path:
    """The file to write."""
    if options.out:
        out = options.out
        return out if out.suffix == ".npz" else out.with_name(f"{out.name}.npz")
    if options.add_to:
        path = Path(options.add_to)
        return path if path.suffix == ".npz" else data_folder() / f"{options.add_to}.npz"
    name = options.name or options.folder.resolve().name
    if name in EMBEDDED:
        raise ValueError(f"{name!r} is a data set of the package: call yours otherwise, by --name")
    return data_folder() / f"{name}.npz"


def _own_models(
    kept: MultimodalDataset, options: argparse.Namespace, rows: dict[str, list[Row]]
) -> dict[str, str]:
    """The models that made a kept data set; what it lacks can't be added.

    Raises:
        ValueError: it wasn't made by embed, or it lacks a modality.
    """
    models = models_of(kept)
    if not models:
        raise ValueError(f"{kept.name!r} wasn't made by embed: it doesn't say by which models")
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


def _tell(data: MultimodalDataset, out: Path, left: int) -> None:
    """What the file holds, and what to do with it."""
    counts = Counter()
    for part, split in data.splits.items():
        print(f"{part:<10} {split!r}")
        counts.update({name: len(x) for name, x in split.features.items()})
    told = ", ".join(f"{count} of {name}" for name, count in counts.items())
    print(f"{out}: {told}; {len(data.classes)} classes; {left} left out")
    given = data.name if out == data_folder() / f"{data.name}.npz" else out
    model = f"runs/{out.stem}-default-seed0/model-seed0.safetensors"
    print(f"train:  python -m drcl_mini run {given}")
    print(f"search: python -m drcl_mini page {given} --model {model} --out search.html")

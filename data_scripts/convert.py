"""What every script shares: where a handed-out file comes from, the .npz and its card."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import drcl_mini
from drcl_mini import MultimodalDataset, Split
from drcl_mini.core.files import data_folder, replacing

from .about import About
from .identity import file_id
from .readers import ConversionError
from .tables import Table, from_zero


class OnRequest(RuntimeError):
    """The file of a data set isn't public, and none was given."""


def handed_out(about: About, source: Path | None) -> Path:
    """The file that somebody was given.

    Raises:
        OnRequest: there is none; says where to ask and how to go on.
    """
    if source is None:
        command = f"python -m data_scripts {about.name} --source {about.file}"
        raise OnRequest(f"handed out on request: ask at {about.ask} for {about.file}, then run  {command}")
    return source


def finish(
    about: About,
    parts: Mapping[str, Mapping[str, Table]],
    sources: Sequence[Path],
    classes: Iterable[str] | None = None,
    items: Mapping[str, Any] | None = None,
    **facts: Any,
) -> Path:
    """Write the tables of train, validation (if any) and test as ``<name>.npz`` with its card."""
    what = " and ".join(path.name for path in sources[:2])
    splits = {}
    for part, tables in from_zero(parts, about.classes, what).items():
        try:
            splits[part] = Split({m: x for m, (x, _) in tables.items()}, {m: y for m, (_, y) in tables.items()})
        except ValueError as error:
            raise ConversionError(f"{what}: {part}: {error}") from None
    try:
        dataset = MultimodalDataset(
            train=splits["train"],
            validation=splits.get("validation"),
            test=splits["test"],
            name=about.name,
            classes=tuple(classes or map(str, range(about.classes))),
            items=items or {},
            source=about.origin,
        )
    except ValueError as error:
        raise ConversionError(f"{what}: {error}") from None
    checksums = {path.name: file_id(path) for path in sources}
    return write_dataset(dataset, about, checksums=checksums, **facts)


def write_dataset(dataset: MultimodalDataset, about: About, **facts: Any) -> Path:
    """Write the data set to the data folder, and a JSON card beside it."""
    path = dataset.to_npz(data_folder() / f"{dataset.name}.npz")
    parts = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    sizes = {part: {m: list(x.shape) for m, x in split.features.items()} for part, split in parts.items() if split}
    for modality, shape in sizes["train"].items():
        if shape[1] != about.dimensions[modality]:
            published = f"{about.dimensions[modality]} are published"
            print(f"{about.name}: note: {modality} has {shape[1]} dimensions, {published}", file=sys.stderr)
    write_card(path, about, classes=list(dataset.classes), split=sizes, **facts)
    return path


def write_card(path: Path, about: About, **facts: Any) -> None:
    """A card for people: what the file is, where from, under which terms, made when and by what."""
    head = {"name": about.name, "source": about.origin, "licence": about.licence, "citation": about.citation}
    features = {m: {"kind": kind, "published_dimension": d} for m, (kind, d) in about.features.items()}
    made = {"made": datetime.now(UTC).date().isoformat(), "version": drcl_mini.__version__}
    card = {
        **head,
        "features": features,
        "published_split": about.split,
        **about.notes,
        **facts,
        **made,
        "git_blob_id": file_id(path),
    }
    with replacing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

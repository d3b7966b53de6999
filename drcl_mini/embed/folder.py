"""The files of a folder, and the classes and splits that its sub-folders name."""

from collections.abc import Iterator
from pathlib import Path

from .row import KINDS, SPLITS, Told

OWN = (".npz", ".npz.partial")
"""How names end of what embed itself writes."""


def cells_of_folder(folder: Path, told: Told) -> Iterator[tuple[str, dict[str, str]]]:
    """File, class and split of every file that isn't hidden.

    The first sub-folder is the class; where all of the folders with items in them are named as
    splits are, in any case of letters, it is the split, and the next one the class.

    Raises:
        ValueError: only some of the folders are named as splits are.
    """
    found = [path.relative_to(folder).parts for path in files_of(folder, told)]
    items = [parts for parts in found if Path(parts[-1]).suffix.lower() in KINDS]
    tops = sorted({parts[0] for parts in items if len(parts) > 1})
    named = [name for name in tops if name.casefold() in SPLITS]
    others = [name for name in tops if name not in named]
    if named and others:
        first = f"folders named as splits are ({_list(named)}) lie beside others ({_list(others)})"
        raise ValueError(f"{first}: rename or move some, or give a table")
    for parts in found:
        split = parts[0] if named and len(parts) > 1 else ""
        label = "".join((parts[1:-1] if split else parts[:-1])[:1])
        name = "/".join(parts)
        yield name, {"file": name, "split": split, "class": label}


def files_of(folder: Path, told: Told, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """All files below a folder in the order of their names, but hidden ones and embed's own.

    Links are followed, but not in a circle; those that lead nowhere are told.
    """
    above = (*above, folder.resolve())
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.endswith(OWN):
            continue
        if path.is_file():
            yield path
        elif not path.is_dir():
            told(f"{path}: a link that leads nowhere, or no file")
        elif path.resolve() in above:
            told(f"{path}: a link to a folder that it lies in")
        else:
            yield from files_of(path, told, above)


def items_of(folder: Path) -> list[Path]:
    """The files of a folder that could be items."""
    return [path for path in files_of(folder, lambda line: None) if path.suffix.lower() in KINDS]


def _list(names: list[str]) -> str:
    return ", ".join(map(repr, names))

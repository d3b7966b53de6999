"""Where ``embed`` writes, and what it tells at the end."""

import argparse
import shlex
import sys
from collections import Counter
from pathlib import Path

from ..core.files import check_replaceable, data_folder
from ..data.dataset import MultimodalDataset
from ..data.load import CONVERTED, EMBEDDED, RELEASED
from .added import count_added
from .assemble import models_of


def output(options: argparse.Namespace) -> Path:
    """The file to write.

    Raises:
        ValueError: it is no file that embed may write, or the name of the data set is none.
        OSError: it can't be written.
    """
    if options.out:
        out = options.out
        if out.name in ("", ".."):
            raise ValueError(f"--out is {str(out)!r}, expected a file, e.g. mine.npz")
    elif options.add_to:
        out = Path(options.add_to)
        out = out if out.suffix == ".npz" else data_folder() / out
    else:
        name = options.name or options.folder.resolve().name
        _check_name(name)
        out = data_folder() / name
    out = out if out.suffix == ".npz" else out.with_name(f"{out.name}.npz")
    _check_name(options.name or out.stem)
    if out.stem in {*EMBEDDED, *CONVERTED, RELEASED} and _in_data_folder(out):
        told = "is a data set of the package: call yours otherwise, by --name"
        raise ValueError(f"{out.stem!r} {told}")
    check_replaceable(out)
    if out.exists() and not _by_embed(out):
        raise ValueError(f"{str(out)!r} is there and wasn't made by embed: give another --out")
    return out


def _check_name(name: str) -> None:
    """That a data set can have the name."""
    if not name.strip() or not name.isprintable() or any(x in name for x in ("/", "\\", "..")):
        expected = "printable words without '/', '\\' or '..': give one by --name"
        raise ValueError(f"the name is {name!r}, expected {expected}")


def _in_data_folder(path: Path) -> bool:
    return path.resolve().parent == data_folder().resolve()


def _by_embed(path: Path) -> bool:
    try:
        return bool(models_of(MultimodalDataset.from_npz(path)))
    except ValueError:
        return False


def tell(data: MultimodalDataset, out: Path, left: int) -> None:
    """What the file holds, and what to do with it."""
    counts = Counter()
    for part, split in data.splits.items():
        print(f"{part:<10} {split!r}")
        counts.update({name: len(x) for name, x in split.features.items()})
    added = count_added(data)
    if added:
        items = ", ".join(f"{count} of {name}" for name, count in added.items())
        print(f"{'added':<10} {items}: for the search page only")
        counts.update(added)
    told = ", ".join(f"{count} of {name}" for name, count in counts.items())
    print(f"{out}: {told}; {len(data.classes)} classes; {left} left out")
    if len(data.classes) < 2:
        print("note: there is one class, training needs two or more", file=sys.stderr)
    own = out.stem == data.name and _in_data_folder(out)
    given = shlex.quote(data.name if own else str(out))
    model = shlex.quote(f"runs/{out.stem}-default-seed0/model-seed0.safetensors")
    print(f"train:  python -m drcl_mini run {given}")
    print(f"search: python -m drcl_mini page {given} --model {model} --out search.html")

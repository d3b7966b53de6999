"""Take finished runs into the book, compressed: ``python book/tools/keep.py runs/NAME`` → ``book/results/NAME``."""

import gzip
import shutil
import sys
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"


def keep(folder: Path) -> Path:
    """Store a grid's runs, tries and commands; the same runs give the same bytes."""
    target = RESULTS / folder.name
    target.mkdir(exist_ok=True)
    for path in sorted(folder.glob("*.jsonl")):
        packed = gzip.compress(path.read_bytes(), 9, mtime=0)
        (target / f"{path.name}.gz").write_bytes(packed)
        (target / path.name).unlink(missing_ok=True)
    shutil.copyfile(folder / "commands.txt", target / "commands.txt")
    return target


if __name__ == "__main__":
    print(keep(Path(sys.argv[1])))

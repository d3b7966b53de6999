"""Carry the repository's public address from pyproject.toml, where it is set, to every file that shows it.

``python book/tools/address.py`` rewrites the files; with ``--check`` it only lists those that differ.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOST = "https://github.com/"
NAME = r"[\w.-]+/[\w.-]+"
PLACES = [
    rf"(?<=repository-code: {HOST}){NAME}",
    rf"(?<=  url: {HOST}){NAME}(?= # set by)",
    rf'(?<="{HOST}){NAME}(?=\\",)',
    rf"(?<=colab\.research\.google\.com/github/){NAME}(?=/blob)",
]
"""Where owner and repository stand: the citation, the book's settings, a chapter's set-up cell, links to Colab."""


def files() -> list[Path]:
    """Every file that shows the address, but the one that sets it."""
    named = ["README.md", "CITATION.cff", "_config.yml"]
    return [ROOT / name for name in named] + sorted((ROOT / "book").glob("*.ipynb"))


def main(check: bool) -> int:
    """Rewrite, or list what differs; 1 if a file shows no address, or another one and nothing was rewritten."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    name = project["project"]["urls"]["Repository"].removeprefix(HOST)
    failed = False
    for path in files():
        text = path.read_text(encoding="utf-8")
        shown = {found for place in PLACES for found in re.findall(place, text)}
        if shown == {name}:
            continue
        print(path.relative_to(ROOT), *sorted(shown))
        failed |= check or not shown
        if shown and not check:
            for place in PLACES:
                text = re.sub(place, name, text)
            path.write_text(text, encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))

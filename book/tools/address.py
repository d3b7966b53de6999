"""Carry the repository's public address from pyproject.toml, where it is set, to every file that shows it.

``python book/tools/address.py`` rewrites the files; with ``--check`` it only lists those that differ.
"""

import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def files() -> list[Path]:
    """Every file that may show the address, but the one that sets it."""
    named = ["README.md", "CITATION.cff", "_config.yml"]
    return [ROOT / name for name in named] + sorted((ROOT / "book").glob("*.ipynb"))


def _name(address: str) -> str:
    return address.removeprefix("https://github.com/")


def main(check: bool) -> int:
    """Rewrite, or list what differs; 1 if anything does and nothing was rewritten."""
    new = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]["urls"]["Repository"]
    old = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))[
        "repository"
    ]["url"]
    stale = 0
    for path in files():
        text = path.read_text(encoding="utf-8")
        renewed = text.replace(old, new)
        # Colab's own addresses name owner and repository without the host.
        path_of = "colab.research.google.com/github/{}/blob".format
        renewed = renewed.replace(path_of(_name(old)), path_of(_name(new)))
        if renewed != text:
            stale += 1
            print(path.relative_to(ROOT))
            if not check:
                path.write_text(renewed, encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))

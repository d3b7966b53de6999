"""Carry the repository's public address from pyproject.toml, where it is set, to every file that shows it.

``python book/tools/address.py`` rewrites the files; with ``--check`` it only lists those that differ.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATTERN = re.compile(r"https://github\.com/(?!QinYang79|BMC-SDNU|Jakobovski|penghu-cs)[\w.-]+/drcl[\w-]*(?<!\.git)")


def files() -> list[Path]:
    """Every file that may show the address, but the one that sets it."""
    named = ["README.md", "CITATION.cff", "_config.yml"]
    return [ROOT / name for name in named] + sorted((ROOT / "book").glob("*.ipynb"))


def main(check: bool) -> int:
    """Rewrite, or list what differs; 1 if anything does and nothing was rewritten."""
    address = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Repository"]
    stale = 0
    for path in files():
        text = path.read_text(encoding="utf-8")
        renewed = PATTERN.sub(address, text)
        # Colab's own addresses name the repository without the host.
        owner_and_name = address.removeprefix("https://github.com/")
        renewed = re.sub(r"(colab\.research\.google\.com/github/)[\w.-]+/[\w.-]+", rf"\g<1>{owner_and_name}", renewed)
        if renewed != text:
            stale += 1
            print(path.relative_to(ROOT))
            if not check:
                path.write_text(renewed, encoding="utf-8")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv))

"""Print BibTeX entries of this software and of the method's paper, from CITATION.cff: ``python book/tools/bibtex.py``."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def entry(kind: str, key: str, fields: dict[str, str]) -> str:
    """One BibTeX entry."""
    width = max(map(len, fields))
    lines = [f"  {name:<{width}} = {{{value}}}" for name, value in fields.items()]
    return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}"


def software(cff: dict) -> str:
    """The entry of this package and book; its year is that of the book's copyright line."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    fields = {
        "title": cff["title"],
        "author": " and ".join(
            f"{{{author['name']}}}" for author in cff["authors"]
        ),
        "year": config["copyright"],
        "version": cff["version"],
        "url": cff["repository-code"],
    }
    return entry("software", "drcl_mini", fields)


def main() -> None:
    """Print both, the paper's as it stands in the book's bibliography."""
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    library = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    start = library.index("@article{pu2025drcl,")
    print(software(cff))
    print("\n" + library[start : library.index("\n}", start) + 2])


if __name__ == "__main__":
    main()

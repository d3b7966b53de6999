"""The chapters as stored, and the pages built from them (``make book`` builds them; ``make test`` does it first)."""

import functools
import re
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text())
FILES = [
    TOC["root"],
    *(
        entry["file"]
        for part in TOC["parts"]
        for chapter in part["chapters"]
        for entry in (chapter, *chapter.get("sections", []))
    ),
]
CHAPTERS = [name for name in FILES if (ROOT / f"{name}.ipynb").is_file()]
PAGES = [name for name in FILES if name not in CHAPTERS]
ADDRESS = yaml.safe_load((ROOT / "_config.yml").read_text())["repository"]["url"]
needs_page = pytest.mark.skipif(not HTML.is_dir(), reason="no built book: run  make book  first")


@functools.cache
def code_cells(chapter):
    notebook = nbformat.read(ROOT / f"{chapter}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def test_every_notebook_and_every_page_is_in_the_table_of_contents():
    assert sorted(CHAPTERS) == sorted(f"book/{path.stem}" for path in (ROOT / "book").glob("*.ipynb"))
    assert sorted(PAGES) == sorted(f"book/reference/{path.stem}" for path in (ROOT / "book/reference").glob("*.md"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_stored_outputs_are_whole(chapter):
    counts = [cell.execution_count for cell in code_cells(chapter)]
    assert counts == list(range(1, len(counts) + 1)), "cells not run in order in one fresh kernel"
    for cell in code_cells(chapter):
        assert not any(output.output_type == "error" for output in cell.outputs)
        assert not any(output.get("name") == "stderr" for output in cell.outputs)
        assert "execution" not in cell.metadata, "time stamps"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_ignored_outputs_are_few_and_asserted(chapter):
    ignored = [cell for cell in code_cells(chapter) if "nbval-ignore-output" in tags(cell)]
    assert len(ignored) <= len(code_cells(chapter)) / 4
    assert all("assert " in cell.source for cell in ignored)
    assert not any("nbval-skip" in tags(cell) for cell in code_cells(chapter))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_figure_has_caption_and_alternative_text(chapter):
    for cell in code_cells(chapter):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            about = cell.metadata.get("mystnb", {})
            assert about.get("figure", {}).get("caption"), cell.source
            assert len(about.get("image", {}).get("alt", "")) > 40, cell.source


def test_the_first_cell_is_the_same_set_up_everywhere():
    first = {code_cells(chapter)[0].source for chapter in CHAPTERS}
    assert len(first) == 1
    assert f'"{ADDRESS}"' in first.pop()


@needs_page
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_page_shows_figures_and_a_colab_button(chapter):
    page = (HTML / f"{chapter}.html").read_text(encoding="utf-8")
    owner = ADDRESS.removeprefix("https://github.com/")
    assert f"https://colab.research.google.com/github/{owner}/blob/main/{chapter}.ipynb" in page
    figures = [c for c in code_cells(chapter) if c.metadata.get("mystnb", {}).get("figure")]
    assert page.count("<figcaption>") >= len(figures) > 0
    assert "google.colab" not in page, "the set-up cell should be hidden"
    assert not re.search(r"Traceback|/home/\w|\bWARNING\b", page)

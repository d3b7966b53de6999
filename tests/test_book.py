"""The chapters as stored, and the pages built from them (``make book`` builds them; ``make test`` does it first)."""

import base64
import functools
import importlib.util
import io
import re
from pathlib import Path

import matplotlib.figure
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


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_live_figures_have_a_caption_and_printed_lines_fit_the_page(chapter):
    for cell in code_cells(chapter):
        shown = "".join(output.get("data", {}).get("text/html", "") for output in cell.outputs)
        if re.search(r'class="drcl-(slider|hover|explorer)"', shown):
            assert cell.metadata.get("mystnb", {}).get("figure", {}).get("caption"), cell.source
        printed = [line for output in cell.outputs for line in output.get("text", "").split("\n")]
        wide = [line for line in printed if len(line) > 84 and re.search(r" {3,}\S.* {3,}\S", line.strip())]
        assert not wide, f"a table wider than the page: {wide[0]}"


def pictures():
    """What ``book/conftest.py`` compares pictures with."""
    spec = importlib.util.spec_from_file_location("book_conftest", ROOT / "book/conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def drawn(kind, lost=None, shift=0.0, colour="#0072B2"):
    """The outputs of a cell that draws twenty dots, as a figure or as a frame of a slider."""
    figure = matplotlib.figure.Figure(figsize=(5, 3))
    axes = figure.subplots()
    kept = [i for i in range(20) if i != lost]
    axes.scatter([i + shift for i in kept], [i**2 % 7 for i in kept], s=20, color=colour)
    axes.set(xlim=(-1, 20), ylim=(-1, 8))
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    data = base64.b64encode(file.getvalue()).decode()
    if kind == "figure":
        return [{"data": {"image/png": data}}]
    return [{"data": {"text/html": f'<img src="data:image/png;base64,{data}">'}}]


@pytest.mark.parametrize("kind", ["figure", "frame"])
@pytest.mark.parametrize(("change", "stale"), [({}, False), ({"lost": 3}, True), ({"colour": "#D55E00"}, True)])
def test_a_stale_picture_is_noticed(kind, change, stale):
    told = pictures().difference(drawn(kind), drawn(kind, **change))
    assert (told is not None) == stale, told


@pytest.mark.parametrize("kind", ["figure", "frame"])
def test_a_picture_moved_by_a_fraction_of_a_pixel_is_not_stale(kind):
    assert pictures().difference(drawn(kind), drawn(kind, shift=0.01)) is None


def test_a_missing_picture_is_noticed():
    assert pictures().difference(drawn("figure"), []) == "1 stored pictures, 0 drawn now"


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

"""The chapters as stored, and the pages built from them (``make book`` builds them; ``make test`` does it first)."""

import base64
import functools
import importlib.util
import io
import json
import re
from collections import Counter
from pathlib import Path

import matplotlib.figure
import nbformat
import numpy as np
import pytest
import yaml
from numerics import NUMERICS

ROOT = Path(__file__).parents[2]
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
CLAIM = r'kit\.claim\(\s*"([^"]+)",[^;]*?(above|below)=(-?[0-9.]+)'
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
    assert all(re.search(r"\bassert |kit\.claim\(", cell.source) for cell in ignored)
    assert not any("nbval-skip" in tags(cell) for cell in code_cells(chapter))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapters_load_what_they_show_and_mark_what_they_train(chapter):
    for cell in code_cells(chapter):
        here = re.sub(r"^def .*\n(?:(?: .*)?\n)*", "", cell.source + "\n", flags=re.M)  # without its functions
        refused = "except ValueError" in here
        if re.search(r"\.fit\(\w+\.train|\bfit_many\(|\.add_modality\(", here) and not refused:
            assert "trains-here" in tags(cell), cell.source
        if "kit.claim(" in cell.source:
            assert "trains-here" in tags(cell), cell.source
    sources = [cell.source for cell in code_cells(chapter)]
    parameters = [cell.source for cell in code_cells(chapter) if "parameters" in tags(cell)]
    loads, claims = (any(text in source for source in sources) for text in ("kit.load_or_train(", "kit.claim("))
    assert len(parameters) == (loads or claims)
    assert all("TRAIN = False" in source for source in parameters * loads)
    assert all("SEED = 0" in source for source in parameters * claims)


def test_stored_models_are_small_and_each_is_shown():
    stored = {path.stem: path.stat().st_size for path in (ROOT / "book/models").iterdir()}
    assert sum(stored.values()) < 10e6
    sources = "".join(cell.source for chapter in CHAPTERS for cell in code_cells(chapter))
    assert set(re.findall(r'kit\.load_or_train\(\s*"([\w-]+)"', sources)) == set(stored)


def test_claims_stand_twice_their_spread_away_from_their_bounds():
    margins = json.loads((ROOT / "book/results/margins.json").read_text(encoding="utf-8"))
    known = {}
    for chapter in CHAPTERS:
        for cell in code_cells(chapter):
            for name, side, bound in re.findall(CLAIM, cell.source):
                known[name] = (Path(chapter).name, side, float(bound))
    sources = "".join(cell.source for chapter in CHAPTERS for cell in code_cells(chapter))
    assert len(known) == sources.count("kit.claim(") > 0, "claims are written as claim(name, value, above=number)"
    assert known.keys() == margins["claims"].keys(), "run  python book/tools/margins.py"
    assert list(margins["numerics"]) == list(NUMERICS)
    for name, about in margins["claims"].items():
        chapter, side, bound = known[name]
        assert (about["chapter"], about[side]) == (chapter, bound), f"{name}: run  python book/tools/margins.py"
        values = [about["values"][numerics] for numerics in NUMERICS]
        assert [len(runs) for runs in values] == [10] * 3
        every = np.concatenate(values)
        margin = (every.mean() - bound) * (1 if side == "above" else -1)
        assert margin >= 2 * np.ptp(every), f"{name}: margin {margin:.3f}, spread {np.ptp(every):.3f}"


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


def drawn(kind, lost=None, shift=0.0, colour="#0072B2", label="mAP 0.51"):
    """The outputs of a cell that draws twenty dots and a curve, as a figure or as a frame of a slider."""
    figure = matplotlib.figure.Figure(figsize=(5, 3))
    axes = figure.subplots()
    kept = [i for i in range(20) if i != lost]
    axes.scatter([i + shift for i in kept], [i**2 % 7 for i in kept], s=4, color=colour)
    if lost != "curve":
        axes.plot(np.arange(20) + shift, np.sqrt(np.arange(20)), linewidth=0.8, color="#777777")
    axes.text(1, 7, label, fontsize=8)
    axes.set(xlim=(-1, 20), ylim=(-1, 8))
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    data = base64.b64encode(file.getvalue()).decode()
    if kind == "figure":
        return [{"data": {"image/png": data}}]
    return [{"data": {"text/html": f'<img src="data:image/png;base64,{data}">'}}]


CHANGES = {
    "nothing": ({}, False),
    "a dot is lost": ({"lost": 3}, True),
    "the curve is lost": ({"lost": "curve"}, True),
    "a digit of a label": ({"label": "mAP 0.52"}, True),
    "a sign of a label": ({"label": "mAP −0.51"}, True),
    "another colour": ({"colour": "#D55E00"}, True),
    "nearly the same colour": ({"colour": "#0084C6"}, True),
    "all aside by three pixels": ({"shift": 0.2}, True),
    "all aside by less than rounding moves": ({"shift": 1e-4}, False),
}


@pytest.mark.parametrize("kind", ["figure", "frame"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_stale_picture_is_noticed(kind, change):
    changed, stale = CHANGES[change]
    told = pictures().difference(drawn(kind), drawn(kind, **changed))
    assert (told is not None) == stale, told


def test_at_least_two_thirds_of_the_pictures_are_compared_strictly():
    regime, count = pictures().regime, Counter()
    for chapter in CHAPTERS:
        notebook = nbformat.read(ROOT / f"{chapter}.ipynb", as_version=4)
        assert not pictures().trains(notebook), f"{chapter}: TRAIN is on"
        count.update(regime(cell, notebook) for cell in code_cells(chapter))
    assert count["strict"] >= 2 * count["not compared"], count
    assert count["strict"] > 80


def test_a_chapter_that_trains_is_not_compared():
    cell = nbformat.v4.new_code_cell("TRAIN = False  # …", metadata={"tags": ["parameters"]})
    shows = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", drawn("figure")[0]["data"])])
    chapter, regime = nbformat.v4.new_notebook(cells=[cell, shows]), pictures().regime
    assert regime(shows, chapter) == "strict"
    cell.source = cell.source.replace("False", "True")
    assert regime(shows, chapter) == "not compared"


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

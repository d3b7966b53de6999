"""The page and the table of rivals name every compared method, and say rightly which of them need pairs."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

from drcl_mini.experiments.plan.methods import compared

BOOK = Path(__file__).parents[2] / "book"
FIXED = {"fixed orthogonal prior", "fixed simplex prior"}


@pytest.fixture(scope="module")
def page():
    """The rows of the page's table: by method, its cells."""
    text = (BOOK / "reference/rivals.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| ")]
    return {name: cells for cells in rows[2:] for name in cells[0].split(", ")}


@pytest.fixture(scope="module")
def chapter():
    """What the chapter's cell says of each method."""
    cells = nbformat.read(BOOK / "13-benchmark.ipynb", as_version=4).cells
    (source,) = [cell.source for cell in cells if "RIVALS = {" in cell.source]
    found = {}
    for name in ("RIVALS", "PAIRS", "NO_LABELS"):
        body = re.search(rf"^{name} = (\{{.*?\}})$", source, re.M | re.S).group(1)
        found[name] = ast.literal_eval(body)
    return found


def test_every_compared_method_is_told_of(page, chapter):
    assert page.keys() == compared().keys() | FIXED
    assert chapter["RIVALS"].keys() == page.keys() | {"DRCL"}


def test_who_needs_pairs(page, chapter):
    needs = {title for title, kind in compared().items() if kind.needs_pairs}
    assert {name for name, cells in page.items() if cells[3] == "yes"} == needs
    assert chapter["PAIRS"] == needs
    assert {name for name, cells in page.items() if cells[4] == "no"} == chapter["NO_LABELS"]


def test_page_and_chapter_agree_on_how_they_train_and_compare(page, chapter):
    for name, (_, _, trains, compares) in chapter["RIVALS"].items():
        assert name == "DRCL" or page[name][5:] == [trains, compares]

"""The kit's figures, small ones in a browser: every script does what its figure promises."""

import re
import shutil
import subprocess
from itertools import product
from pathlib import Path

import nbformat
import pytest
from kit.explorer import explorer
from kit.figures import ALTS, LIVE, squeezed, still
from kit.pictures import hover, script, slider
from matplotlib.figure import Figure

BOOK = Path(__file__).parents[2] / "book"
SCRIPTS = sorted((BOOK / "kit").glob("*.js"))


@pytest.fixture
def show(browser):
    """Open a figure as a page; at the end there must have been no error."""
    errors, page = [], browser.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))

    def load(figure):
        page.set_content(figure.data)
        return page

    yield load
    page.close()
    assert errors == []


def test_a_slider_shows_the_picture_of_its_place(show):
    figures = (Figure(figsize=(1, 1)) for _ in range(3))
    page = show(slider(figures, ["none", "a <bit>", "all"], "share", "How it looks.", start=1))
    knob, pictures = page.get_by_role("slider"), page.locator("img")
    assert page.locator("output").inner_text() == "a <bit>"
    for place, label in ((2, "all"), (0, "none"), (1, "a <bit>")):
        knob.fill(str(place))
        assert [pictures.nth(i).is_visible() for i in range(3)] == [i == place for i in range(3)]
        assert page.locator("output").inner_text() == knob.get_attribute("aria-valuetext") == label


@pytest.fixture
def scatter(show):
    maps = {"first": [(0, 0), (1, 1), (2, 3)], "second": [(5, 0), (0, 0), (0, 9)]}
    groups = {"medium": ["text", "image", "text"], "family": ["tree", "tree", "bird"]}
    palette = {"text": "red", "image": "blue", "tree": "green", "bird": "black"}
    items = ["<b>one</b>", "<b>two</b>", "<b>three</b>"]
    return show(hover(maps, groups, palette, ["1", "2", "3"], items, "Three dots."))


def test_a_dot_shows_its_item(scatter):
    dots, told = scatter.locator("circle"), scatter.locator(".told")
    for number, item in ((1, "two"), (2, "three"), (0, "one")):
        dots.nth(number).hover()
        assert told.inner_html() == f"<b>{item}</b>"
        assert [dots.nth(i).get_attribute("stroke") == "#000" for i in range(3)] == [i == number for i in range(3)]
    scatter.locator("svg").hover(position={"x": 1, "y": 1})
    assert told.inner_html() == "<b>one</b>", "between the dots nothing changes"


def test_arrow_keys_walk_in_a_circle(scatter):
    plot, told = scatter.locator("svg"), scatter.locator(".told")
    steps = [
        ("x", "Point at"),
        ("ArrowLeft", "one"),
        ("ArrowLeft", "three"),
        ("ArrowRight", "one"),
        ("ArrowRight", "two"),
    ]
    for key, item in steps:
        plot.press(key)
        assert item in told.inner_text()
    for key, scrolls in (("ArrowRight", False), ("ArrowDown", True)):
        press = f"plot => plot.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', cancelable: true}}))"
        assert plot.evaluate(press) == scrolls


def test_menus_choose_map_and_colours(scatter):
    dots, (maps, colours) = scatter.locator("circle").all(), scatter.locator("select").all()
    for map_, colour in ((1, 0), (1, 1), (0, 1), (0, 0)):
        maps.select_option(index=map_)
        colours.select_option(index=colour)
        for dot in dots:
            place = [dot.get_attribute("cx"), dot.get_attribute("cy")]
            assert place == dot.get_attribute("data-route").split()[2 * map_ :][:2]
        inks = [["red", "blue", "red"], ["green", "green", "black"]][colour]
        assert [dot.get_attribute("fill") for dot in dots] == inks
        assert [one.is_visible() for one in scatter.locator(".legends > *").all()] == [colour == 0, colour == 1]


def test_an_explorer_shows_the_search_that_its_menus_choose(show):
    def search(query, by):
        return query, (query + 1) / (by + 2), [3 + by, 4 - by, query]

    menus, cuts = {"query": ["a", "b", "c"], "by": ["prior", "chance"]}, [1, 3]
    items, classes = [f"<i>item {i} for $&</i>" for i in range(5)], ["cat", "dog", "dog", "cat", "dog"]
    page = show(explorer(menus, search, cuts, items, classes, start=(0, 0, 0)))
    for query, by, cut in product(range(3), range(2), range(2)):
        for menu, offer in zip(page.locator("select").all(), (query, by, cut), strict=True):
            menu.select_option(index=offer)
        asked, precision, hits = search(query, by)
        assert page.locator(".asked").inner_text() == f"item {asked} for $&"
        assert page.locator(".score").inner_text() == f"{precision:.2f}"
        signs = {True: "✓ right", False: "✗ wrong"}
        found = [f"{signs[classes[hit] == classes[asked]]}\nitem {hit} for $&" for hit in hits[: cuts[cut]]]
        assert page.locator(".found > *").all_inner_texts() == found


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_parses(path):
    done = subprocess.run(["node", "--check", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_embedded_is_code_only():
    for path in SCRIPTS:
        embedded = script(path.stem).splitlines()
        assert (embedded[0], embedded[-1]) == ("<script>", "</script>")
        assert not [line for line in embedded if not line or line[0] == " " or "//" in line or "/*" in line]


def test_chapters_have_stored_the_scripts_as_they_are():
    seen, live = set(), set()
    for path in sorted(BOOK.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                shown = output.get("data", {}).get("text/html", "")
                kinds = set(re.findall(r'class="drcl-(\w+)"', shown)) & {path.stem for path in SCRIPTS}
                for name in re.findall(r'class="drcl-live" data-figure="(\w+)"', shown):
                    parts = [squeezed(LIVE / file) for file in ("live.css", "core.js", "ui.js", f"{name}.js")]
                    assert all(part in shown for part in parts), f"run  python book/tools/execute.py {path}"
                    assert still(name) in shown
                    live.add(name)
                assert all(script(kind) in shown for kind in kinds), f"run  python book/tools/execute.py {path}"
                seen |= kinds
    assert seen == {path.stem for path in SCRIPTS}
    assert live == set(ALTS)

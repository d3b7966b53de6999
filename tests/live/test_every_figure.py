"""What every live figure must do: without a network, without scripts, on a phone, by name, in light and in dark."""

from pathlib import Path

import pytest
from kit.figures import ALTS, LIVE, live, squeezed

EVERY = pytest.mark.parametrize("name", ALTS)
CONTROLS = "button, input, select, [tabindex], [role=button], [role=slider]"
UNNAMED = """(nodes) => nodes.filter((node) => !(node.getAttribute("aria-label") || node.textContent.trim()
  || (node.labels && [...node.labels].some((label) => label.textContent.trim())))).map((node) => node.outerHTML)"""
CONTRAST = """(host) => {
  const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map((x) => { const s = x / 255;
    return s <= 0.03928 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const style = getComputedStyle(host); const pair = [light(style.color), light(style.backgroundColor)].sort();
  return (pair[1] + 0.05) / (pair[0] + 0.05); }"""


@pytest.mark.parametrize("how", ["file", "server"])
@EVERY
def test_it_starts_without_a_network_and_without_a_fault(open_figure, example, name, how):
    figure = open_figure(name, example(name), how)
    assert figure.host.locator(".still").count() == 0
    assert figure.host.locator("svg, canvas, button").count() > 0
    assert figure.faults == []


@EVERY
def test_every_control_has_a_name(open_figure, example, name):
    figure = open_figure(name, example(name))
    assert figure.host.locator(CONTROLS).count() > 0
    assert figure.host.locator(CONTROLS).evaluate_all(UNNAMED) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@EVERY
def test_it_fits_a_phone_and_can_be_read(open_figure, example, name, theme):
    figure = open_figure(name, example(name), theme=theme, viewport={"width": 320, "height": 640}, has_touch=True)
    assert figure.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert figure.host.evaluate(CONTRAST) > 7


@EVERY
def test_without_scripts_a_picture_stands_there(open_figure, example, name):
    figure = open_figure(name, example(name), scripts=False)
    picture = figure.host.locator("img.still")
    assert picture.get_attribute("alt") == ALTS[name]
    assert picture.evaluate("(node) => node.naturalWidth") > 200
    assert (LIVE / "stills" / f"{name}.png").stat().st_size < 60_000


@EVERY
def test_a_page_may_hold_it_twice(open_figure, example, browser, tmp_path, name):
    path = Path(tmp_path / "twice.html")
    path.write_text(f'<!doctype html><meta charset="utf-8">{2 * live(name, example(name)).data}', encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.locator(".drcl-live[data-live]").count() == 2
    assert page.locator(".still").count() == 0
    page.close()


def test_own_code_is_small():
    sizes = {path.name: len(squeezed(path).encode()) for path in LIVE.glob("*.*")}  # as a page holds it
    assert {f"{name}.js" for name in ALTS} <= set(sizes)
    assert sum(sizes.values()) <= 60_000, sizes


def test_an_unknown_figure_is_refused():
    with pytest.raises(ValueError, match="no live figure 'recastin': there are"):
        live("recastin")

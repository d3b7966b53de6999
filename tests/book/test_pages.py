"""Every built page in a browser with the network off: math, pictures, sliders, hover, search, links, phone, dark."""

import functools
import http.server
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from servers import serving

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
PAGES = sorted(
    str(path.relative_to(HTML))
    for path in (HTML / "book").rglob("*.html")
    if 'http-equiv="refresh"' not in path.read_text(encoding="utf-8")  # old addresses lead on at once
)
THEME_ERRORS = "Got invalid theme mode|'THEBE_JS_URL' has already been declared"  # the theme's own, on every page
PHONE = {"width": 390, "height": 844}
pytestmark = pytest.mark.skipif(not PAGES, reason="no built book: run  make book  first")

SLIDE = """sliders => sliders.map(slider => {
    const shown = () => [...slider.closest('.drcl-slider').querySelectorAll('img')]
        .map(image => getComputedStyle(image).display != 'none' && image.complete && image.naturalWidth > 0);
    const told = () => slider.closest('.drcl-slider').querySelector('output').textContent;
    return ['max', 'min'].map(end => {
        slider.value = slider[end];
        slider.dispatchEvent(new Event('input', {bubbles: true}));
        return [shown().indexOf(true) == Number(slider[end]), shown().filter(Boolean).length, told()];
    });
})"""
HOVER = """scatters => scatters.map(scatter => {
    const told = () => scatter.querySelector('.told').innerHTML;
    const circles = scatter.querySelectorAll('circle'), seen = [told()];
    for (const circle of [circles[0], circles[circles.length - 1]]) {
        circle.dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));
        seen.push(told());
    }
    return new Set(seen).size;
})"""
CHOOSE = """figures => figures.map(figure => {
    const parts = [...figure.querySelectorAll('svg, .asked, .score, .found')];
    const seen = () => parts.map(part => part.innerHTML).join();
    return [...figure.querySelectorAll('label:not([hidden]) select')].map(menu => {
        const before = seen();
        menu.selectedIndex = menu.length - 1;
        menu.dispatchEvent(new Event('change', {bubbles: true}));
        return [menu.parentElement.innerText, seen() != before, figure.querySelectorAll('.found > *').length];
    });
})"""
READ = "article figcaption, article .cell_output blockquote"
CAPTIONS = """captions => captions.map(caption => {
    const light = colour => colour.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765;
    let ground = caption;
    while (/, 0\\)$|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
    return [light(getComputedStyle(ground).backgroundColor), light(getComputedStyle(caption).color)];
})"""
CONTRAST = """page => {
    const light = colour => colour.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 765;
    const text = document.querySelector('article p, article dd, article td') || document.querySelector('article');
    return [light(getComputedStyle(document.body).backgroundColor), light(getComputedStyle(text).color)];
}"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served():
    """The built book on a loopback port."""
    handler = functools.partial(QuietHandler, directory=str(HTML))
    with serving(handler) as address:
        yield address


@pytest.fixture
def visit(browser, served):
    """Open a page with every request blocked that isn't local; at the end there must have been no error."""
    errors, outside, opened = [], [], []

    def local_only(route):
        if route.request.url.startswith((served, "data:", "blob:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    def failed(response):
        if response.status >= 400:
            errors.append(f"{response.status} {response.url}")

    def go(path, **options):
        page = browser.new_page(**options)
        page.set_default_timeout(600_000)  # milliseconds, for what hangs: a busy machine is slow
        opened.append(page)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("response", failed)
        page.route("**/*", local_only)
        page.goto(f"{served}/{path}", wait_until="load")
        return page

    yield go
    for page in opened:
        page.close()
    assert outside == []
    assert [error for error in errors if not re.search(THEME_ERRORS, error)] == []


@pytest.mark.parametrize("path", PAGES)
def test_page(path, visit):
    page = visit(path, viewport=PHONE, color_scheme="light")
    if page.query_selector("article .math"):
        page.wait_for_selector("article mjx-container")
        page.wait_for_function("() => !document.querySelector('article .math:not(:has(mjx-container))')")
    mixed = page.eval_on_selector_all("article p:has(mjx-container)", "texts => texts.map(text => text.innerText)")
    assert not any("$" in text for text in mixed), "raw mathematics"
    assert page.query_selector("mjx-merror") is None, "mathematics that MathJax doesn't understand"
    for both in page.eval_on_selector_all(".drcl-slider input", SLIDE):
        assert [told[:2] for told in both] == [[True, 1]] * 2, "not one picture at a time, the one of the place"
        assert both[0][2] != both[1][2], both
    assert all(seen == 3 for seen in page.eval_on_selector_all(".drcl-hover", HOVER)), "hover shows nothing new"
    for menus in page.eval_on_selector_all(".drcl-hover, .drcl-explorer", CHOOSE):
        assert all(changed for _, changed, _ in menus), f"a menu that changes nothing: {menus}"
        assert menus[-1][2] in (0, 10), "not the ten items asked for"
    page.evaluate("document.querySelectorAll('article img').forEach(image => image.loading = 'eager')")
    loaded = "() => [...document.querySelectorAll('article img')].every(i => i.complete && i.naturalWidth > 0)"
    page.wait_for_function(loaded)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"] + 1, "wider than a phone's screen"
    background, text = page.evaluate(CONTRAST)
    assert background > 0.9 > 0.5 > text
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"() => ({CONTRAST})()[0] < 0.25")
    background, text = page.evaluate(CONTRAST)
    assert background < 0.25 < 0.5 < text
    for ground, ink in page.eval_on_selector_all(READ, CAPTIONS):
        assert abs(ground - ink) > 0.4, "a caption that can't be read in the dark"


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("01-quick-start", "article img"),
        ("13-benchmark", ".drcl-slider img"),
        ("11-common-space", ".drcl-hover circle"),
        ("16-search-explorer", ".drcl-explorer .found img"),
    ],
)
def test_without_scripts_pictures_stand_there(visit, path, seen):
    page = visit(f"book/{path}.html", java_script_enabled=False)
    assert page.inner_text("h1")
    assert any(picture.is_visible() for picture in page.locator(seen).all())


REACT = """async figure => {
    const seen = () => figure.innerHTML + [...figure.querySelectorAll('canvas')].map(c => c.toDataURL()).join();
    const told = [];
    for (const control of figure.querySelectorAll('input, button')) {
        const before = seen(), name = control.getAttribute('aria-label') || control.closest('label')?.innerText;
        if (control.type == 'range') {
            control.value = control.value == control.max ? control.min : control.max;
            control.dispatchEvent(new Event('input', {bubbles: true}));
        } else control.click();
        for (let i = 0; i < 50 && seen() == before; i++) await new Promise(done => setTimeout(done, 100));
        told.push([name || control.innerText, seen() != before]);
    }
    return told;
}"""


@pytest.mark.parametrize(("path", "figure"), [("09-drcl-whole", ".drcl-grow"), ("17-speed-and-scale", ".drcl-lists")])
def test_figures_of_a_single_chapter_react(visit, path, figure):
    page = visit(f"book/{path}.html")
    told = page.locator(figure).first.evaluate(REACT)
    assert told
    assert all(name and changed for name, changed in told), told


def test_arrow_keys_walk_on_from_the_dot_pointed_at(visit):
    page = visit("book/11-common-space.html")
    scatter = page.locator(".drcl-hover svg").first
    told = scatter.locator("xpath=ancestor::*[contains(@class, 'drcl-hover')]").locator(".told")
    seen, before = [], told.inner_html()
    for start, key in ((5, "ArrowRight"), (7, "ArrowLeft"), (6, None)):
        scatter.locator("circle").nth(start).dispatch_event("pointerover")
        if key:
            scatter.focus()
            page.keyboard.press(key)
        seen.append(told.inner_html())
    assert before != seen[0] == seen[1] == seen[2]


def test_search_finds_a_word(visit):
    page = visit("search.html?q=recasting")
    page.wait_for_selector("#search-results li")
    assert page.locator("#search-results li").count() > 1


class Links(HTMLParser):
    """Addresses and anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = set(), set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        self.links |= {given[name] for name in ("href", "src") if given.get(name)}


@functools.cache
def read(path):
    return Links(path)


@pytest.mark.parametrize("path", PAGES)
def test_links_within_the_book_resolve(path):
    broken, here = [], HTML / path
    for link in read(here).links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (here.parent / unquote(parts.path)).resolve() if parts.path else here
        target = target / "index.html" if target.is_dir() else target
        plain = not parts.fragment or target.suffix != ".html" or not target.exists()
        anchored = plain or unquote(parts.fragment) in read(target).anchors
        if not (target.exists() and anchored):
            broken.append(link)
    assert broken == []


def test_the_book_is_small():
    sizes = {path: path.stat().st_size for path in HTML.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 60e6
    assert [path for path, size in sizes.items() if path.suffix == ".html" and size > 5e6] == []

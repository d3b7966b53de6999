"""The chapters as stored, and the pages built from them (``make book`` builds them; ``make test`` does it first)."""

import functools
import http.server
import re
import shutil
import threading
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
THEME_ERRORS = "Got invalid theme mode|'THEBE_JS_URL' has already been declared"  # the theme's own, on every page
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


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
    assert page.count("<figcaption>") == len(figures) > 0
    assert "google.colab" not in page, "the set-up cell should be hidden"
    assert not re.search(r"Traceback|/home/\w|\bWARNING\b", page)


@pytest.fixture(scope="module")
def served():
    """The built book on a loopback port."""
    handler = functools.partial(QuietHandler, directory=str(HTML))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    flags += ["--disable-component-update", "--disable-sync"]
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


@needs_page
@pytest.mark.parametrize("name", FILES)
def test_page_works_in_a_browser_without_network(name, served, browser):
    page = browser.new_page()
    errors, outside = [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))

    def local_only(route):
        if route.request.url.startswith((served, "data:")):
            route.continue_()
        else:
            outside.append(route.request.url)
            route.abort()

    page.route("**/*", local_only)
    page.goto(f"{served}/{name}.html", wait_until="networkidle")
    if name in CHAPTERS or page.query_selector("article .math"):
        page.wait_for_selector("mjx-container", timeout=20_000)
    widths = page.eval_on_selector_all("article img", "images => images.map(image => image.naturalWidth)")
    assert widths or name in PAGES
    assert min(widths, default=1) > 0, "a picture that isn't there"
    mixed = page.eval_on_selector_all("article p:has(mjx-container)", "texts => texts.map(text => text.innerText)")
    assert not any("$" in text for text in mixed), "raw mathematics"
    assert outside == []
    assert [error for error in errors if not re.search(THEME_ERRORS, error)] == []
    page.close()

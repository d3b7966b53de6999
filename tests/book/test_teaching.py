"""What makes a chapter readable: little open code, questions that answer, hints, solutions, something to touch."""

import re
from pathlib import Path

import nbformat
import pytest
import reading

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
FILES = re.findall(r"book/[\w-]+$", (ROOT / "_toc.yml").read_text(), re.M)
CHAPTERS = [name for name in FILES if (ROOT / f"{name}.ipynb").is_file()]
needs_page = pytest.mark.skipif(not HTML.is_dir(), reason="no built book: run  make book  first")
WELCOME = "book/00-welcome"


def cells(chapter):
    return nbformat.read(ROOT / f"{chapter}.ipynb", as_version=4).cells


def texts(chapter):
    return [cell.source for cell in cells(chapter) if cell.cell_type == "markdown"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_code_stands_open_only_where_it_is_the_idea(chapter):
    found = reading.about(ROOT / f"{chapter}.ipynb")
    assert found["open lines"] <= 60
    assert found["most in a cell"] <= 10


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_nothing_is_asserted_in_the_open(chapter):
    assert not [c.source for c in cells(chapter) if reading.open_lines(c) and re.search(r"^assert ", c.source, re.M)]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_begins_with_its_question(chapter):
    first = texts(chapter)[0].strip().split("\n\n")
    assert first[0].startswith("# ")
    assert re.fullmatch(r"\*\*[^*]+\?\*\*", first[1].strip()), "one question in bold"
    assert re.search(r'^<p class="takes">.+ · .+ · .*data: .+</p>$', "\n".join(first), re.M)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_questions_answer(chapter):
    asked = [text for text in texts(chapter) if 'class="ask"' in text]
    assert any("**Predict.**" in text for text in asked) or chapter == WELCOME
    assert sum(text.count("**Question.**") for text in asked) >= 2 or chapter == WELCOME
    for text in asked:
        blocks = re.findall(r'<div class="ask">(.*?)</div>', text, re.S)
        assert len(blocks) == text.count('class="ask"')
        for block in blocks:
            assert block.count('<details class="right">') == 1, block
            assert 2 <= block.count("<summary>") <= 5
            assert block.count("<details") == block.count("</details>") == block.count("<summary>")
            for reply in re.findall(r"</summary>(.*?)</details>", block, re.S):
                assert len(reply.split()) >= 4, "a reply says why"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_exercises_have_a_hint_and_a_solution_that_runs(chapter):
    titles = [c.source.split("\n")[0] for c in cells(chapter) if c.source.startswith("# @title Solution")]
    hints = sum(text.count('<details class="hint">') for text in texts(chapter))
    assert hints == len(titles)
    assert len(titles) >= 2 or chapter == WELCOME
    assert titles == [f"# @title Solution {i + 1}" for i in range(len(titles))]


def test_words_are_counted_without_formulas_and_addresses():
    assert reading.words("**One** [two](three.ipynb) $x + y$ four <b>five</b>") == 4


@needs_page
def test_no_long_stretch_without_something_to_do_or_see(browser):
    pages = [HTML / f"{chapter}.html" for chapter in CHAPTERS]
    found = dict(zip(CHAPTERS, reading.stretches(browser, pages), strict=True))
    assert {name: round(x, 1) for name, x in found.items() if x > 2} == {}


@needs_page
def test_a_choice_shows_its_reply(browser):
    page = browser.new_page()
    page.goto(Path(HTML / "book/06-recasting.html").as_uri())
    choice = page.locator(".ask details").first
    reply = choice.locator("p").first
    assert not reply.is_visible()
    choice.locator("summary").click()
    assert reply.is_visible()
    page.close()

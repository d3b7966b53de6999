"""The book's face: logo, icon, card, README; old addresses that lead to new pages."""

import re
from html.parser import HTMLParser
from pathlib import Path

import chapters
import logo
import pytest
import readme
import yaml
from PIL import Image

ROOT = Path(__file__).parents[2]
HTML = ROOT / "_build" / "html"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
REDIRECTS = CONFIG["sphinx"]["config"]["redirects"]
PAGES = set(re.findall(r"book/[\w/-]+$", (ROOT / "_toc.yml").read_text(encoding="utf-8"), re.M))
needs_page = pytest.mark.skipif(not HTML.is_dir(), reason="no built book: run  make book  first")


class Head(HTMLParser):
    """Tags of a page, with their attributes."""

    def __init__(self, path):
        super().__init__()
        self.tags = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def meta(self):
        about = [given for tag, given in self.tags if tag == "meta"]
        return {given.get("property") or given.get("name"): given.get("content") for given in about}

    def hrefs(self, tag, **asked):
        return [given["href"] for name, given in self.tags if name == tag and asked.items() <= given.items()]


def test_logo_icon_and_card_are_those_that_the_tool_draws(capsys):
    assert logo.main(check=True) == 0, capsys.readouterr().out
    for name in (CONFIG["logo"], CONFIG["html"]["favicon"]):
        assert (ROOT / name).is_file()
    with Image.open(logo.ASSETS / CONFIG["sphinx"]["config"]["card"]) as card:
        assert card.size == (1200, 630)


def test_a_stale_logo_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(logo, "ROOT", tmp_path)
    monkeypatch.setattr(logo, "ASSETS", tmp_path)
    assert logo.main(check=False) == 0
    assert logo.main(check=True) == 0
    (tmp_path / "logo.svg").write_text("<svg/>")
    Image.new("RGB", (1200, 630), "white").save(tmp_path / "card.png")
    assert logo.main(check=True) == 1


def test_the_readme_is_short():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    for picture in re.findall(r'!\[[^\]]+\]\(([^)]+)\)|src="([^"]+)"', text):
        assert (ROOT / "".join(picture)).is_file()


def test_a_row_of_results_for_each_method_and_a_column_for_each_set():
    lines = readme.table().splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert [line.split("|")[1].strip() for line in lines[2:6]] == list(readme.ROWS.values())
    assert all(cell.strip() for line in lines[:6] for cell in line.split("|")[1:-1])
    assert not re.search("[▲▼]", lines[2])


def test_what_a_chapter_takes_is_read_from_one_line():
    line = '<p class="takes">About 2 minutes on a CPU · 1 GB{} · data: <code>numbers</code>; results</p>'
    assert chapters.takes(line.format("")) == ("About 2 minutes on a CPU", "CPU", "<code>numbers</code>; results")
    assert chapters.takes(line.format(" · CPU or GPU"))[1] == "CPU or GPU"
    assert chapters.takes(line.format(" · GPU"))[1] == "GPU"


def test_the_table_of_chapters_has_them_all_once():
    known = chapters.chapters()
    for table in (chapters.table(), chapters.short_table()):
        assert [table.count(chapters.colab(chapter)) for chapter in known] == [1] * len(known)
    assert len({line.count("|") for line in chapters.table().splitlines()}) == 1


def test_old_addresses_lead_to_other_pages():
    for old, new in REDIRECTS.items():
        assert new not in REDIRECTS, "a chain"
        assert new in PAGES
        assert old not in PAGES, "a page of its own"


@needs_page
@pytest.mark.parametrize(("old", "new"), REDIRECTS.items())
def test_an_old_address_leads_to_the_new_page(old, new):
    path = HTML / f"{old}.html"
    head = Head(path)
    (target,) = head.hrefs("a")
    assert (path.parent / target).resolve() == HTML / f"{new}.html"
    assert (path.parent / target).is_file()
    assert f'content="0; url={target}"' in path.read_text(encoding="utf-8")
    assert head.hrefs("link", rel="canonical")


@needs_page
@pytest.mark.parametrize("page", sorted(PAGES))
def test_a_page_has_icon_logo_and_card(page):
    path = HTML / f"{page}.html"
    head = Head(path)
    for href in head.hrefs("link", rel="icon"):
        assert (path.parent / href).is_file()
    assert head.hrefs("link", rel="icon")
    about = head.meta()
    assert about["og:title"]
    assert about["twitter:card"] == "summary_large_image"
    if not about["og:image"].startswith("http"):
        assert (path.parent / about["og:image"]).is_file()
    logos = [given for tag, given in head.tags if tag == "img" and "logo__image" in given.get("class", "")]
    assert all((path.parent / given["src"]).is_file() for given in logos)
    assert logos

import io

import numpy as np
import pytest
from PIL import Image
from sklearn.utils import murmurhash3_32

from drcl_mini import DRCL
from drcl_mini.data.features import text_features
from drcl_mini.embed import gallery as gallery_module
from drcl_mini.embed import page as module

TYPED = [
    "cherry",
    "a Leaf",
    "number 3, SKY!",
    "ÜBER straße",
    "日本語 の 単語",
    "🍒🍒",
    "İstanbul ΣΊΣΥΦΟΣ",
    "x",
    "a-b_c's",
]
TYPED += ["नमस्ते दुनिया", "tabs\tand\x1cseparators\x85here", "</script><b>", "e\u0301te\u0301", "a\ufeffb c\u180ed"]


def titles(page, medium):
    return page.locator(f"section.{medium} footer span:first-child").all_inner_texts()


def test_the_hash_is_that_of_scikit_learn(make, visit):
    words = [*TYPED, "", "a", "ab", "abc", "abcd", "abcde", "\U0001f352"]
    found = visit(make()).evaluate("words => words.map(Search.murmur)", words)
    assert found == [murmurhash3_32(word.encode(), seed=0) for word in words]


def test_features_of_words_are_those_of_the_package(make, visit):
    script = "words => words.map(word => Array.from(Search.features(word, 1024, GALLERY.encoder.longest)))"
    found = visit(make()).evaluate(script, TYPED)
    assert np.allclose(found, text_features(TYPED), atol=1e-6)


def test_words_go_through_the_encoder_as_in_python(make, mine, visit):
    page = visit(make())
    script = """words => { const encoder = Search.openEncoder(GALLERY.encoder);
        return words.map(word => Array.from(Search.embed(encoder, word))); }"""
    found = np.array(page.evaluate(script, TYPED))
    model = DRCL.load(mine[1], "cpu")
    expected = model.transform({"text": text_features(TYPED)})["text"]
    assert (found * expected).sum(axis=1).min() > 0.99
    assert "Your words go through the trained text encoder" in page.inner_text("#how")


def test_searching_by_words_and_by_items(make, visit):
    page = visit(make())
    assert page.inner_text("h1") == "Search mine"
    assert page.inner_text("#about").startswith("24 pictures, 24 texts, 12 sounds, of 3 classes.")
    page.fill("#words", "leaf number 1")
    page.keyboard.press("Enter")
    assert page.inner_text("#status") == "Nearest to “leaf number 1”:"
    assert {title.split(" ")[0] for title in titles(page, "text")[:3]} == {"leaf"}
    assert page.locator("section.text .item").first.inner_text() == "leaf number 1"
    first = titles(page, "picture")
    page.locator("section.text .item").first.click()
    assert page.inner_text("#status") == "Nearest to “leaf number 1”, of class leaf:"
    assert titles(page, "picture") == first
    assert "leaf number 1" not in page.locator("section.text .item").all_inner_texts()
    page.locator("section.picture .item").first.click()
    assert page.inner_text("#status").startswith("Nearest to the picture “picture ")
    page.locator("section.sound .item").first.click()
    assert page.inner_text("#status").startswith("Nearest to the sound “")
    page.click("#clear")
    assert page.inner_text("#status") == "Some of the items:"


def test_one_medium_alone_and_more_of_it(make, visit):
    page = visit(make())
    assert page.locator("section").count() == 3
    assert page.locator("section.picture li").count() == 6
    page.click("section.picture .more")
    assert page.locator("section.picture li").count() == 24
    page.click("#chips >> text=Sounds")
    assert page.locator("section").count() == 1
    assert page.locator("section.sound li").count() == 12
    assert page.locator("#chips [aria-pressed=true]").all_inner_texts() == ["Sounds"]


def test_the_keyboard_is_enough(make, visit):
    page = visit(make())
    for key in ("Tab", "s", "k", "y", "Enter"):
        page.keyboard.press(key)
    assert page.inner_text("#status") == "Nearest to “sky”:"
    focused = "document.activeElement.className || document.activeElement.id || document.activeElement.tagName"
    seen = []
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(focused))
        if seen[-1] == "item":
            break
    page.keyboard.press("Enter")
    assert page.inner_text("#status").startswith("Nearest to the picture")
    assert page.evaluate(focused) == "clear"


def test_pictures_are_seen_and_sounds_play(make, visit):
    page = visit(make())
    seen = "[...document.images].every(image => image.complete && image.naturalWidth > 0 && image.alt)"
    page.wait_for_function(seen)
    length = """async () => { const sound = document.querySelector('audio'); sound.preload = 'auto'; sound.load();
        await new Promise((done, fail) => { sound.oncanplaythrough = done; sound.onerror = fail; });
        return sound.duration; }"""
    assert 0.25 < page.evaluate(length) < 0.6


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(make, visit, width):
    page = visit(make(), viewport={"width": width, "height": 800})
    page.fill("#words", "w" * 300)
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_dark_where_the_reader_wants_it(make, visit):
    path = make()
    background = "getComputedStyle(document.body).backgroundColor"
    assert visit(path, color_scheme="dark").evaluate(background) == "rgb(18, 18, 18)"
    assert visit(path, color_scheme="light").evaluate(background) == "rgb(255, 255, 255)"


def test_other_features_of_texts_are_searched_by_spelling(make, visit, monkeypatch):
    monkeypatch.setattr(gallery_module, "MOST_WEIGHTS", 10)
    page = visit(make())
    assert "Your words are matched by their spelling" in page.inner_text("#how")
    page.fill("#words", "Chery nummber 5")
    page.keyboard.press("Enter")
    assert page.inner_text("#status") == "Spelt most like “Chery nummber 5”: “cherry number 5”. Nearest to it:"
    assert page.locator("section.text .item").first.inner_text() == "cherry number 5"
    page.fill("#words", "日本")
    page.keyboard.press("Enter")
    assert page.inner_text("#status") == "No text or title here shares letters with “日本”."


@pytest.mark.parametrize(("motion", "moving"), [("no-preference", 1), ("reduce", 0)])
def test_animations_stand_still_for_readers_who_ask_for_it(tmp_path, visit, motion, moving):
    opened = io.BytesIO()
    first, second = (Image.new("L", (8, 8), grey) for grey in (0, 255))
    first.save(opened, "GIF", save_all=True, append_images=[second])
    medium = {"name": "clip", "kind": "picture", "labels": [[0]], "titles": ["a clip"], "shown": ["0.gif"], "dim": 1}
    found = {"name": "a", "title": "a", "classes": ["x"], "media": [medium | {"vectors": "fw=="}], "encoder": None}
    module.write_page(tmp_path / "a.html", found, {"0.gif": opened.getvalue()})
    page = visit(tmp_path / "a.html", reduced_motion=motion)
    page.get_by_role("img", name="a clip (x)").wait_for()
    page.wait_for_function(f"document.images.length === {moving}")
    assert page.locator("canvas").count() == 1 - moving


def test_items_of_several_classes_or_none(tmp_path, visit):
    medium = {"name": "text", "kind": "text", "labels": [[0, 1], []], "titles": ["", ""], "shown": ["one", "two"]}
    medium |= {"dim": 1, "vectors": "f38="}
    found = {"name": "a", "title": "a", "classes": ["sea", "sun"], "media": [medium], "encoder": None}
    module.write_page(tmp_path / "a.html", found, {})
    page = visit(tmp_path / "a.html")
    assert titles(page, "text") == ["sea, sun", "no class"]
    page.locator("section.text .item >> text=one").click()
    assert page.inner_text("#status") == "Nearest to “one”, of class sea, sun:"
    page.locator("section.text .item >> text=two").click()
    assert page.inner_text("#status") == "Nearest to “two”:"

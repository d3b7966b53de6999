"""The search of the first page: it ranks as the package does, before and after training, and says when it guesses."""

import json
from pathlib import Path

import numpy as np
import pytest
import search_box
from kit.results import result

ODD = [
    "blorf",
    "gitar",
    "Hündin",
    "ГИТАРА",
    "猫",
    "xqzt",
    "rocket science",
    "b2b",
    "a",
    "doggy!",
    "I ♥ rain",
    "zzzzzzzzzz",
]


@pytest.fixture(scope="module")
def content():
    return result("search-box")


@pytest.fixture
def figure(open_figure, content):
    return open_figure("search", content)


def ask(figure, word):
    """Type a word and press Enter, as a reader does."""
    field = figure.host.get_by_role("searchbox")
    field.fill(word)
    field.press("Enter")


def order(figure):
    return [int(i) for i in figure.told("order").split(",")]


def told(figure):
    return figure.host.locator("p.status").inner_text()


def asked(figure, words):
    """What the page notes of each word: its ranking, the class, its probability."""
    script = """(words) => words.map((word) => { const host = document.querySelector(".drcl-live");
      const field = host.querySelector("input[type=search]"); field.value = word;
      field.dispatchEvent(new Event("change")); return { ...host.dataset }; })"""
    return figure.page.evaluate(script, words)


@pytest.mark.parametrize("when", ["after", "before"])
def test_two_hundred_words_are_ranked_as_the_package_does(figure, content, when):
    known = content["words"][:: len(content["words"]) // 120][:120]
    strange = sorted(set(search_box.words_of(2)[0]) - set(content["words"]))
    words = [*known, *strange[:: len(strange) // 68][:68], *ODD]
    assert len(words) == 200
    figure.press(f"{when} training")
    found = asked(figure, words)
    expected = search_box.rankings(content, words, when)
    chances = search_box.probabilities(content, words)
    labels = np.array([item["label"] for item in content["items"]])
    for word, page, own, chance in zip(words, found, expected, chances, strict=True):
        assert [int(i) for i in page["order"].split(",")] == own.tolist(), word
        assert page["name"] == content["classes"][chance.argmax()], word
        assert float(page["chance"]) == pytest.approx(chance.max(), abs=1e-9)
        assert int(page["hits"]) == (labels[own[:10]] == chance.argmax()).sum()
    assert len({tuple(own) for own in expected}) > 190
    assert figure.faults == []


def test_pieces_and_their_columns():
    assert search_box.pieces("No!") == ["^n", "no", "o$", "^no", "no$", "^no$"]
    assert search_box.fnv("") == 0x811C9DC5
    assert search_box.fnv("foobar") == 0xBF9CF968  # from the authors' list of test values
    assert np.linalg.norm(search_box.word_features(["rain", ""]), axis=1).round(6).tolist() == [1, 0]


def test_small_weights_cost_little_and_training_gains_much(content):
    """Scores of the stored weights, asked again; the full model's are stored beside them."""
    scores = content["map"]
    assert scores["full"] - scores["after"] < 0.02
    assert scores["after"] > 2 * scores["before"]
    again = search_box.measured(content)
    assert again["map"] == pytest.approx({k: scores[k] for k in ("before", "after")}, abs=1e-5)
    assert again["right among ten"] == pytest.approx(content["right among ten"], abs=1e-4)
    assert again["right"] == pytest.approx(content["right"], abs=1e-4)
    assert content["right"]["seen"] > 0.6 > 0.3 > content["right"]["unseen"]  # letters don't tell what a word means


def test_what_is_stored_is_small_and_unseen_in_training(content):
    size = len(json.dumps(content, ensure_ascii=False))
    assert size < 1_500_000
    assert len(json.dumps(content["encoders"])) < 600_000
    items = content["items"]
    assert 160 <= len(items) <= 240
    assert max(len(item["picture"]) for item in items) <= 2_500
    things = search_box.load_collection("things")
    for medium in search_box.SHOWN:
        own = things.media[medium]
        trained = set(own.group[own.part == 0].tolist())
        shown = {item["title"] for item in items if item["medium"] == medium}
        assert shown
        assert not shown & trained


def test_a_word_is_typed_and_what_is_found_is_shown(figure, content):
    assert told(figure).startswith("I read “dog” as mammal (")
    after, before = (10 * content["right among ten"][when] for when in ("after", "before"))
    assert f"{after:.1f} of ten are right; before training {before:.1f}." in figure.host.inner_text()
    figure.host.get_by_role("searchbox").press("End")
    figure.page.keyboard.type("s")  # "dogs", without Enter
    figure.page.wait_for_function("document.querySelector('.status').textContent.includes('“dogs”')", timeout=5000)
    ask(figure, "train")
    assert told(figure).startswith("I read “train” as vehicle (")
    names = {item["medium"] for item in content["items"]}
    for name in names:
        assert figure.host.locator(".hit", has=figure.page.locator(f"[title^='{name}: ']")).count() >= 5
    first = content["items"][order(figure)[0]]
    card = figure.host.locator(".hit", has_text="1 ✓ vehicle").first
    assert card.get_by_role("img").get_attribute("title") == f"{first['medium']}: {first['title']}"
    assert figure.host.locator(".hit small", has_text="✓ vehicle").count() >= int(figure.told("hits"))
    assert figure.faults == []


def test_it_says_when_it_guesses(figure, content):
    words = ["castle", "zebu", *ODD]
    sure = search_box.probabilities(content, words).max(axis=1) >= content["sure"]
    guess = next(word for word, yes in zip(words[1:], sure[1:], strict=True) if not yes)
    mistaken = next(word for word, yes in zip(words[1:], sure[1:], strict=True) if yes)
    ask(figure, "castle")  # a word of the training data
    assert "guess" not in told(figure)
    assert "never met" not in told(figure)
    ask(figure, guess)
    assert "I haven't seen anything like this word; this is a guess." in told(figure)
    ask(figure, mistaken)
    assert "I never met it: letters mislead." in told(figure)


def test_missions(figure):
    assert figure.done() == [False, False, False]
    figure.press("guitar")
    after = int(figure.told("hits"))
    ask(figure, "gitar")
    assert figure.done() == [False, True, "guess" in told(figure)]
    figure.press("dog")
    assert int(figure.told("hits")) == 10 > after
    figure.press("before training")
    assert int(figure.told("hits")) < 5
    assert figure.host.get_by_role("button", name="before training").get_attribute("aria-pressed") == "true"
    assert figure.done()[:2] == [True, True]
    ask(figure, "zzzzzzzzzz qqq")
    assert figure.done()[2] == ("guess" in told(figure))
    assert figure.faults == []


def test_it_is_searched_by_touch_and_nothing_moves_where_that_is_unwanted(open_figure, content):
    options = {"viewport": {"width": 320, "height": 700}, "has_touch": True, "reduced_motion": "reduce"}
    figure = open_figure("search", content, **options)
    figure.host.get_by_role("button", name="rain", exact=True).tap()
    assert told(figure).startswith("I read “rain” as sky (")
    moving = "document.getAnimations().length"
    assert figure.page.evaluate(moving) == 0
    assert figure.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert open_figure("search", content).page.evaluate(moving) > 0


def test_the_welcome_page_tells_what_small_weights_cost():
    found = result("search-box")["map"]
    told = (Path(__file__).parents[2] / "book" / "00-welcome.ipynb").read_text(encoding="utf-8")
    assert f"is {found['after']:.3f} instead of {found['full']:.3f}" in told

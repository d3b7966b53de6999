"""The set of ten digits: honest splits, features that come out again, items that come from the sources."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image
from scipy.io import wavfile

from data_scripts import numbers, numbers_card, numbers_medium, numbers_signs, numbers_speech, numbers_words
from data_scripts.identity import Member
from data_scripts.numbers_words import Word
from data_scripts.readers import ConversionError
from data_scripts.shipping import kept
from drcl_mini.data import media
from drcl_mini.data.shipped import collection

PARTS = numbers_medium.PARTS


@pytest.fixture(scope="module")
def shipped():
    return collection.read_collection(collection.FOLDER / "numbers.npz")


@pytest.fixture(scope="module")
def card():
    return json.loads((collection.FOLDER / "numbers.json").read_text(encoding="utf-8"))


@pytest.fixture(params=numbers.MEDIA)
def medium(request, shipped):
    return request.param, shipped.media[request.param]


def between(medium, distances):
    """Distances of items of different splits."""
    return distances[medium.part[:, None] != medium.part[None]]


def test_all_digits_are_in_every_split(medium):
    name, own = medium
    counts = np.array([np.bincount(own.labels[own.part == part], minlength=10) for part in range(3)])
    if name == "word":
        assert counts.min() >= 8
        assert counts.sum() == 680
    else:
        expected = {"speech": (60, 14, 26)}.get(name, (60, 15, 25))
        assert counts.T.tolist() == [list(expected)] * 10


def test_a_group_is_in_one_split(medium):
    _, own = medium
    pairs = set(zip(own.group.tolist(), own.part.tolist(), strict=True))
    assert len(pairs) == len(set(own.group.tolist()))
    assert not [title for title in own.title if not title.isprintable()]


def test_speakers_are_apart_and_two_test(shipped):
    own = shipped.media["speech"]
    speakers = [sorted(set(own.group[own.part == part].tolist())) for part in range(3)]
    assert [len(names) for names in speakers] == [3, 1, 2]
    assert len({name for names in speakers for name in names}) == 6
    assert len({media.sound(item)[0].tobytes() for item in own.items}) == len(own.items)


def test_nothing_is_nearly_in_two_splits(shipped):
    bits = shipped.media["writing"]
    flat = bits.items.reshape(len(bits.items), -1).astype(int)
    assert between(bits, (flat[:, None] != flat[None]).sum(axis=2)).min() >= 13
    pen = shipped.media["pen"]
    flat = pen.items.reshape(len(pen.items), -1).astype(int)
    assert between(pen, np.abs(flat[:, None] - flat[None]).sum(axis=2)).min() >= 32
    sign = shipped.media["sign"]
    thumbs = [Image.fromarray(media.picture(item)).resize((32, 32)) for item in sign.items]
    flat = np.array([np.asarray(thumb, float).ravel() for thumb in thumbs])
    assert between(sign, np.array([np.abs(flat - one).mean(axis=1) for one in flat])).min() > 5
    word = shipped.media["word"]
    parts = {}
    for text, part in zip(word.items.tolist(), word.part.tolist(), strict=True):
        parts.setdefault(numbers_words.plain(text), set()).add(part)
    assert {len(own) for own in parts.values()} == {1}


def test_features_come_out_of_the_items_again(medium):
    name, own = medium
    table = numbers.CLASSIC[name](own.items)
    assert np.allclose(table, own.classic.astype(np.float32), rtol=1e-3, atol=1e-3)
    assert (kept(table, numbers.DIGITS_KEPT["classic"]) == own.classic).mean() > 0.999


def test_features_of_networks_come_out_again(shipped, alike):
    pytest.importorskip("onnxruntime", reason="needed for building only")
    for name, extract in numbers.DEEP.items():
        own = shipped.media[name]
        rows = np.arange(0, len(own.labels), 40)
        alike(extract, own.take(rows), own.features[rows])


def test_the_card_tells_sources_and_terms_of_every_part(shipped, card):
    assert list(card["parts"]) == list(shipped.media)
    for name, part in card["parts"].items():
        assert part["items"] == len(shipped.media[name].labels) == sum(part["split"].values())
        assert not [key for key in ("what", "source", "content_id", "licence", "attribution") if not part[key]]
        assert f"{part['licence']}.txt" in part["licence_files"]
        for file in part["licence_files"]:
            assert (collection.FOLDER / "licences" / file).stat().st_size > 1000
        about = numbers.ABOUT.dimensions[name]
        assert part["dimensions"]["features"] == shipped.media[name].features.shape[1] == about
    assert (collection.FOLDER / "numbers.npz").stat().st_size <= 8 * 10**6


@pytest.mark.mirror
@pytest.mark.parametrize("name", numbers.MEDIA)
def test_items_come_from_the_sources(shipped, card, name):
    own, found = shipped.media[name], numbers.MEDIA[name](numbers.SEED)
    for field in ("labels", "part", "group", "title"):
        assert np.array_equal(getattr(own, field), np.array(getattr(found, field))), field
    if isinstance(own.items, np.ndarray):
        assert np.array_equal(own.items, found.items)
        assert own.items.dtype == found.items.dtype
    elif numbers_card.encoders() == card["encoders"]:
        assert all(np.array_equal(a, b) for a, b in zip(own.items, found.items, strict=True))
    elif name == "speech":
        pairs = zip(own.items, found.items, strict=True)
        assert all(np.array_equal(media.sound(a)[0], media.sound(b)[0]) for a, b in pairs)
    else:
        pairs = zip(own.items, found.items, strict=True)
        differences = [np.abs(media.picture(a).astype(int) - media.picture(b)).mean() for a, b in pairs]
        assert max(differences) < 1


@pytest.mark.mirror
def test_photographs_were_chosen_by_the_rule(mirror_folder):
    root = mirror_folder / numbers_signs.BASE.removeprefix("https://") / "Dataset"
    places = [str(path.relative_to(root)) for path in root.glob("*/*.JPG") if Image.open(path).size == (100, 100)]
    assert numbers_signs.choose(places, numbers.SEED) == [name for name, _ in numbers_signs.manifest()]


@pytest.fixture
def mirror_folder():
    folder = Path(os.environ["DRCL_MINI_MIRROR"])
    if not folder.is_dir():
        pytest.skip("the mirror is an address: it lists no files")
    return folder


def photographs(turns, start=1):
    """Files of turns, each a word of digits, numbered one after the other."""
    return [f"{digit}/IMG_{start + i}.JPG" for i, digit in enumerate("".join(turns))]


def test_only_whole_turns_in_blocks_are_chosen(monkeypatch):
    monkeypatch.setattr(numbers_signs, "COUNTS", {"train": 10})
    whole = "0123456789"
    odd = ["012345678", "0213456789", "01123456789"]
    places = photographs([*[whole] * 3, *odd, *[whole] * 2, whole, *[whole] * 5])
    chosen = numbers_signs.choose(places[::-1], seed=0)
    assert "".join(place[0] for place in chosen) == whole * 10
    taken = [int(place.split("_")[1][:-4]) for place in chosen]
    assert taken == [*range(1, 31), *range(61, 81), *range(91, 141)], "of the odd turns and of the sixth, none"


def test_photographs_lose_what_the_camera_wrote(complains):
    file, profile = io.BytesIO(), b"a profile"
    exif = Image.Exif()
    exif[0x010F] = "camera"
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8))
    noise.save(file, "JPEG", quality=97, exif=exif, icc_profile=profile)
    item = numbers_signs.small(file.getvalue(), "some.JPG")
    assert len(item) < len(file.getvalue()) / 2
    with Image.open(io.BytesIO(item.tobytes())) as again:
        assert (again.format, again.size, again.info["icc_profile"]) == ("JPEG", (100, 100), profile)
        assert not dict(again.getexif())
    with complains("some.JPG is no JPEG file", error=ConversionError):
        numbers_signs.small(b"hello", "some.JPG")
    noise.resize((50, 100)).save(file := io.BytesIO(), "JPEG")
    with complains("some.JPG has (50, 100) pixels", error=ConversionError):
        numbers_signs.small(file.getvalue(), "some.JPG")


def test_recordings_lose_nothing():
    samples, file = np.random.default_rng(0).integers(-32768, 32768, 3000).astype(np.int16), io.BytesIO()
    wavfile.write(file, 8000, samples)
    sound, rate = media.sound(numbers_speech.as_flac(Member("x.wav", False, file.getvalue())))
    assert rate == 8000
    assert np.array_equal((sound * 32768).astype(np.int16), samples)


def test_too_few_items_are_told(complains):
    with complains("train has 1 items of digit 0, expected 2"):
        numbers_medium.draw(np.arange(10), np.zeros(10), {"train": 2}, seed=0)


RULES = {
    "%spellout-numbering": [["-x", "minus →→;"], ["0", "zero;"], ["1", "=%spellout-cardinal-masculine=;"]],
    "%spellout-cardinal-masculine": [["0", "zero;"], ["1", "un;"], ["2", "'deux;"], ["3", "tr\u00eas;"], ["4", "=0=;"]],
    "%spellout-cardinal-genitive": [["0", "of nought;"]],
}


def test_words_are_spelled_by_the_rules():
    spelled = [numbers_words.spell(RULES, "%spellout-numbering", number) for number in range(6)]
    assert spelled == ["zero", "un", "deux", "três", None, None]


def test_words_with_the_same_letters_and_forms_of_a_language_are_one_group():
    other = {"%spellout-numbering": [["0", "nul;"], ["1", "uno;"], ["2", "due;"], ["3", "tres;"], ["4", "=0=;"]]}
    other["%spellout-cardinal-feminine"] = [["0", "nul;"], ["1", "una;"], ["2", "=0=;"]]
    found = {word.word: word for word in numbers_words.number_words({"A": RULES, "B": other})}
    assert set(found) == {"zero", "un", "deux", "três", "nul", "uno", "due", "tres", "una"}
    assert found["três"].group == found["tres"].group
    assert found["uno"].group == found["una"].group != found["un"].group
    assert found["nul"].languages == ("B",)


def test_groups_of_words_fill_the_shares():
    words = [Word(f"{digit}-{i}", digit, ("A",), f"{digit}-{i // 2}") for digit in range(10) for i in range(40)]
    part = numbers_words.spread(words, seed=0)
    counts = np.array([np.bincount([p for w, p in part.items() if w.digit == d], minlength=3) for d in range(10)])
    assert np.abs(counts - [24, 6, 10]).max() <= 2
    assert len({(word.group, own) for word, own in part.items()}) == 200
    assert numbers_words.spread(words[::-1], seed=0) == part


def test_the_whole_file_is_written_with_its_card(monkeypatch, data_home):
    def few(kind):
        labels = np.tile(np.arange(10), 3)
        part = np.repeat(np.arange(3), 10)
        return lambda seed: numbers_medium.Medium(kind, labels, part, ["g"] * 30, ["t"] * 30)

    sound = (9000 * np.sin(np.arange(2000) / 3)).astype(np.int16)
    made = {
        "writing": np.eye(16, dtype=np.uint8)[None].repeat(30, axis=0),
        "pen": np.arange(480, dtype=np.uint8).reshape(30, 8, 2) % 101,
        "sign": [np.frombuffer(_jpeg(), np.uint8)] * 30,
        "speech": [_flac(sound)] * 30,
        "word": np.array(["seven"] * 30),
    }
    monkeypatch.setattr(numbers, "MEDIA", {name: few(items) for name, items in made.items()})
    monkeypatch.setattr(numbers, "DEEP", {"sign": lambda items: np.ones((len(items), 5))})
    found = collection.read_collection(numbers.build())
    assert found.names == {"classes": tuple("0123456789")}
    assert found.media["sign"].features.shape == (30, 5)
    assert found.media["sign"].classic.shape == (30, 372)
    assert np.array_equal(found.media["sign"].items[7], made["sign"][7])
    told = json.loads((data_home / "numbers.json").read_text(encoding="utf-8"))
    assert told["parts"]["word"]["split"] == {"train": 10, "validation": 10, "test": 10}


def _jpeg():
    file = io.BytesIO()
    Image.new("RGB", (100, 100), "red").save(file, "JPEG")
    return file.getvalue()


def _flac(samples):
    file = io.BytesIO()
    soundfile.write(file, samples, 8000, format="FLAC", subtype="PCM_16")
    return np.frombuffer(file.getvalue(), np.uint8)

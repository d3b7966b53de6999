"""How things are made, piece by piece: the table, models, pictures, clips, texts, splits."""

import io
import json
import struct

import numpy as np
import pytest
from PIL import Image

from data_scripts.things import pictures, texts, tree
from data_scripts.things.media import Item, single
from data_scripts.things.shapes import Model, points, triangles
from data_scripts.things.sources import _key, _words
from data_scripts.things.split import split_concepts
from drcl_mini.data import media

TABLE = """# how it is written
== animals

= bird

- land birds
crow: \U0001f426 crow_*
  old_crow @Crow @some_pack/Crow_2
owl:
= bug
- flies
fly: fly_01"""


def test_a_table_is_read_with_its_continued_lines():
    crow, owl, fly = tree.parse(TABLE)
    assert crow.path == owl.path == ("animals", "bird", "land birds")
    assert fly.path == ("animals", "bug", "flies")
    assert crow.emoji == ("1f426",)
    assert crow.drawings == ("crow_*", "old_crow")
    assert crow.models == ("*/Crow", "some_pack/Crow_2")
    assert owl[2:] == ((), (), ())


def test_the_table_claims_nothing_twice():
    names = [concept.name for concept in tree.concepts()]
    assert len(set(names)) == len(names) > 450
    fine = {concept.path[2]: concept.path for concept in tree.concepts()}
    assert all(fine[concept.path[2]] == concept.path for concept in tree.concepts())
    assert tree.concept_of("tiger_graig_ryan_smith_-_01", "drawings").name == "tiger"
    assert tree.concept_of("simple_nature_pack/Bush1", "models").path[2] == "trees"
    assert tree.concept_of("nothing_like_it", "drawings") is None


def test_files_of_emoji_are_found_by_their_code_points():
    assert _key("package/assets/2600-fe0f.webp", "package/assets/*") == "2600"
    assert _key("package/black/svg/1F408-200D-2B1B.svg", "package/black/svg/*.svg") == "1f408-200d-2b1b"
    assert _key("package/color/svg/1F408.svg", "package/black/svg/*.svg") == ""
    assert _key("package/README.md", "package/*") == ""


def test_words_of_a_drawing():
    svg = "<dc:title> L&amp;#233;zard </dc:title><rdf:li>animal</rdf:li><rdf:li>\n</rdf:li>"
    assert _words(svg) == ("Lézard", "animal", "")
    assert texts.drawing_text(("Red_Flower_01", "plant", "flower", "hash", "red flower")) == "red flower: plant"
    assert texts.drawing_text(("Homes Clipart", "house")) == texts.drawing_text(()) == ""


def glb(description, binary):
    text = json.dumps(description).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


@pytest.fixture
def plate():
    """A red square in the x-y plane, stored with sides of 1, which its node makes 4 wide and 2 high."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], "<f4").tobytes()
    faces = np.array([0, 1, 2, 0, 2, 3], "<u2").tobytes()
    attributes = {"attributes": {"POSITION": 0}, "indices": 1, "material": 0}
    views = [{"byteLength": 48}, {"byteOffset": 48, "byteLength": 12}]
    accessors = [
        {"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"},
        {"bufferView": 1, "componentType": 5123, "count": 6, "type": "SCALAR"},
    ]
    description = {
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "scale": [4, 2, 1], "translation": [5, 5, 5]}],
        "meshes": [{"primitives": [attributes]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}],
        "bufferViews": views,
        "accessors": accessors,
    }
    return glb(description, corners + faces)


def test_a_model_becomes_points(plate):
    assert triangles(plate).corners.reshape(-1, 3).max(axis=0).tolist() == [9, 7, 5]
    found = points(plate, seed=0)
    assert found.shape == (1024, 9)
    assert found.dtype == np.int8
    assert np.abs(found[:, 0]).max() == 127
    assert 60 <= np.abs(found[:, 1]).max() <= 64
    assert not found[:, 2].any()
    assert (found[:, 3:] == [0, 0, 127, 127, 0, 0]).all()
    assert np.array_equal(found, points(plate, seed=0))
    assert not np.array_equal(found, points(plate, seed=1))
    quarter = ((found[:, 0] < 0) & (found[:, 1] < 0)).mean()
    assert abs(quarter - 0.25) < 0.04


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match="expected a binary glTF 2"):
        Model(b"solid and not binary at all")


def test_drawings_are_told_from_pictures():
    ink = Image.new("RGB", (64, 64), "white")
    ink.paste("black", (8, 8, 20, 60))
    assert pictures.is_drawing(ink)
    ink.paste((200, 30, 30), (30, 8, 60, 60))
    assert not pictures.is_drawing(ink)
    grey = Image.new("RGB", (64, 64), (128, 128, 128))
    assert not pictures.is_drawing(grey)
    assert pictures.is_faint(pictures.drawing(Image.new("RGB", (64, 64), (240, 240, 240))))


def test_pictures_lose_their_margins_and_stand_on_white():
    layer = Image.new("RGBA", (100, 100))
    layer.paste((0, 0, 255, 255), (10, 40, 50, 60))
    file = io.BytesIO()
    layer.save(file, "PNG")
    image = pictures.opened(file.getvalue())
    assert image.size == (40, 20)
    shown = media.picture(pictures.drawing(image))
    assert shown.shape == (96, 96, 3)
    assert (shown[:20] == 255).all()
    assert shown[48, 48].max() < 60
    with pytest.raises(ValueError, match="empty picture"):
        pictures.on_white(Image.new("RGBA", (5, 5)))


def film(frames):
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], duration=50, lossless=True)
    return file.getvalue()


def test_a_clip_moves():
    frames = []
    for place in range(20):
        layer = Image.new("RGBA", (60, 60))
        layer.paste((0, 128, 0, 255), (place, 20, place + 20, 40))
        frames.append(layer)
    shown = media.frames(pictures.clip(film(frames)))
    assert shown.shape == (12, 48, 48, 3)
    left = [int(np.argmax((frame[24] != 255).any(axis=1))) for frame in shown]
    assert left == sorted(left)
    assert left[-1] - left[0] > 10
    assert (shown[:, 0] == 255).all()
    assert pictures.clip(film([frames[0], frames[0].copy()])) is None


def test_doubles_and_more_than_three_of_a_concept_go():
    crow, owl, _ = tree.parse(TABLE)
    texts_ = [Item(crow, "", text, "openclipart") for text in ("a", "A", "b", "c", "d")]
    texts_ += [Item(owl, "", text, "emojibase") for text in ("b", "e")]
    assert [(item.concept.name, item.value) for item in single("text", texts_)] == [
        ("crow", "a"),
        ("crow", "c"),
        ("crow", "d"),
        ("owl", "e"),
    ]
    blue, green = (pictures.picture(Image.new("RGB", (9, 9), colour)) for colour in ("blue", "green"))
    shown = [Item(crow, "", value, "fluent") for value in (blue, green, blue)]
    assert [item.value is value for item, value in zip(single("picture", shown), (blue, green), strict=True)] == [
        True
    ] * 2


def test_splits_keep_to_the_shares_in_every_medium():
    generator = np.random.default_rng(3)
    names = [f"{fine} {i}" for fine in "abcd" for i in range(12)]
    paths = {name: ("all", "ab" if name[0] in "ab" else "cd", name[0]) for name in names}
    counts = {name: generator.integers(0, 6, size=3) for name in names}
    found = split_concepts(counts, paths, seed=0)
    assert found == split_concepts(counts, paths, seed=0)
    for fine in "abcd":
        assert {found[name] for name in names if name[0] == fine} == {0, 1, 2}
    for group in ("ab", "cd"):
        own = [name for name in names if paths[name][1] == group]
        table = np.stack([sum(counts[name] for name in own if found[name] == part) for part in range(3)])
        np.testing.assert_allclose(table / table.sum(axis=0), np.tile([[0.6], [0.15], [0.25]], 3), atol=0.08)

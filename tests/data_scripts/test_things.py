"""The shipped set of things: a strict tree, concepts in one split, features that come out again, terms."""

import importlib.util
import json
import zlib

import numpy as np
import pytest

from data_scripts import things
from data_scripts.things import sources
from data_scripts.things.collection import CLASSIC, DECIMALS, DEEP, kept, levels
from data_scripts.things.media import FEWEST, NEAR, _thumb
from data_scripts.things.shapes import points
from data_scripts.things.tree import LEVELS, concepts
from drcl_mini.data import media
from drcl_mini.data.shipped import collection

MEDIA = tuple(CLASSIC)


@pytest.fixture(scope="module")
def shipped():
    return collection.read_collection(collection.FOLDER / "things.npz")


@pytest.fixture(scope="module")
def card():
    return json.loads((collection.FOLDER / "things.json").read_text(encoding="utf-8"))


@pytest.fixture(params=MEDIA)
def medium(request, shipped):
    return request.param, shipped.media[request.param]


def counts(shipped, name, level):
    """Items of each class (C, 3) in train, validation and test."""
    own, table = shipped.media[name], np.zeros((len(shipped.names[level]), 3), int)
    np.add.at(table, (shipped.labels(name, level), own.part), 1)
    return table


def test_the_tree_is_strict(shipped):
    assert tuple(shipped.media) == MEDIA
    assert tuple(shipped.names) == LEVELS
    assert [len(names) for names in shipped.names.values()] == [5, 12, 49]
    for level, above in shipped.above.items():
        upper = shipped.names[LEVELS[LEVELS.index(level) - 1]]
        assert len(set(shipped.names[level])) == len(shipped.names[level]) == len(above)
        assert set(above.tolist()) == set(range(len(upper)))
    arrays = levels()
    assert all(shipped.names[level] == tuple(arrays[f"{level}/names"].tolist()) for level in LEVELS)


def test_labels_are_those_of_the_table(medium, shipped):
    name, own = medium
    paths = {concept.name: concept.path for concept in concepts()}
    for level, names in shipped.names.items():
        expected = [paths[group][LEVELS.index(level)] for group in own.group.tolist()]
        assert [names[label] for label in shipped.labels(name, level)] == expected


def test_a_concept_lies_in_one_split_of_all_media(shipped):
    parts = {}
    for own in shipped.media.values():
        for group, part in zip(own.group.tolist(), own.part.tolist(), strict=True):
            parts.setdefault(group, set()).add(part)
    assert {len(found) for found in parts.values()} == {1}
    assert len(parts) > 450


def test_there_is_enough_of_everything(shipped, medium):
    name, own = medium
    assert {"picture": 1000, "drawing": 600, "text": 900, "shape": 290, "clip": 180}[name] <= len(own.labels) <= 1200
    table = counts(shipped, name, "classes")
    there = table.sum(axis=1) > 0
    assert table.sum(axis=1)[there].min() >= FEWEST
    assert (table[there] > 0).all()
    whole = table.sum(axis=0) / table.sum()
    np.testing.assert_allclose(whole, [0.6, 0.15, 0.25], atol=0.04)


def test_finer_classes_have_three_concepts_and_eight_items_in_two_media(shipped):
    at_least_eight = np.zeros(49, int)
    for name in MEDIA:
        at_least_eight += counts(shipped, name, "fine").sum(axis=1) >= 8
    assert at_least_eight.min() >= 2
    found = {}
    for own in shipped.media.values():
        for label, group in zip(own.labels.tolist(), own.group.tolist(), strict=True):
            found.setdefault(label, set()).add(group)
    assert min(map(len, found.values())) >= 3


def test_nothing_is_nearly_twice(shipped):
    for name, nearest in NEAR.items():
        own = shipped.media[name]
        thumbs = np.array([_thumb(item) for item in own.items])
        for row, thumb in enumerate(thumbs[:-1]):
            assert np.abs(thumbs[row + 1 :] - thumb).mean(axis=1).min() >= nearest - 0.01
    text = [item.casefold() for item in shipped.media["text"].items.tolist()]
    assert len(set(text)) == len(text)
    shape = shipped.media["shape"]
    assert len({item.tobytes() for item in shape.items}) == len(shape.items)


def test_items_have_their_form(shipped):
    kinds = {"picture": "image/webp", "drawing": "image/png", "clip": "image/gif"}
    for name, kind in kinds.items():
        assert {media.mime(item) for item in shipped.media[name].items} == {kind}
    assert {media.picture(item).shape for item in shipped.media["picture"].items} == {(96, 96, 3)}
    assert all(2 <= len(media.frames(item)) <= 12 for item in shipped.media["clip"].items)
    shape = shipped.media["shape"].items
    assert shape.dtype == np.int8
    assert shape.shape[1:] == (1024, 9)
    assert shape[..., 6:].min() >= 0
    np.testing.assert_allclose(np.linalg.norm(shape[..., 3:6].astype(float), axis=2), 127, atol=1.5)
    assert not [title for own in shipped.media.values() for title in own.title if not title.isprintable()]


def test_features_come_out_of_the_items_again(medium):
    name, own = medium
    rows = np.arange(0, len(own.labels), 4)
    table = kept(CLASSIC[name](own.take(rows)), DECIMALS["classic"]).astype(np.float32)
    stored = own.classic[rows].astype(np.float32)
    assert np.allclose(table, stored, atol=1.5e-3)
    assert (np.abs(table - stored) <= 1e-5).mean() > 0.999


def test_features_of_networks_come_out_again(shipped, alike):
    pytest.importorskip("tokenizers", reason="needed for building only")
    for name, extract in DEEP.items():
        own = shipped.media[name]
        rows = np.arange(0, len(own.labels), 100)
        alike(extract, own.take(rows), own.features[rows])


def test_the_card_tells_sources_terms_and_counts(shipped, card):
    for name, part in card["parts"].items():
        assert not [key for key in ("what", "licence", "attribution", "changes") if not part[key]], name
        assert part.get("source") or all(len(package["sha256"]) == 64 for package in part["packages"])
        for file in part["licence_files"]:
            assert (collection.FOLDER / "licences" / file).stat().st_size > 1000
    for name, own in shipped.media.items():
        assert sum(part["items"].get(name, 0) for part in card["parts"].values()) == len(own.labels)
        assert things.ABOUT.dimensions[name] == own.features.shape[1]
        for level, names in shipped.names.items():
            table = zip(names, counts(shipped, name, level).tolist(), strict=True)
            assert card["counts"][name][level] == {one: row for one, row in table if any(row)}
    assert (collection.FOLDER / "things.npz").stat().st_size <= 10 * 10**6


@pytest.mark.mirror
def test_shapes_come_from_the_models(shipped):
    own = shipped.media["shape"]
    stored = dict(zip(own.title.tolist(), own.items, strict=True))
    packed = importlib.util.find_spec("DracoPy") is None
    checked = 0
    for found in sources.models():
        if packed and b"KHR_draco_mesh_compression" in found.content:
            continue
        seed = zlib.crc32(found.name.encode())
        assert np.array_equal(points(found.content, seed), stored[_title(found)])
        checked += 1
    assert checked >= 250


def _title(found):
    pack, _, name = found.name.replace("_", " ").partition("/")
    return f"{found.concept.name}: {name}, {pack}"

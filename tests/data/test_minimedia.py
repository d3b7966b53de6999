"""The synthetic world: the same arrays everywhere, a tree that shows in every medium, no medium trivial."""

import hashlib

import numpy as np
import pytest
from scipy.stats import spearmanr

from drcl_mini import MultimodalDataset
from drcl_mini.app.probe import linear_probe
from drcl_mini.data.minimedia import DRAW, KINDS, SIZES, SPREAD, generate, minimedia, tree_distance
from drcl_mini.data.minimedia.captions import captions
from drcl_mini.data.minimedia.media import TRAITS
from drcl_mini.data.minimedia.world import PLACES, SHARED, traits

CHECKSUMS = {
    "minimedia-small": {
        "image": "636abceb27c5d123",
        "text": "5c6033c3d6d11cc6",
        "audio": "28cce071ee95437a",
        "video": "fffe09b48e3ce61a",
        "3d": "af24c2a501f4d85b",
    },
    "minimedia": {
        "image": "f1bc4d922e7ab18e",
        "text": "945aec51796c4e53",
        "audio": "f51f2dede0dbbffe",
        "video": "cddaa38f00ab6d4a",
        "3d": "77d8e4f9332d3bbd",
    },
}


@pytest.fixture(scope="module")
def small():
    return generate("minimedia-small")


def checksum(data, medium):
    digest = hashlib.sha256()
    for split in (data.train, data.validation, data.test):
        digest.update(split.features[medium].tobytes() + split.labels[medium].tobytes())
    digest.update(np.ascontiguousarray(data.items[medium]).tobytes())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize("name", SIZES)
def test_arrays_are_the_same_on_every_machine(name, small):
    data = small if name == small.name else generate(name)
    assert {medium: checksum(data, medium) for medium in data.modalities} == CHECKSUMS[name]


def test_sizes_are_unpaired_and_classes_even(small):
    sizes = SIZES[small.name]
    for number, split in enumerate((small.train, small.validation, small.test)):
        assert {m: len(x) for m, x in split.features.items()} == {m: sizes[m][number] for m in sizes}
        for y in split.labels.values():
            counts = np.bincount(y, minlength=20)
            assert counts.max() - counts.min() <= 1


def test_raw_items_are_what_people_can_meet(small):
    n = {medium: sizes[2] for medium, sizes in SIZES[small.name].items()}
    shapes = {m: (x.dtype.kind, x.shape) for m, x in small.items.items()}
    assert shapes == {
        "image": ("u", (n["image"], 32, 32, 3)),
        "text": ("U", (n["text"],)),
        "audio": ("i", (n["audio"], 8000)),
        "video": ("u", (n["video"], 12, 32, 32)),
        "3d": ("f", (n["3d"], 512, 3)),
    }
    assert all(x.std() > 0 for m, x in small.items.items() if m != "text")


def test_the_tree_has_five_branches_of_two_pairs_of_two():
    assert len(KINDS) == len({kind.name for kind in KINDS}) == 20
    assert len({kind.branch for kind in KINDS}) == 5
    assert len({kind.pair for kind in KINDS}) == 10
    steps = np.array([[tree_distance(a, b) for b in range(20)] for a in range(20)])
    assert [np.bincount(row).tolist() for row in steps] == [[1, 1, 2, 16]] * 20
    assert (steps == steps.T).all()


def test_every_word_list_is_whole():
    for kind in KINDS:
        assert {kind.pair, kind.branch} <= SHARED.keys()
        assert kind.branch in PLACES
        assert [len(words.split()) for words in kind[3:]] == [3, 2, 3]
    nouns = [noun for kind in KINDS for noun in kind.nouns.split()]
    assert len(nouns) == len(set(nouns)), "a noun that two classes share"


@pytest.mark.parametrize("medium", TRAITS)
def test_relatives_are_near_in_every_trait_space(medium):
    points = traits(TRAITS[medium], np.random.default_rng([1, list(SIZES["minimedia"]).index(medium)]))
    apart = np.linalg.norm(points[:, None] - points, axis=2)
    steps = np.array([[tree_distance(a, b) for b in range(20)] for a in range(20)])
    means = [apart[steps == step].mean() for step in range(4)]
    assert means == sorted(means)


@pytest.mark.parametrize("medium", ["image", "text", "audio", "video", "3d"])
def test_the_tree_shows_in_the_features(small, medium):
    x, y = small.train.features[medium], small.train.labels[medium]
    x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-6)
    centres = np.array([x[y == c].mean(axis=0) for c in range(20)])
    pairs = [(a, b) for a in range(20) for b in range(a)]
    apart = [np.linalg.norm(centres[a] - centres[b]) for a, b in pairs]
    assert spearmanr(apart, [tree_distance(a, b) for a, b in pairs]).statistic > 0.2


def test_no_medium_is_trivial_and_no_two_are_alike(small):
    accuracy = {row["modality"]: row["logistic regression"] for row in linear_probe(small)}
    assert all(0.45 < value < 0.9 for value in accuracy.values()), accuracy
    assert max(accuracy, key=accuracy.get) == "text"
    assert min(accuracy, key=accuracy.get) == "video"
    assert len(set(accuracy.values())) == 5


@pytest.mark.parametrize("medium", DRAW)
def test_items_depend_on_their_traits(medium):
    """The same random source with other traits gives other items: the class is in the item."""
    z = np.full((2, TRAITS[medium]), -1.0)
    low, high = (DRAW[medium](sign * z, np.random.default_rng(0)) for sign in (1, -1))
    assert low.shape == high.shape
    assert np.abs(low.astype(float) - high.astype(float)).mean() > 0.01 * np.abs(low.astype(float)).max()
    assert SPREAD[medium] > 0


def test_captions_speak_english():
    lines = captions(np.arange(20).repeat(30), np.random.default_rng(0))
    assert all("  " not in line and line == line.strip() for line in lines)
    assert not any(f" a {vowel}" in f" {line}" for line in lines for vowel in "aeiou")
    assert len(set(lines)) > 550


def test_it_is_kept_and_found_again(data_home, small, monkeypatch):
    monkeypatch.setattr("drcl_mini.data.minimedia.generate", lambda name: small)
    first = minimedia("minimedia-small")
    monkeypatch.setattr("drcl_mini.data.minimedia.generate", lambda name: pytest.fail("made again"))
    again = minimedia("minimedia-small")
    for medium in small.modalities:
        assert (first.test.features[medium] == again.test.features[medium]).all()
        assert (np.asarray(again.items[medium]) == np.asarray(small.items[medium])).all()


def test_a_damaged_copy_is_made_again(data_home, small, monkeypatch):
    monkeypatch.setattr("drcl_mini.data.minimedia.generate", lambda name: small)
    minimedia("minimedia-small")
    kept = next(data_home.rglob("*.npz"))
    kept.write_bytes(kept.read_bytes()[:5000])
    assert minimedia("minimedia-small") is small
    assert kept.stat().st_size > 5000


def test_a_foreign_file_in_its_place_is_not_believed(data_home, small, monkeypatch, make_split):
    monkeypatch.setattr("drcl_mini.data.minimedia.generate", lambda name: small)
    minimedia("minimedia-small")
    kept = next(data_home.rglob("*.npz"))
    split = make_split()
    MultimodalDataset(split, None, split, "minimedia-small", tuple("abc")).to_npz(kept)
    assert minimedia("minimedia-small") is small

"""Public sets that lie on no mirror here: generated files of the published layout, by way of a mirror of them."""

import json

import numpy as np
import pytest

from data_scripts import wikipedia
from data_scripts.__main__ import main
from drcl_mini import load_dataset


@pytest.mark.parametrize("name", ["wikipedia", "pascal-sentence"])
def test_a_mirror_of_the_published_layout_is_converted(small_mirror, matches, data_home, name):
    layout, _ = small_mirror(name)
    assert main([name]) == 0
    dataset = load_dataset(name)
    assert matches(dataset, layout.expected)
    assert dataset.classes == tuple(map(str, range(layout.module.ABOUT.classes)))
    card = json.loads((data_home / f"{name}.json").read_text(encoding="utf-8"))
    assert set(card["checksums"]) == {url.rsplit("/", 1)[1] for url in card["urls"]}


def test_wikipedia_takes_either_of_its_two_files(small_mirror, matches, monkeypatch):
    layout, mat = small_mirror("wikipedia")
    monkeypatch.delenv("DRCL_MINI_MIRROR")
    for path in (mat, mat.with_name("other.h5py")):
        assert main(["wikipedia", "--source", str(path)]) == 0
        assert matches(load_dataset("wikipedia"), layout.expected)


def test_wikipedia_takes_no_third(small_mirror, capsys, data_home):
    _, mat = small_mirror("wikipedia")
    mat.write_bytes(mat.read_bytes() + b"\0")
    assert main(["wikipedia", "--source", str(mat)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "wiki.mat is not one of the two published files" in error
    assert list(data_home.iterdir()) == []


def test_the_classes_of_wikipedia_are_named_where_their_sizes_tell(small_mirror, monkeypatch):
    layout, _ = small_mirror("wikipedia")
    counts = np.bincount(layout.expected["train"]["image"][1])
    names = dict(zip(wikipedia.COUNTS, counts.tolist(), strict=True))
    monkeypatch.setattr(wikipedia, "COUNTS", names)
    assert main(["wikipedia"]) == 0
    assert load_dataset("wikipedia").classes[:2] == ("art", "biology")


def test_the_sizes_of_the_classes_all_differ_and_add_up():
    assert len(set(wikipedia.COUNTS.values())) == 10
    assert sum(wikipedia.COUNTS.values()) == wikipedia.TRAIN


@pytest.mark.mirror
def test_they_are_those_of_the_classic_features(built, monkeypatch):
    built("wikipedia-classic", monkeypatch)
    classic = load_dataset("wikipedia-classic")
    counts = np.bincount(classic.train.labels["text"]).tolist()
    assert dict(zip(classic.classes, counts, strict=True)) == wikipedia.COUNTS

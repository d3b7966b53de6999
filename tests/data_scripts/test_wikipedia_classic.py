import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from data_scripts import wikipedia_classic
from data_scripts.__main__ import main
from data_scripts.identity import blob_id
from data_scripts.readers import ConversionError
from data_scripts.wikipedia_classic import BASE, BLOBS, SIZES
from drcl_mini import load_dataset


@pytest.fixture
def folder(built, monkeypatch):
    return built("wikipedia-classic", monkeypatch)


@pytest.fixture
def source(folder):
    """A file as it was fetched."""
    place = BASE.removeprefix("https://")
    return lambda name: folder / "downloads" / place / name


SPLITS = {"train": ("tr", slice(None)), "validation": ("te", slice(231)), "test": ("te", slice(231, None))}


@pytest.mark.mirror
@pytest.mark.usefixtures("folder")
def test_sizes_and_classes():
    data = load_dataset("wikipedia-classic")
    sizes = {part: {m: x.shape for m, x in getattr(data, part).features.items()} for part in SPLITS}
    rows = {"train": 2173, "validation": 231, "test": 462}
    assert sizes == {part: {"image": (n, 128), "text": (n, 10)} for part, n in rows.items()}
    assert len(data.classes) == data.train.n_classes == 10
    assert all(set(y.tolist()) == set(range(10)) for part in SPLITS for y in getattr(data, part).labels.values())


@pytest.mark.mirror
def test_features_and_labels_are_those_of_the_source(source):
    data, mat = load_dataset("wikipedia-classic"), loadmat(source("raw_features.mat"))
    lists = {"tr": "trainset_txt_img_cat.list", "te": "testset_txt_img_cat.list"}
    for part, (key, rows) in SPLITS.items():
        split = getattr(data, part)
        labels = [int(line.split("\t")[2]) - 1 for line in source(lists[key]).read_text().splitlines()][rows]
        for modality, letter in (("image", "I"), ("text", "T")):
            assert np.array_equal(split.features[modality], mat[f"{letter}_{key}"][rows].astype(np.float32))
            assert split.labels[modality].tolist() == labels
    assert list(data.classes) == source("categories.list").read_text().split()


@pytest.mark.mirror
def test_the_card_says_where_it_comes_from(folder):
    card = json.loads((folder / "wikipedia-classic.json").read_text(encoding="utf-8"))
    assert card["checksums"] == BLOBS
    assert {
        name: (folder / "downloads" / BASE.removeprefix("https://") / name).stat().st_size for name in BLOBS
    } == SIZES
    assert card["urls"] == [BASE + name for name in BLOBS]
    assert card["git_blob_id"] == blob_id((folder / "wikipedia-classic.npz").read_bytes())
    assert {"licence", "citation", "source", "made", "version"} <= card.keys()


@pytest.mark.mirror
def test_an_http_mirror_gives_the_same(folder, serve, data_home, monkeypatch):
    mirror = os.environ["DRCL_MINI_MIRROR"]
    if not Path(mirror).is_dir():
        pytest.skip("DRCL_MINI_MIRROR is an address already")
    asked = serve(mirror)
    monkeypatch.setenv("DRCL_MINI_DATA", str(data_home))
    assert main(["wikipedia-classic"]) == 0
    assert len(asked) == len(BLOBS)
    with np.load(data_home / "wikipedia-classic.npz") as new, np.load(folder / "wikipedia-classic.npz") as old:
        assert new.files == old.files
        assert all(np.array_equal(new[key], old[key]) for key in new.files)


@pytest.mark.parametrize("content", ["", "a\tb\n", "a\tb\tc\n", "a\tb\t1\n" * 3, "a\tb\t11\n" * 10])
def test_a_list_that_is_another_is_told(tmp_path, complains, content):
    (tmp_path / "some.list").write_text(content)
    with complains("some.list", error=ConversionError):
        wikipedia_classic._labels(tmp_path / "some.list", 10)

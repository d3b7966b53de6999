"""Data sets made of a collection: levels of the tree, splits, groups left out, damaged files."""

import numpy as np
import pytest

from drcl_mini.core.files import write_npz
from drcl_mini.data.items import pack
from drcl_mini.data.shipped.collection import load_collection, read_collection

LABELS = np.array([0, 1, 2, 3, 0, 1, 2, 3, 3])
ARRAYS = {
    "levels": np.array(["groups", "classes"]),
    "groups/names": np.array(["animal", "plant"]),
    "classes/names": np.array(["cat", "dog", "tree", "rose"]),
    "classes/parents": np.array([0, 0, 1, 1], np.int16),
    "source": np.array("made here"),
    "word/labels": LABELS.astype(np.int16),
    "word/part": np.array([0, 0, 0, 0, 2, 2, 2, 2, 1], np.uint8),
    "word/group": np.array(list("aaaabbbbc")),
    "word/title": np.array([f"title {i}" for i in range(9)]),
    "word/features": np.arange(18, dtype=np.float16).reshape(9, 2),
    "word/classic": np.zeros((9, 3), np.float32),
    **{f"word/items/{kind}": value for kind, value in pack([f"item {i}" for i in range(9)]).items()},
    "tone/labels": LABELS.astype(np.int16),
    "tone/part": np.array([0, 0, 0, 0, 2, 2, 2, 2, 1], np.uint8),
    "tone/group": np.array([f"tone {i}" for i in range(9)]),
    "tone/title": np.array(["t"] * 9),
    "tone/features": np.ones((9, 4), np.float16),
    **{f"tone/items/{kind}": value for kind, value in pack([np.full(i, i) for i in range(9)]).items()},
}


def stored(folder, **changes):
    path = folder / "toy.npz"
    write_npz(path, {key: value for key, value in {**ARRAYS, **changes}.items() if value is not None})
    return path


@pytest.fixture
def toy(tmp_path):
    return read_collection(stored(tmp_path))


def test_labels_follow_the_tree(toy):
    assert toy.labels("word").tolist() == LABELS.tolist()
    assert toy.labels("word", "groups").tolist() == (LABELS // 2).tolist()
    with pytest.raises(ValueError, match=r"toy has no level 'class': did you mean 'classes'"):
        toy.labels("word", "class")


def test_a_data_set_has_features_labels_and_items_of_each_split(toy):
    data = toy.dataset("groups", "toy-groups")
    assert (data.name, data.classes, data.source) == ("toy-groups", ("animal", "plant"), "made here")
    assert data.train.features["word"].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert data.test.labels["tone"].tolist() == [0, 0, 1, 1]
    assert data.items_of("train")["word"].tolist() == ["item 0", "item 1", "item 2", "item 3"]
    assert [len(tone) for tone in data.items["tone"]] == [4, 5, 6, 7]
    assert data.items["word titles"].tolist() == [f"title {i}" for i in (4, 5, 6, 7)]
    assert data.items_of("validation")["word"].tolist() == ["item 8"]


def test_classic_features_replace_those_of_a_network(toy):
    data = toy.dataset(classic=True)
    assert {name: x.shape[1] for name, x in data.train.features.items()} == {"word": 3, "tone": 4}


def test_each_group_is_left_out_once(toy):
    found = dict(toy.leave_out("word"))
    assert list(found) == ["a", "b", "c"]
    for name, data in found.items():
        own = [i for i, group in enumerate("aaaabbbbc") if group == name]
        assert data.items["word"].tolist() == [f"item {i}" for i in own]
        assert len(data.test.labels["tone"]) == 4  # as it was
        assert data.items_of("train")["tone"]  # other groups, as they were
    assert found["c"].items_of("validation")["word"].tolist() == [f"item {i}" for i in range(4)]


def test_a_group_of_several_media_is_left_out_in_all(tmp_path):
    groups = np.array(list("aabdaabbc"))
    both = read_collection(stored(tmp_path, **{"tone/group": groups, "word/group": groups}))
    found = dict(both.leave_out("word"))["c"]
    assert found.items["word"].tolist() == ["item 8"]
    assert found.test.labels["tone"].tolist() == LABELS[4:].tolist()  # "c", and what was in test
    assert found.validation.labels["tone"].tolist() == [LABELS[3]]  # "d", which follows


def test_an_unknown_medium_is_named(toy):
    with pytest.raises(ValueError, match="toy has no medium 'words': did you mean 'word'"):
        next(toy.leave_out("words"))


@pytest.mark.parametrize("key", ["levels", "classes/parents", "word/title", "source"])
def test_a_file_that_lacks_something_is_named(tmp_path, key):
    path = stored(tmp_path, **{key: None})
    with pytest.raises(ValueError, match=r"toy.npz' is no whole collection: it lacks"):
        read_collection(path)


def test_an_unknown_collection_is_named():
    with pytest.raises(ValueError, match=r"no collection 'number': did you mean 'numbers'"):
        load_collection("number")

import numpy as np
import pytest

from drcl_mini import MultimodalDataset, load_dataset

ITEMS = {
    "pictures": np.arange(96, dtype=np.uint8).reshape(6, 4, 4),
    "words": np.array(["a", "bcd", "ü"]),
    "sounds": [np.arange(n, dtype=np.int16) for n in (3, 0, 5)],
    "many/parts": [np.ones(2), np.zeros(3)],
}


def make(items):
    split = {"image": np.eye(3)}, {"image": np.arange(3)}
    return MultimodalDataset.from_arrays(split, split, name="mine", items=items)


def test_items_come_back(tmp_path, data_home):
    captions = ["a cat", "two dogs"]
    path = make({**ITEMS, "captions": captions}).to_npz(data_home / "mine.npz")
    with np.load(path, allow_pickle=False) as file:
        assert {key for key in file.files if key.startswith("items/sounds/")} == {
            "items/sounds/values",
            "items/sounds/offsets",
        }
    items = load_dataset("mine").items
    assert set(items) == {*ITEMS, "captions"}
    assert items["captions"].tolist() == captions
    for name, expected in ITEMS.items():
        assert type(items[name]) is type(expected)
        for there, here in zip(items[name], expected, strict=True):
            assert there.dtype == here.dtype
            assert np.array_equal(there, here)


@pytest.mark.parametrize(
    "items",
    [
        [{"a": 1}],
        np.array([{}], dtype=object),
        [np.ones((2, 2)), np.ones((3, 2))],
        [np.ones(2), np.ones(2, dtype=int)],
        [np.array(["a"]), np.array(["b"])],
        [],
        iter([np.ones(2)]),
    ],
)
def test_other_items_are_left_out_with_a_warning(tmp_path, items):
    with pytest.warns(UserWarning, match="items of 'odd' are not stored"):
        path = make({"odd": items, "sounds": ITEMS["sounds"]}).to_npz(tmp_path / "mine.npz")
    assert set(MultimodalDataset.from_npz(path).items) == {"sounds"}


@pytest.mark.parametrize(
    "damage",
    [
        {"items/sounds/values": None},
        {"items/sounds/offsets": None},
        {"items/sounds/more": np.ones(1)},
        {"items/sounds/offsets": np.array([0, 5, 3, 8])},
        {"items/sounds/offsets": np.array([0, 3, 3, 9])},
        {"items/sounds/offsets": np.array([1, 3, 3, 8])},
        {"items/sounds/offsets": np.array([0.0, 3, 3, 8])},
        {"items/sounds/offsets": np.array([[0, 8]])},
        {"items/sounds/offsets": np.array([], dtype=int)},
        {"items/sounds/offsets": np.array(0)},
        {"items/sounds/values": np.ones((8, 1))},
    ],
)
def test_damaged_items_are_no_whole_file(tmp_path, complains, damage):
    path = make(ITEMS).to_npz(tmp_path / "mine.npz")
    with np.load(path) as file:
        arrays = {**file, **damage}
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    with complains(str(path), "no whole data file"):
        MultimodalDataset.from_npz(path)

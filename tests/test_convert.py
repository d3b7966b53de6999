import json

import numpy as np
import pytest
from scipy.io import savemat

import drcl_mini
from data_scripts.convert import ConversionError, read_mat, write_dataset
from data_scripts.download import blob_id
from drcl_mini import MultimodalDataset, load_dataset


@pytest.fixture
def mat(tmp_path):
    savemat(tmp_path / "some.mat", {"x": np.arange(6.0).reshape(2, 3), "y": np.ones((1, 2))})
    return tmp_path / "some.mat"


def test_read_mat_gives_the_named_variables(mat):
    found = read_mat(mat, {"x": (2, 3)})
    assert found.keys() == {"x"}
    assert found["x"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("shapes", "fragments"), [({"y": (2, 1)}, ["'y'", "(1, 2)", "(2, 1)"]), ({"z": (1,)}, ["'z'", "nothing", "(1,)"])]
)
def test_read_mat_names_what_is_not_as_it_should_be(mat, complains, shapes, fragments):
    with complains("some.mat", *fragments, error=ConversionError):
        read_mat(mat, shapes)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"not a MATLAB file " * 20, b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM"]
)
def test_read_mat_of_another_kind_of_file_says_so(tmp_path, complains, content):
    (tmp_path / "other.mat").write_bytes(content)
    with complains("other.mat", error=ConversionError):
        read_mat(tmp_path / "other.mat", {"x": (2, 3)})


def test_write_dataset_writes_a_card_beside_it(data_home, train, validation):
    path = write_dataset(MultimodalDataset(train, validation, validation, "toy", "abc", source="here"), licence="free")
    assert path == data_home / "toy.npz"
    assert load_dataset("toy").modalities == ("image", "text")
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert (card["name"], card["licence"], card["classes"]) == ("toy", "free", ["a", "b", "c"])
    assert card["split"]["train"] == {"image": [24, 7], "text": [20, 5]}
    assert (card["git_blob_id"], card["version"]) == (blob_id(path.read_bytes()), drcl_mini.__version__)
    assert sorted(file.name for file in data_home.iterdir()) == ["toy.json", "toy.npz"]

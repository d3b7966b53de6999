import json

import numpy as np
import pytest

import drcl_mini
from data_scripts.about import About
from data_scripts.convert import OnRequest, finish, handed_out, write_dataset
from data_scripts.identity import blob_id, file_id
from data_scripts.readers import ConversionError
from drcl_mini import MultimodalDataset, load_dataset

TOY = About("toy", {"image": ("CNN", 7), "text": ("LDA", 4)}, 3, "4 / – / 3", "free", "here", "nobody 2020")


@pytest.fixture
def parts():
    x, y = np.arange(28.0).reshape(4, 7), np.array([1, 2, 3, 1])
    return {"train": {"image": (x, y), "text": (x[:, :5], y)}, "test": {"image": (x[:3].copy(), y[:3])}}


def test_write_dataset_writes_a_card_beside_it(data_home, train, validation, capsys):
    dataset = MultimodalDataset(train, validation, validation, "toy", tuple("abc"), source="here")
    path = write_dataset(dataset, TOY, paired="no")
    assert path == data_home / "toy.npz"
    assert load_dataset("toy").modalities == ("image", "text")
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert (card["name"], card["licence"], card["classes"], card["paired"]) == ("toy", "free", ["a", "b", "c"], "no")
    assert (card["source"], card["citation"]) == ("here", "nobody 2020")
    assert card["features"]["text"] == {"kind": "LDA", "published_dimension": 4}
    assert card["split"]["train"] == {"image": [24, 7], "text": [20, 5]}
    assert card["published_split"] == "4 / – / 3"
    assert (card["git_blob_id"], card["version"]) == (blob_id(path.read_bytes()), drcl_mini.__version__)
    assert len(card["made"]) == len("2026-01-01")
    assert sorted(file.name for file in data_home.iterdir()) == ["toy.json", "toy.npz"]
    assert capsys.readouterr().err == "toy: note: text has 5 dimensions, 4 are published\n"


def test_finish_makes_a_data_set_of_tables(data_home, parts, tmp_path):
    (tmp_path / "toy.mat").write_bytes(b"source")
    path = finish(TOY, parts, [tmp_path / "toy.mat"], items={"image": np.arange(3)}, more="facts")
    dataset = load_dataset("toy")
    assert path.parent == data_home
    assert dataset.validation is None
    assert dataset.classes == ("0", "1", "2")
    assert dataset.train.labels["text"].tolist() == [0, 1, 2, 0]
    assert dataset.items["image"].tolist() == [0, 1, 2]
    card = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert card["checksums"] == {"toy.mat": file_id(tmp_path / "toy.mat")}
    assert card["more"] == "facts"


def test_finish_names_the_file_of_what_is_not_finite(data_home, parts, tmp_path, complains):
    parts["test"]["image"][0][1, 2] = np.nan
    with complains("toy.mat: test: modality 'image': features: 1 NaN or infinite values", error=ConversionError):
        finish(TOY, parts, [tmp_path / "toy.mat"])
    assert not data_home.exists()


def test_handed_out_asks_for_the_file(tmp_path, complains):
    about = About(**{**vars(TOY), "ask": "there", "file": "toy.mat"})
    assert handed_out(about, tmp_path) == tmp_path
    with complains("ask at there for toy.mat", "python -m data_scripts toy --source toy.mat", error=OnRequest):
        handed_out(about, None)

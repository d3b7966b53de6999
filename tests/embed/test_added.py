import json

import numpy as np
import pytest

from drcl_mini import MultimodalDataset, load_dataset
from drcl_mini.app.cli import main
from drcl_mini.data.features import text_features
from drcl_mini.embed.added import added_to, count_added

NEW = [{"text": "a red cherry", "class": "cherry"}, {"text": "a boat", "class": "boat"}, {"text": "who knows"}]


@pytest.fixture
def add(collection, embed, tmp_path):
    """Make a data file, or add some rows to it; gives what it holds then."""
    folder, _ = collection

    def run(rows=None):
        if rows is None:
            assert embed(folder) == 0
        else:
            table = folder / "new.jsonl"
            table.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
            arguments = ["--table", str(table), "--add-to", str(tmp_path / "mine.npz")]
            assert main(["embed", str(folder), *arguments]) == 0
        return load_dataset(tmp_path / "mine.npz")

    return run


def test_new_items_lie_beside_the_splits(add, collection, capsys):
    before = add()
    capsys.readouterr()
    data = add([*NEW, collection[1][1]])
    shown = capsys.readouterr()
    assert shown.err == "left out: new.jsonl, line 4: mine has it already\n"
    assert "added      3 of text: for the search page only\n" in shown.out
    assert "27 of text, 12 of sound; 3 classes; 1 left out" in shown.out
    items, titles, features, classes = added_to(data, "text")
    assert [str(text) for text in items] == [str(title) for title in titles] == [row["text"] for row in NEW]
    assert classes == ["cherry", "boat", ""]
    assert np.allclose(features, text_features([row["text"] for row in NEW]), atol=1e-6)
    assert (count_added(data), count_added(before)) == ({"text": 3}, {})


def test_what_trains_and_what_is_scored_stays(add):
    before, data = add(), add(NEW)
    assert data.classes == before.classes
    assert data.splits.keys() == before.splits.keys()
    for part, split in data.splits.items():
        assert split.modalities == before.splits[part].modalities
        for name, x in split.features.items():
            assert np.array_equal(x, before.splits[part].features[name])
            assert np.array_equal(split.labels[name], before.splits[part].labels[name])
        assert data.items_of(part).keys() == before.items_of(part).keys()


def test_pictures_and_a_second_time(add, collection, capsys):
    folder, _ = collection
    add()
    add(NEW)
    for name in ("one", "copy"):
        (folder / f"{name}.png").write_bytes((folder / "pictures" / "sky0.png").read_bytes() + b"more")
    data = add([*NEW, {"text": "last"}, {"file": "one.png"}, {"file": "copy.png"}])
    told = capsys.readouterr().err
    assert told.count("mine has it already") == 4
    assert "copy.png: mine has it already" in told
    assert count_added(data) == {"text": 4, "picture": 1}
    assert [str(text) for text in added_to(data, "text")[0]] == [*(row["text"] for row in NEW), "last"]
    assert np.allclose(added_to(data, "text")[2], text_features([*(row["text"] for row in NEW), "last"]), atol=1e-6)


def test_long_texts_that_begin_alike_are_two(add):
    add()
    long = "word " * 200
    data = add([{"text": long + "one"}, {"text": long + "two"}])
    assert count_added(data) == {"text": 2}


def test_a_model_of_another_width(add, collection, tmp_path, monkeypatch, capsys):
    data = add()
    monkeypatch.setattr("drcl_mini.data.features.text_features", lambda texts: np.ones((len(list(texts)), 5)))
    with pytest.raises(AssertionError):
        add(NEW)
    assert "new items of 'text' have 5 features, mine has 1024: is it another model?" in capsys.readouterr().err
    assert count_added(load_dataset(tmp_path / "mine.npz")) == count_added(data)


def test_new_items_come_from_the_models_of_the_kept_ones(collection, embed, tmp_path, make_split, capsys):
    folder, _ = collection
    assert embed(folder) == 0
    target = str(tmp_path / "mine.npz")
    assert main(["embed", str(folder), "--add-to", target, "--picture", "timm:vit"]) == 1
    assert "'mine' has its pictures by 'classic', --picture is 'timm:vit'" in capsys.readouterr().err
    split = make_split()
    MultimodalDataset(split, None, split, "other", tuple("abc")).to_npz(tmp_path / "other.npz")
    assert main(["embed", str(folder), "--add-to", str(tmp_path / "other.npz")]) == 1
    assert "'other' wasn't made by embed" in capsys.readouterr().err

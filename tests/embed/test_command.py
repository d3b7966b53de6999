import os
import signal
import sys

import numpy as np
import pytest
from PIL import Image

from drcl_mini import DRCL, evaluate, load_dataset
from drcl_mini.app.cli import main
from drcl_mini.data.features import picture_features, text_features
from drcl_mini.embed import extract as extracting
from drcl_mini.embed.assemble import models_of

FAST = ["--set", "epochs=30", "--set", "prior_epochs=20", "--device", "cpu"]


def write_rows(folder, rows, name="words.csv"):
    lines = [
        "file,text,class,split",
        *(",".join(row.get(k, "") for k in ("file", "text", "class", "split")) for row in rows),
    ]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")


def test_from_a_folder_to_a_trained_model(collection, embed, tmp_path, capsys, monkeypatch):
    folder, _ = collection
    assert embed(folder) == 0
    shown = capsys.readouterr()
    path = tmp_path / "mine.npz"
    assert f"{path}: 24 of picture, 24 of text, 12 of sound; 3 classes; 0 left out" in shown.out
    assert f"python -m drcl_mini run {path}" in shown.out
    data = load_dataset(path)
    assert (data.name, data.classes) == ("mine", ("cherry", "leaf", "sky"))
    assert {part: len(split.features["picture"]) for part, split in data.splits.items()} == {
        "train": 15,
        "validation": 3,
        "test": 6,
    }
    for part, split in data.splits.items():
        items = data.items_of(part)
        assert np.allclose(split.features["picture"], picture_features(items["picture"]), atol=1e-6)
        assert np.allclose(split.features["text"], text_features(map(str, items["text"])), atol=1e-6)
        named = [str(title).rpartition(" ")[2] for title in items["picture titles"]]
        assert named == [data.classes[y] for y in split.labels["picture"]]
    assert not (tmp_path / "mine.npz.partial").exists()
    assert main(["run", str(path), *FAST, "--out", str(tmp_path / "out")]) == 0
    model = DRCL.load(tmp_path / "out" / "model-seed0.safetensors", "cpu")
    assert evaluate(model, data.test).mean() > 0.8


def test_without_a_table_and_into_the_data_folder(collection, data_home, tmp_path, capsys):
    folder, _ = collection
    for name in ("red", "blue"):
        (folder / "pictures" / name).mkdir()
        for i in range(4):
            Image.new("RGB", (9 + i, 9), name).save(folder / "pictures" / name / f"{i}.png")
    assert main(["embed", str(folder / "pictures"), "--name", "two"]) == 0
    shown = capsys.readouterr()
    assert shown.err.count("no class: give one") == 24
    assert "python -m drcl_mini run two\n" in shown.out
    assert "8 of picture; 2 classes; 24 left out" in shown.out
    assert load_dataset("two").classes == ("blue", "red")


def test_every_fault_is_a_line_and_the_rest_is_done(collection, embed, tmp_path, capsys, monkeypatch):
    folder, rows = collection
    (folder / "pictures" / "broken.png").write_bytes(b"\x89PNG nonsense")
    bad = [{"file": "pictures/broken.png", "class": "sky"}, {"text": " ", "class": "sky"}, {"text": "no class"}]
    bad += [{"file": "pictures/none.png", "class": "sky"}, {"text": "a boat", "class": "boat", "split": "test"}]
    write_rows(folder, rows + bad)
    monkeypatch.setitem(sys.modules, "timm", None)
    assert embed(folder, "--sound", "call:no_such_module:f") == 1
    shown = capsys.readouterr()
    told = shown.err.splitlines()
    assert len(told) == 7
    assert told[-1].startswith("a model failed: mend it and run the same command again; what is done is kept in ")
    for fragment in (
        "pictures/broken.png: can't be read as a picture",
        "words.csv, line 63: the text is empty",
        "words.csv, line 64: no class",
        "words.csv, line 65: there is no file",
        "words.csv, line 66: unknown class 'boat': no training item has it",
        "all 12 of sound: model 'call:no_such_module:f': No module named 'no_such_module'",
    ):
        assert [line for line in told if line.startswith(f"left out: {fragment}")], (fragment, told)
    assert "24 of picture, 24 of text; 3 classes; 17 left out" in shown.out


def test_a_model_that_is_missing_leaves_what_is_done_for_the_next_try(collection, embed, tmp_path, monkeypatch, capsys):
    folder, _ = collection
    monkeypatch.setitem(sys.modules, "timm", None)
    assert embed(folder, "--picture", "timm:vit") == 1
    told = capsys.readouterr().err
    assert "all 24 of picture: model 'timm:vit': this needs the package timm" in told
    assert f"what is done is kept in {tmp_path / 'mine.npz.partial'}\n" in told
    monkeypatch.setattr(extracting, "read_item", lambda row: pytest.fail(f"{row.where} is read again"))
    assert embed(folder, "--picture", "timm:vit") == 1


def test_nothing_left_is_an_error(collection, embed, capsys):
    folder, _ = collection
    write_rows(folder, [{"text": "a", "class": ""}, {"file": "none.png", "class": "b"}])
    assert embed(folder) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"error: nothing is left of {str(folder)!r} (38 left out)"
    (folder / "a.png").touch()
    write_rows(folder, [{"file": "a.png", "class": "a"}])
    assert embed(folder) == 1
    assert "nothing is left" in capsys.readouterr().err


def test_without_an_item_for_testing(collection, embed, capsys):
    folder, _ = collection
    write_rows(folder, [{"text": "one", "class": "a"}])
    assert embed(folder) == 1
    assert "error: nothing is left for the test split: give each class four items" in capsys.readouterr().err


def test_stopped_and_begun_again_the_file_is_the_same(collection, embed, tmp_path, monkeypatch, capsys):
    folder, _ = collection
    read, real = [], extracting.read_item

    def counted(row):
        read.append(row.where)
        if len(read) == 12:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(row)

    monkeypatch.setattr(extracting, "read_item", counted)
    monkeypatch.setattr(extracting, "BATCH", 5)
    assert embed(folder) == 1
    assert "interrupted: 15 of 24 of picture are done, the same command goes on from there" in capsys.readouterr().err
    assert not (tmp_path / "mine.npz").exists()
    assert embed(folder) == 0
    assert sorted(read) == sorted(set(read))
    assert len(read) == 60
    again = tmp_path / "again"
    again.mkdir()
    assert embed(folder, out="again/mine.npz") == 0
    assert (again / "mine.npz").read_bytes() == (tmp_path / "mine.npz").read_bytes()


def test_a_table_is_looked_for_in_the_folder_too(collection, tmp_path, monkeypatch, capsys):
    folder, _ = collection
    monkeypatch.chdir(tmp_path)
    write_rows(folder, [{"text": f"word {i}", "class": "a"} for i in range(4)] + [{"text": "b", "class": ""}])
    assert main(["embed", "mine", "--table", "words.csv", "--out", "mine"]) == 0
    assert (tmp_path / "mine.npz").is_file()
    (folder / "odd\nname.xls").touch()
    assert main(["embed", "mine", "--out", "mine"]) == 0
    assert [line for line in capsys.readouterr().err.splitlines() if line.startswith("left out: odd name.xls: ends in")]


def test_the_source_names_the_models(collection, embed, tmp_path):
    folder, _ = collection
    assert embed(folder) == 0
    found = models_of(load_dataset(tmp_path / "mine.npz"))
    assert found == {name: (name, "classic") for name in ("picture", "text", "sound")}


def test_files_that_the_table_lacks_are_told_in_one_line(collection, embed, capsys):
    folder, _ = collection
    (folder / "pictures" / "more.png").write_bytes((folder / "pictures" / "sky0.png").read_bytes())
    (folder / "notes.md").touch()
    assert embed(folder) == 0
    shown = capsys.readouterr()
    assert shown.err.splitlines() == ["left out: 1 files of the folder are not in the table"]
    assert "3 classes; 1 left out" in shown.out


def test_of_two_tables_the_nearer_one_is_read_and_told(collection, tmp_path, monkeypatch, capsys):
    assert (collection[0] / "words.csv").exists()
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path, [{"text": f"word {i}", "class": "ab"[i % 2]} for i in range(8)])
    assert main(["embed", "mine", "--table", "words.csv", "--out", "mine"]) == 0
    shown = capsys.readouterr()
    assert "note: the table is words.csv, not mine/words.csv" in shown.err
    assert "8 of text; 2 classes" in shown.out


def test_a_model_that_the_source_line_cannot_hold(collection, embed, capsys):
    assert embed(collection[0], "--text", "sklearn:a; b") == 1
    assert "--text is 'sklearn:a; b', expected printable letters without '; '" in capsys.readouterr().err

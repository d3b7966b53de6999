import pytest

from drcl_mini import MultimodalDataset, load_dataset
from drcl_mini.app.cli import main

BESIDES = ["minimedia", "things", "wikipedia", "nus-wide", "released-outputs"]


@pytest.mark.parametrize("name", BESIDES)
@pytest.mark.parametrize("option", ["--name", "--out"])
def test_a_name_of_the_package_is_taken(collection, data_home, capsys, name, option):
    given = name if option == "--name" else str(data_home / f"{name}.npz")
    assert main(["embed", str(collection[0]), option, given]) == 1
    expected = f"error: {name!r} is a data set of the package: call yours otherwise, by --name\n"
    assert capsys.readouterr().err == expected


def test_elsewhere_such_a_name_is_a_file_as_any(collection, embed, data_home, tmp_path):
    assert embed(collection[0], out="wikipedia.npz") == 0
    assert load_dataset(tmp_path / "wikipedia.npz").name == "wikipedia"


def test_what_embed_did_not_write_is_not_replaced(collection, embed, make_split, tmp_path, capsys):
    split = make_split()
    path = MultimodalDataset(split, None, split, "other", tuple("abc")).to_npz(tmp_path / "mine.npz")
    before = path.read_bytes()
    assert embed(collection[0]) == 1
    assert f"{str(path)!r} is there and wasn't made by embed: give another --out" in capsys.readouterr().err
    assert path.read_bytes() == before
    path.write_text("something else")
    assert embed(collection[0]) == 1
    path.unlink()
    assert embed(collection[0]) == embed(collection[0]) == 0


@pytest.mark.parametrize("out", [".", "..", "/"])
def test_no_file_to_write(collection, capsys, out):
    assert main(["embed", str(collection[0]), "--out", out]) == 1
    assert f"--out is {out!r}, expected a file, e.g. mine.npz" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a/b", "..", " ", "a\nb"])
def test_a_name_that_is_none_is_refused_before_the_work(collection, embed, tmp_path, capsys, name):
    assert embed(collection[0], "--name", name) == 1
    assert f"error: the name is {name!r}, expected printable words without" in capsys.readouterr().err
    assert not (tmp_path / "mine.npz.partial").exists()


def test_hints_can_be_pasted(collection, embed, tmp_path, capsys):
    assert embed(collection[0], out="my set.npz") == 0
    shown = capsys.readouterr().out
    assert f"run '{tmp_path / 'my set.npz'}'\n" in shown
    assert f"page '{tmp_path / 'my set.npz'}' --model 'runs/my set-default-seed0/model-seed0.safetensors'" in shown


def test_one_class_is_told(collection, embed, capsys):
    folder, _ = collection
    lines = ["text,class", *(f"word {i},a" for i in range(5))]
    (folder / "words.csv").write_text("\n".join(lines), encoding="utf-8")
    assert embed(folder) == 0
    assert "note: there is one class, training needs two or more" in capsys.readouterr().err

import pytest

from drcl_mini.embed.folder import files_of
from drcl_mini.embed.rows import read_rows


def test_sub_folders_are_the_classes(files):
    folder = files("dog/rex.jpg", "dog/deep/max.PNG", "cat/tom.txt", "cat/.hidden.png", "notes.txt", "cat/list.xls")
    told = []
    rows = read_rows(folder, None, told.append)
    found = [(row.where, row.kind, row.label, row.split, row.title) for row in rows]
    assert found == [
        ("cat/tom.txt", "text", "cat", "", "tom"),
        ("dog/deep/max.PNG", "picture", "dog", "", "max"),
        ("dog/rex.jpg", "picture", "dog", "", "rex"),
    ]
    assert told == [
        "cat/list.xls: ends in '.xls', expected one of .png .jpg .jpeg .webp .gif .bmp .txt .wav .flac .ogg .mp3",
        "notes.txt: no class: give one in the table, or put the file into a folder of its class's name",
    ]


def test_folders_above_the_classes_may_be_the_splits(files):
    folder = files("train/dog/a.png", "val/dog/b.png", "test/cat/c.wav", "test/d.png")
    told = []
    rows = read_rows(folder, None, told.append)
    assert {(row.where, row.split, row.label) for row in rows} == {
        ("train/dog/a.png", "train", "dog"),
        ("val/dog/b.png", "validation", "dog"),
        ("test/cat/c.wav", "test", "cat"),
    }
    assert told[0].startswith("test/d.png: no class")


@pytest.mark.parametrize(
    "names", [("Train", "VALID", "Test"), ("training", "dev", "testing"), ("TRAIN", "val", "test")]
)
def test_splits_are_known_by_many_names(files, names):
    folder = files(*(f"{name}/{label}/a.png" for name in names for label in ("cat", "dog")))
    rows = read_rows(folder, None, print)
    assert sorted({(row.split, row.label) for row in rows}) == [
        (split, label) for split in ("test", "train", "validation") for label in ("cat", "dog")
    ]


def test_folders_without_items_are_no_classes(files):
    folder = files("train/cat/a.png", "test/cat/b.png", "mine.npz", "mine.npz.partial/0/items.txt", "runs/log.json")
    (folder / "empty").mkdir()
    told = []
    assert [(row.split, row.label) for row in read_rows(folder, None, told.append)] == [
        ("test", "cat"),
        ("train", "cat"),
    ]
    assert len(told) == 1
    assert told[0].startswith("runs/log.json: ends in")


def test_splits_beside_classes_are_refused(files, complains):
    folder = files("train/cat/a.png", "Test/cat/b.png", "runs/c.png", "cat/d.png")
    with complains("('Test', 'train') lie beside others ('cat', 'runs'): rename or move some"):
        read_rows(folder, None, print)


def test_links_are_followed_but_not_in_a_circle(files, tmp_path):
    folder = files("cat/a.png")
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "b.png").touch()
    (folder / "dog").symlink_to(tmp_path / "else")
    (folder / "dog" / "round").symlink_to(folder)
    (folder / "cat" / "gone.png").symlink_to(tmp_path / "none.png")
    told = []
    rows = read_rows(folder, None, told.append)
    assert [(row.where, row.label) for row in rows] == [("cat/a.png", "cat"), ("dog/b.png", "dog")]
    assert told == [
        f"{folder / 'cat/gone.png'}: a link that leads nowhere, or no file",
        f"{folder / 'dog/round'}: a link to a folder that it lies in",
    ]
    assert len(list(files_of(folder, print))) == 2

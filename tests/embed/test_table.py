import json

import pytest

from drcl_mini.embed.table import Row, read_rows


@pytest.fixture
def files(tmp_path):
    """Makes empty files in a folder."""

    def create(*names):
        for name in names:
            path = tmp_path / "mine" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "mine"

    return create


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


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl"])
def test_a_table_says_what_there_is(files, ending):
    folder = files("a.png")
    given = [
        {"file": "a.png", "class": "dog", "split": "val", "modality": "photo", "title": "Rex", "group": "g"},
        {"text": " a cat, asleep ", "class": "cat"},
    ]
    names = ["file", "text", "class", "split", "modality", "title", "group"]
    if ending == "jsonl":
        lines = [json.dumps(row) for row in given]
    else:
        mark = "," if ending == "csv" else "\t"
        cells = [[f'"{row.get(name, "")}"' for name in names] for row in given]
        lines = [mark.join(row) for row in [names, *cells]]
    table = folder / f"t.{ending}"
    table.write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    told = []
    photo, text = read_rows(folder, table, told.append)
    assert told == []
    assert photo == Row("picture", "photo", folder / "a.png", "", "dog", "validation", "Rex", "g", "a.png")
    assert text[:5] == ("text", "text", None, "a cat, asleep", "cat")
    assert text.where == f"t.{ending}, line {2 if ending == 'jsonl' else 3}"


def test_a_table_of_a_spreadsheet_with_semicolons(files):
    folder = files("a.png")
    (folder / "t.csv").write_text("File;Class;Notes\na.png;dog;1,5\n", encoding="utf-8")
    (row,) = read_rows(folder, folder / "t.csv", print)
    assert (row.where, row.label) == ("a.png", "dog")


def test_each_bad_row_is_told_in_one_line(files):
    folder = files("a.png", "b.wav")
    rows = [
        "file,text,class,split,modality",
        "no.png,,dog,,",
        ",,dog,,",
        "a.png,x,dog,,",
        "a.png,,,,",
        "a.png,,dog,some,",
    ]
    rows += ["a.png,,dog,,mine", "b.wav,,dog,,mine", "b.wav,,dog,,a/b"]
    (folder / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    told = []
    assert [row.where for row in read_rows(folder, folder / "t.csv", told.append)] == ["a.png"]
    expected = ["there is no file", "text is empty", "a file and a text", "no class", "'some', expected one of train"]
    expected += ["modality 'mine' has pictures, this is a sound", "modality is 'a/b'"]
    assert len(told) == len(expected)
    assert all(part in line for part, line in zip(expected, told, strict=True)), told
    assert told[0].startswith("t.csv, line 2: ")


@pytest.mark.parametrize(
    ("name", "text", "fragment"),
    [
        ("t.csv", "name,class", "expected 'class', and 'file' or 'text'"),
        ("t.csv", "", "expected 'class'"),
        ("t.xlsx", "text,class", "ends in .csv, .tsv or .jsonl"),
        ("t.csv", b"text,class\n\xff,a", "isn't UTF-8"),
    ],
)
def test_a_table_that_is_none(files, complains, name, text, fragment):
    folder = files("a.png")
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with complains(fragment, name):
        read_rows(folder, folder / name, print)


def test_no_folder(tmp_path, complains):
    with complains("'", "is no folder"):
        read_rows(tmp_path / "none", None, print)

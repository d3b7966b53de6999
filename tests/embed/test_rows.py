import unicodedata

import pytest

from drcl_mini.embed.rows import read_rows


def read(folder, table="t.csv", **options):
    """Rows, and the lines that were told."""
    told = []
    rows = read_rows(folder, folder / table, lambda line, many=1: told.append(line), **options)
    return rows, told


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


def test_no_folder(tmp_path, complains):
    with complains("'", "is no folder"):
        read_rows(tmp_path / "none", None, print)


def test_files_that_the_table_lacks_are_counted(files):
    folder = files("a.png", "b/c.png", "d.wav", "notes.md", ".hidden.png", "broken.png")
    (folder / "t.csv").write_text("file,class\na.png,dog\n./b/c.png,dog\nbroken.png,\n", encoding="utf-8")
    told = []
    read_rows(folder, folder / "t.csv", lambda *given: told.append(given))
    assert told == [
        ("t.csv, line 4: no class: give one in the table, or put the file into a folder of its class's name",),
        ("1 files of the folder are not in the table", 1),
    ]
    assert read(folder, adding=True)[1] == []


def test_the_same_row_twice_is_told_and_taken_once(files):
    folder = files("a.png")
    lines = ["file,text,class", "a.png,,dog", "a.png,,dog", "a.png,,cat", ",rex,dog", ",rex,dog"]
    (folder / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    rows, told = read(folder)
    assert [(row.where, row.label) for row in rows] == [("a.png", "dog"), ("a.png", "cat"), ("t.csv, line 5", "dog")]
    assert told == [
        "t.csv, line 3: the same item and class as t.csv, line 2",
        "t.csv, line 6: the same item and class as t.csv, line 5",
    ]


@pytest.mark.parametrize("split", ["Train", "TRAINING", "train"])
def test_splits_are_known_in_any_case(files, split):
    folder = files("a.png")
    (folder / "t.csv").write_text(f"file,class,split\na.png,dog,{split}\n", encoding="utf-8")
    assert read(folder)[0][0].split == "train"


@pytest.mark.parametrize(("there", "named"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_accents_that_are_letters_of_their_own(files, there, named):
    name = "Käfer/Björn.png"
    folder = files(unicodedata.normalize(there, name))
    (folder / "t.csv").write_text(f"file,class\n{unicodedata.normalize(named, name)},a\n", encoding="utf-8")
    rows, told = read(folder)
    assert rows[0].file.is_file()
    assert told == []


@pytest.mark.parametrize("name", ["a/b", "a; b", "a (text) by c", "text titles", "a\tb"])
def test_a_modality_that_the_data_file_cannot_hold(files, name):
    folder = files("a.png")
    (folder / "t.csv").write_text(f"file,class,modality\na.png,dog,{name}\n", encoding="utf-8")
    rows, (told,) = read(folder)
    assert rows == []
    assert f"modality is {name!r}, expected printable letters without" in told


def test_a_text_where_a_file_name_is_expected(files):
    folder = files("a.png")
    (folder / "t.csv").write_text(f"file,class\n{400 * 'long '}.png,dog\na.png,dog\n", encoding="utf-8")
    rows, told = read(folder)
    assert [row.where for row in rows] == ["a.png"]
    assert "t.csv, line 2: " in told[0]

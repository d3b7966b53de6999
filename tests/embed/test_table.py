import json

import pytest

from drcl_mini.embed.row import Row
from drcl_mini.embed.rows import read_rows
from drcl_mini.embed.table import cells_of_table


def cells(folder, text, name="t.csv", encoding="utf-8"):
    """Texts and classes of a table, and the lines that were told."""
    (folder / name).write_bytes(text.encode(encoding))
    told = []
    return [(row["text"], row["class"]) for _, row in cells_of_table(folder / name, told.append)], told


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


@pytest.mark.parametrize(
    ("name", "text", "fragment"),
    [
        ("t.csv", "name,class", "expected 'class', and 'file' or 'text'"),
        ("t.csv", "", "expected 'class'"),
        ("t.xlsx", "text,class", "ends in .csv, .tsv or .jsonl"),
        ("t.csv", b"text,class\n\xfcber,a", "isn't UTF-8 text"),
        ("t.csv", b"text,class\n\xfcber,a", "in Excel, save it as 'CSV UTF-8'"),
        ("t.csv", "text,class,Class\n", "has the column 'class' more than once"),
        ("t.csv", '"text,class\n' + 140_000 * "a", "look for a quote that isn't closed"),
        ("t.csv", "text,class\n" + 140_000 * "a", "can't be read: field larger than field limit"),
    ],
)
def test_a_table_that_is_none(files, complains, name, text, fragment):
    folder = files("a.png")
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with complains(fragment, name):
        read_rows(folder, folder / name, print)


def test_a_comma_without_quotes_does_not_move_the_columns(tmp_path):
    found, told = cells(tmp_path, 'text,class\na cat, asleep,cat\n"a dog, awake",dog\n')
    assert found == [("a dog, awake", "dog")]
    more = "has 3 cells, the table has 2 columns: put a text that contains ',' into double quotes"
    assert told == [f"t.csv, line 2: {more}"]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_the_mark_is_that_which_gives_known_columns(tmp_path, mark, ending):
    text = f'"notes; first, {mark}"{mark}text{mark}class\nx{mark}a cat{mark}cat\n'
    assert cells(tmp_path, text, f"t.{ending}") == ([("a cat", "cat")], [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_table_says_by_its_first_bytes_how_it_is_written(tmp_path, encoding):
    assert cells(tmp_path, "text;class\nüber;a\n", encoding=encoding) == ([("über", "a")], [])


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\x0c"])
def test_only_line_ends_end_a_row(tmp_path, mark):
    expected = ([(f"a{mark}b", "c")], [])
    assert cells(tmp_path, f"text,class\na{mark}b,c\n") == expected
    line = json.dumps({"text": f"a{mark}b", "class": "c"}, ensure_ascii=False)
    assert cells(tmp_path, line, "t.jsonl") == expected


def test_a_row_of_several_lines_and_other_line_ends(tmp_path):
    assert cells(tmp_path, 'text,class\r\n"a\r\nb",c\r\n') == ([("a\r\nb", "c")], [])


def test_numbers_are_classes_and_lists_are_told(tmp_path):
    rows = [{"text": "a", "class": 0}, {"Text": "b", "CLASS": False}, {"text": "c", "class": ["d"]}, {"text": None}]
    found, told = cells(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl")
    assert found == [("a", "0"), ("b", "False"), ("", "")]
    assert told == ["t.jsonl, line 3: class is ['d'], expected one word or number"]

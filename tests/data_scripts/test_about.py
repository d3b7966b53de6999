from data_scripts.about import HEAD, About, readable, table

TOY = About("toy", {"image": ("CNN", 5), "text": ("LDA", 3)}, 4, "8 / – / 2", "none named", "here", "nobody 2020")


def test_sizes_for_people():
    assert [readable(n) for n in (0, 999, 1000, 1_500_000, 2_000_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "1.5 MB",
        "2.0 GB",
    ]


def test_a_row_tells_what_is_known():
    assert TOY.row(present=False) == ("toy", "no", "4", "image 5, text 3", "< 100 MB", "none named", "here")
    on_request = About(**{**vars(TOY), "ask": "there", "file": "toy.mat"})
    assert on_request.row(present=True) == ("toy", "yes", "4", "image 5, text 3", "on request", "none named", "there")
    assert "1.0 kB" in About(**{**vars(TOY), "size": 1000}).row(present=True)


def test_columns_are_aligned():
    lines = table([TOY.row(present=True), ("longer name", "no", "4", "word " * 20, "1", "2", "3")]).splitlines()
    assert lines[0].split() == " ".join(HEAD).split()
    start = lines[0].index("dimensions")
    assert all(line[start - 1] == " " and line[start : start + 1] not in ("", " ") for line in lines[1:])
    assert len(lines) > 4

"""Published scores: what is read, what is refused, which data sets they are of."""

import pytest

from drcl_mini.experiments.report.published import (
    COLUMNS,
    of_other_features,
    published_means,
    published_rows,
    read_published,
)

FEATURES = {"Wikipedia": "0.5", "Wikipedia classic": "0.2"}


@pytest.fixture
def table(tmp_path):
    """Writes a table of published scores; gives its path."""

    def write(*rows, head=COLUMNS):
        path = tmp_path / "published.csv"
        path.write_text("".join(",".join(row) + "\n" for row in (head, *rows)))
        return path

    return write


def test_rows_are_of_a_data_set_and_a_cut_off(table):
    rows = [
        ("Wikipedia", "MRL", *pair, k, "0.2", value, "x")
        for pair in ("ab", "ba")
        for k, value in (("all", "0.4"), ("50", "0.6"))
    ]
    found = read_published(table(*rows, ("XMedia", "GMLDA", "a", "b", "all", "0.2", "0.3", "x")))
    assert found.method.tolist() == ["MRL"] * 4 + ["GMA"]
    for name in ("wikipedia", "wikipedia-classic"):
        assert published_rows(found, name)["map"].tolist() == [0.4, 0.4]
        assert published_means(found, name, 0.2, 50).to_dict() == {"MRL": pytest.approx(0.6)}
        assert published_means(found, name, 0.4).empty
    assert published_rows(found, "minimedia").empty


def test_rows_of_the_same_features_go_first(table):
    rows = [(name, "SM", "image", "text", "all", "0", value, "x") for name, value in FEATURES.items()]
    other, both = (read_published(table(*some)) for some in (rows[:1], rows))
    assert published_rows(other, "wikipedia-classic")["map"].tolist() == [0.5]
    assert published_rows(both, "wikipedia-classic")["map"].tolist() == [0.2]
    assert published_rows(both, "wikipedia")["map"].tolist() == [0.5]
    told = [of_other_features(found, name) for found in (other, both) for name in ("wikipedia", "wikipedia-classic")]
    assert told == [False, True, False, False]


def test_bad_tables_are_told(table, complains):
    with complains("published.csv", "'dataset'", "expected the columns dataset,method"):
        read_published(table(("SM", "1"), head=("method", "map")))
    with complains("published.csv", "'high'"):
        read_published(table(("Wikipedia", "SM", "a", "b", "all", "0", "high", "x")))
    with pytest.raises(FileNotFoundError):
        read_published(table().with_name("none.csv"))

"""Published scores: a CSV file with a row for each number, and where it was published."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...core.checks import needs

if TYPE_CHECKING:
    from pandas import DataFrame, Series

COLUMNS = ("dataset", "method", "query", "gallery", "k", "label_noise", "map", "source")
NAMES = {"GMLDA": "GMA"}
"""Other names of the compared methods here."""
TWINS = {
    "wikipedia": "Wikipedia",
    "wikipedia-classic": "Wikipedia",
    "xmedia": "XMedia",
    "xmedianet": "XMediaNet",
}
TWINS |= {"nus-wide": "NUS-WIDE", "inria-websearch": "INRIA-Websearch"}
"""By data set here, the one that published numbers are of: the same items, with features of their own."""


def read_published(path: Path) -> "DataFrame":
    r"""The rows of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it lacks a column, or a number isn't one.

    Example:
        >>> path = getfixture("tmp_path") / "published.csv"
        >>> _ = path.write_text("dataset,method,query,gallery,k,label_noise,map,source\n"
        ...                     "Wikipedia,GMLDA,image,text,all,0,0.238,sdml-sigir2019\n")
        >>> read_published(path)[["method", "k", "map"]].values.tolist()
        [['GMA', 'all', 0.238]]
    """
    pandas = needs("pandas")
    try:
        rows = pandas.read_csv(path, dtype=str)
        missing = [column for column in COLUMNS if column not in rows]
        if missing:
            raise ValueError(f"no column {missing[0]!r}")
        rows = rows.astype({"label_noise": float, "map": float})
    except (ValueError, pandas.errors.ParserError) as error:
        raise ValueError(
            f"{str(path)!r} holds no published scores ({error}): expected {','.join(COLUMNS)}"
        ) from None
    rows["method"] = rows.method.replace(NAMES)
    return rows


def published_rows(published: "DataFrame", dataset: str, k: str | int = "all") -> "DataFrame":
    """The rows for a data set here at one cut-off; none where nothing was published."""
    return published[(published.dataset == TWINS.get(dataset)) & (published.k == str(k))]


def published_means(
    published: "DataFrame", dataset: str, noise: float, k: str | int = "all"
) -> "Series":
    """By method, the mean over the published tasks at one label noise."""
    rows = published_rows(published, dataset, k)
    return rows[rows.label_noise == noise].groupby("method")["map"].mean()

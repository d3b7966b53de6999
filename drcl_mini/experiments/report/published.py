"""Published scores: a CSV file with a row for each number, and where it was published."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...core.checks import require

if TYPE_CHECKING:
    from pandas import DataFrame, Series

COLUMNS = ("dataset", "method", "query", "gallery", "k", "label_noise", "map", "source")
NAMES = {"GMLDA": "GMA"}
"""Published names of methods that have another name here."""
TWINS = {
    "wikipedia": "Wikipedia",
    "wikipedia-classic": "Wikipedia",
    "xmedia": "XMedia",
    "xmedianet": "XMediaNet",
    "nus-wide": "NUS-WIDE",
    "inria-websearch": "INRIA-Websearch",
}
"""By data set here, the published one with the same items."""
SAME_FEATURES = {"wikipedia-classic": "Wikipedia classic"}
"""By data set here, the published one with the same features too: its rows go first."""


def read_published(path: Path) -> "DataFrame":
    r"""The rows of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a column is missing, or ``label_noise`` or ``map`` isn't a number.

    Example:
        >>> path = getfixture("tmp_path") / "published.csv"
        >>> _ = path.write_text("dataset,method,query,gallery,k,label_noise,map,source\n"
        ...                     "Wikipedia,GMLDA,image,text,all,0,0.238,sdml-sigir2019\n")
        >>> read_published(path)[["method", "k", "map"]].values.tolist()
        [['GMA', 'all', 0.238]]
    """
    try:
        rows = require("pandas").read_csv(path, usecols=COLUMNS, dtype=str)
        rows = rows.astype({"label_noise": float, "map": float})
    except ValueError as error:
        told = f"expected the columns {','.join(COLUMNS)}"
        raise ValueError(
            f"can't read published scores from {str(path)!r}, {told}: {error}"
        ) from None
    rows["method"] = rows.method.replace(NAMES)
    return rows


def published_rows(published: "DataFrame", dataset: str, k: str | int = "all") -> "DataFrame":
    """The rows for a data set here at one cut-off; none where nothing was published.

    Where the file has rows of the same features, these alone.
    """
    here = published[published.k == str(k)]
    same = here[here.dataset == SAME_FEATURES.get(dataset)]
    return same if len(same) else here[here.dataset == TWINS.get(dataset)]


def of_other_features(published: "DataFrame", dataset: str, k: str | int = "all") -> bool:
    """Whether the rows for a data set here are of the same items, but of other features."""
    rows = published_rows(published, dataset, k)
    return dataset in SAME_FEATURES and not rows.dataset.isin(SAME_FEATURES.values()).any()


def published_means(
    published: "DataFrame", dataset: str, noise: float, k: str | int = "all"
) -> "Series":
    """By method, the mean over the published tasks at one label noise."""
    rows = published_rows(published, dataset, k)
    return rows[rows.label_noise == noise].groupby("method")["map"].mean()

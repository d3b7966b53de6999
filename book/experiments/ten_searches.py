"""Ten searches that a person can judge: ``python book/experiments/ten_searches.py``.

DRCL with its default setting and seed 0, trained on each real set. A query is the first test item of the class that
stands below; both were written down before anything was trained.
"""

from typing import Any

import numpy as np
from result_file import store

from drcl_mini import DRCL, MultimodalDataset, load_dataset
from drcl_mini.data.items import TITLES

COMMAND = "python book/experiments/ten_searches.py"
SEARCHES = {
    "numbers": [
        ("speech", "3", "sign"),
        ("word", "1", "speech"),
        ("pen", "7", "writing"),
        ("sign", "2", "word"),
        ("writing", "9", "pen"),
    ],
    "things": [
        ("text", "bird", "picture"),
        ("picture", "vehicle", "text"),
        ("drawing", "sea animal", "clip"),
        ("clip", "food", "shape"),
        ("shape", "building", "drawing"),
    ],
}
"""By data set: the medium and class of the query, and the medium to search."""


def search(
    model: DRCL, data: MultimodalDataset, query: str, name: str, found: str
) -> dict[str, Any]:
    """The first test item of a class in one medium, and the five nearest of another, as rows of the test split."""
    x, y = data.test.features, data.test.labels
    row = int(np.flatnonzero(y[query] == data.classes.index(name))[0])
    hits = model.search(x[query][[row]], query, x[found], found, k=5).indices[0]
    titles = {m: data.items[m + TITLES].tolist() for m in (query, found)}
    return {
        "dataset": data.name,
        "query": query,
        "class": name,
        "row": row,
        "title": titles[query][row],
        "searched": found,
        "hits": hits.tolist(),
        "titles": [titles[found][i] for i in hits],
        "classes": [data.classes[y[found][i]] for i in hits],
        "of that class": round(float((y[found] == y[query][row]).mean()), 3),
    }


def main() -> None:
    rows = []
    for name, searches in SEARCHES.items():
        data = load_dataset(name)
        model = DRCL(seed=0, progress=False).fit(data.train, data.validation)
        rows += [search(model, data, *asked) for asked in searches]
    store("ten-searches", COMMAND, {"searches": rows})


if __name__ == "__main__":
    main()

"""Score the released Wikipedia features and compare with the released log: ``python book/experiments/released_check.py``.

First fetch them, 8 MB:  python -m data_scripts released-outputs
"""

import json
import re

import numpy as np
from result_file import store

from data_scripts.released_outputs import ABOUT, BLOBS
from drcl_mini import evaluate, nearest_neighbours, precision_at_k, precision_recall
from drcl_mini.data.load import load_released_outputs
from drcl_mini.data.split import Split

COMMAND = "python -m data_scripts released-outputs && python book/experiments/released_check.py"
TASKS = ("image", "text"), ("text", "image")
"""The order of the numbers in the log."""


def logged(log: str) -> dict[tuple[str, str, str], float]:
    """mAP by query, gallery and k, as the log of the released run states them."""
    found = {}
    for k, numbers in re.findall(r"@(\w+):.*detail:([\d.,]+)", log):
        values = [float(number) for number in numbers.split(",") if number]
        found |= {
            (*task, k): value for task, value in zip(TASKS, values, strict=True)
        }
    if len(found) != 4:
        raise ValueError(f"the log states {len(found)} scores, expected 4")
    return found


def capped_map(test: Split, query: str, gallery: str, k: int) -> float:
    """mAP@k of the other normaliser: sums divided by min(k, relevant items of the whole gallery)."""
    order = nearest_neighbours(test.features[query], test.features[gallery], k)
    relevant = test.labels[gallery][order.indices] == test.labels[query][:, None]
    precision = relevant.cumsum(axis=1) / np.arange(1, k + 1)
    there = np.bincount(test.labels[gallery])[test.labels[query]]
    return float(((precision * relevant).sum(1) / np.minimum(k, there)).mean())


def main() -> None:
    """Write the result file."""
    outputs = load_released_outputs()
    test, told = outputs.test, logged(outputs.log)
    rows = [
        {
            **record,
            "map": round(record["map"], 6),
            "logged": told[record["query"], record["gallery"], str(record["k"])],
        }
        for record in evaluate(test.features, test).records()
    ]
    tasks = []
    for query, gallery in TASKS:
        data = (
            test.features[query],
            test.labels[query],
            test.features[gallery],
            test.labels[gallery],
        )
        recall, precision = precision_recall(*data, points=21)
        tasks.append(
            {
                "query": query,
                "gallery": gallery,
                "capped mAP@50": round(capped_map(test, query, gallery, 50), 6),
                "precision@50": round(precision_at_k(*data, 50), 6),
                "recall": recall.round(2).tolist(),
                "precision": precision.round(4).tolist(),
            }
        )
    content = {
        "source": f"{ABOUT.origin}, features/wiki_0.mat and features/wiki_1.mat",
        "source of logged": f"{ABOUT.origin}, logging/wiki.log",
        "git blob of the log": BLOBS["logging/wiki.log"],
        "items of each class": np.bincount(test.labels["image"]).tolist(),
        "rows": rows,
        "tasks": tasks,
    }
    store("released-check", COMMAND, content)
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()

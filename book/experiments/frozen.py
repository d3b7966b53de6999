"""Nothing trained: how well pictures and drawings find each other by the features of one frozen network.

Both media of ``things`` have features of the same network, so these can be compared as they are. Trained methods stand
beside them on the same two tasks, from the runs that compare defaults.
"""

from itertools import permutations
from typing import Any

import numpy as np
from result_file import runs, store

from drcl_mini import evaluate, load_dataset
from drcl_mini.core.intervals import interval

COMMAND = "python book/experiments/frozen.py"
SETS = ("things-groups", "things", "things-fine")
MEDIA = ("picture", "drawing")
RUNS = {
    "default-before": ("deep-SM", "SM"),
    "default-after": ("DRCL", "orthogonal prior"),
}
"""Folders of runs, and the methods that are taken from each."""


def frozen(name: str) -> dict[str, float]:
    """Mean mAP of the two tasks by raw features, and by features standardised on each medium's training items."""
    data = load_dataset(name)
    test, train = (split.only(*MEDIA) for split in (data.test, data.train))
    means = {
        m: (x.mean(axis=0), x.std(axis=0) + 1e-6) for m, x in train.features.items()
    }
    scaled = {m: (x - means[m][0]) / means[m][1] for m, x in test.features.items()}
    found = {"raw": test.features, "standardised": scaled}
    return {how: float(evaluate(x, test).mean()) for how, x in found.items()}


def trained(name: str) -> dict[str, Any]:
    """By method, the mean over seeds of the mean mAP of the two tasks, and half its 95 % interval."""
    scores: dict[str, list[float]] = {}
    for folder, methods in RUNS.items():
        for record in runs(folder):
            if record["dataset"] == name and record["method"] in methods:
                tasks = {
                    (s["query"], s["gallery"]): s["map"]
                    for s in record["scores"]
                    if s["k"] == "all"
                }
                own = [tasks[task] for task in permutations(MEDIA, 2)]
                scores.setdefault(record["method"], []).append(float(np.mean(own)))
    return {
        m: {"mean": float(np.mean(x)), "half": interval(x), "seeds": len(x)}
        for m, x in scores.items()
    }


def main() -> None:
    """Measure and store."""
    found = {
        name: {"frozen": frozen(name), "trained": trained(name)} for name in SETS
    }
    store(
        "frozen",
        COMMAND,
        {"tasks": "picture and drawing, both ways", "sets": found},
    )


if __name__ == "__main__":
    main()

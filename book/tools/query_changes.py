"""How far one query's AP moves with the prior and with the seed: ``python book/tools/query_changes.py``.

Four seeds, learned and orthogonal prior, every query of the 20 tasks of minimedia-small; about a minute.
"""

from itertools import combinations, permutations
from pathlib import Path

import numpy as np

from drcl_mini import (
    DRCL,
    average_precision,
    fit_many,
    load_dataset,
    nearest_neighbours,
)
from drcl_mini.environment import environment, write_json

SEEDS = range(4)
PRIORS = {
    "selected": {},
    "orthogonal": {"prior": "orthogonal", "prior_scale": 5.0},
}


def all_aps(model, test):
    """The AP of every query of every task."""
    f, found = model.transform(test), []
    for query, gallery in permutations(f, 2):
        order = nearest_neighbours(f[query], f[gallery], len(f[gallery])).indices
        right = test.labels[gallery][order] == test.labels[query][:, None]
        found.append(average_precision(right).numpy())
    return np.concatenate(found)


def main():
    data = load_dataset("minimedia-small")
    models = {
        (prior, seed): DRCL(seed=seed, **changes)
        for prior, changes in PRIORS.items()
        for seed in SEEDS
    }
    fit_many(list(models.values()), data.train, data.validation)
    aps = {name: all_aps(model, data.test) for name, model in models.items()}
    rows = []
    for a, b in combinations(aps, 2):
        changed = {"prior": a[0] != b[0], "seed": a[1] != b[1]}
        if sum(changed.values()) == 1:
            move = round(float(np.abs(aps[a] - aps[b]).mean()), 4)
            what = "prior" if changed["prior"] else "seed"
            rows.append(
                {"changed": what, "a": a, "b": b, "mean change of AP": move}
            )
    content = {
        "command": "python book/tools/query_changes.py",
        "environment": environment(),
        "rows": rows,
    }
    write_json(
        Path(__file__).parents[1] / "results" / "query-changes.json", content
    )


if __name__ == "__main__":
    main()

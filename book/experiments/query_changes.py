"""How far one query's AP moves with the prior and with the seed: ``python book/experiments/query_changes.py``.

Four seeds, every query of the 20 tasks of minimedia-small; two minutes. A seed draws the start of the prior, the starts
of the encoders and the order of the samples. To tell these apart, each seed is also trained against the next seed's
prior, and against the start W⁰ of its own, lengthened.
"""

from itertools import permutations

import numpy as np
from result_file import store

from drcl_mini import (
    DRCL,
    average_precision,
    fit_many,
    load_dataset,
    nearest_neighbours,
)

SEEDS = range(4)


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
    learned = [DRCL(seed=seed) for seed in SEEDS]
    start = [DRCL(seed=s, prior="orthogonal", prior_scale=5.0) for s in SEEDS]
    fit_many([*learned, *start], data.train, data.validation)
    after = [(seed + 1) % len(SEEDS) for seed in SEEDS]
    lent = [DRCL(seed=seed) for seed in SEEDS]
    priors = [learned[other].prior_ for other in after]
    fit_many(lent, data.train, data.validation, priors)
    learned, start, lent = (
        [all_aps(model, data.test) for model in models]
        for models in (learned, start, lent)
    )
    pairs = {
        "the prior: its own start": zip(learned, start, strict=True),
        "the prior: another seed's": zip(learned, lent, strict=True),
        "encoders and order": zip((learned[s] for s in after), lent, strict=True),
        "everything": zip(learned, (learned[s] for s in after), strict=True),
    }
    rows = [
        {
            "changed": what,
            "mean change of AP": round(float(np.abs(a - b).mean()), 4),
        }
        for what, some in pairs.items()
        for a, b in some
    ]
    store(
        "query-changes", "python book/experiments/query_changes.py", {"rows": rows}
    )


if __name__ == "__main__":
    main()

"""May the columns of W be the targets? ``python book/experiments/target_kinds.py`` writes ``target-kinds.json``.

The mse term alone teaches, without augmentation, so that nothing but the targets tells an encoder where to go. The epoch is
chosen on validation data, the scores are those of the test split. 3 minutes on one core.
"""

import numpy as np
from result_file import store

from drcl_mini import DRCL, fit_many, load_dataset
from drcl_mini.experiments.report.resampling import resample
from drcl_mini.method.recasting import pseudo_inverse
from drcl_mini.retrieval.evaluation import item_precisions

COMMAND = "python book/experiments/target_kinds.py"
SEEDS = range(10)
OPTIONS = {"device": "cpu", "progress": False}


def prior_of(targets):
    """The prior W whose W⁺ are these targets (C, D)."""
    return pseudo_inverse(targets.T.contiguous()).T.contiguous()


def main() -> None:
    """Write the result file."""
    data = load_dataset("numbers")
    spl = [DRCL(seed=s, epochs=0, **OPTIONS) for s in SEEDS]
    fit_many(spl, data.train, data.validation)
    learned = [model.prior_ for model in spl]
    kinds = {
        "rows of W⁺": learned,
        "columns of W": [prior_of(w.T) for w in learned],
    }
    scores, items = {}, {}
    for kind, priors in kinds.items():
        models = [DRCL(seed=s, terms=("mse",), gamma=1.0, **OPTIONS) for s in SEEDS]
        fit_many(models, data.train, data.validation, priors)
        found = [item_precisions(m.transform(data.test), data.test) for m in models]
        items[kind] = {m: np.stack([f[m] for f in found]) for m in found[0]}
        means = [np.mean([f[m].mean() for m in f]) for f in found]
        scores[kind] = np.round(means, 6).tolist()
        print(kind, np.mean(means), flush=True)
    first, second = items.values()
    gaps = {m: second[m] - first[m] for m in first}
    low, high = np.percentile(resample(gaps, 0), [2.5, 97.5]).tolist()
    content = {"data": "numbers", "test mAP": scores}
    content["columns minus rows"] = {
        "difference": float(np.mean([x.mean() for x in gaps.values()])),
        "low": low,
        "high": high,
    }
    store("target-kinds", COMMAND, content)


if __name__ == "__main__":
    main()

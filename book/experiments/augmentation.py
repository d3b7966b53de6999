"""Does mixing help? ``python book/experiments/augmentation.py`` writes ``augmentation.json``; 20 minutes on one core."""

import numpy as np
from result_file import store

from drcl_mini import DRCL, evaluate, fit_many, load_dataset

SEEDS = range(10)
SHARES = {
    "γ = 1": {"gamma": 1.0},
    "γ = 0.9": {"gamma": 0.9},
    "γ = 0.8": {"gamma": 0.8},
    "γ = 0.7": {"gamma": 0.7},
    "γ = 0.5": {"gamma": 0.5},
    "Beta(0.2, 0.2)": {"mixup": 0.2},
    "Beta(1, 1)": {"mixup": 1.0},
}


def main() -> None:
    """Validation mAP of each way to mix, on the same seeds and priors."""
    data = load_dataset("minimedia-small")
    spl = [DRCL(seed=s, epochs=0, device="cpu", progress=False) for s in SEEDS]
    fit_many(spl, data.train, data.validation)
    priors, scores = [model.prior_ for model in spl], {}
    for name, changes in SHARES.items():
        models = [
            DRCL(seed=s, device="cpu", progress=False, **changes) for s in SEEDS
        ]
        fit_many(models, data.train, data.validation, priors)
        scores[name] = [
            round(evaluate(m, data.validation, k=[None]).mean(), 6) for m in models
        ]
        print(name, np.mean(scores[name]), flush=True)
    store(
        "augmentation",
        "python book/experiments/augmentation.py",
        {
            "data": data.name,
            "seeds": len(SEEDS),
            "settings": SHARES,
            "validation mAP": scores,
        },
    )


if __name__ == "__main__":
    main()

"""Does mixing help? ``python book/tools/augmentation.py`` writes ``augmentation.json``; 20 minutes on one core."""

from pathlib import Path

import numpy as np

from drcl_mini import DRCL, evaluate, fit_many, load_dataset
from drcl_mini.core.environment import environment, write_json

OUT = Path(__file__).parents[1] / "results" / "augmentation.json"
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
    write_json(
        OUT,
        {
            "command": "python book/tools/augmentation.py",
            "environment": environment(),
            "data": data.name,
            "seeds": len(SEEDS),
            "settings": SHARES,
            "validation mAP": scores,
        },
    )


if __name__ == "__main__":
    main()

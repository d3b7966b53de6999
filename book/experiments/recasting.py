"""Do the targets have to be the pseudo-inverse's? ``python book/experiments/recasting.py`` writes ``recasting.json``.

First fetch the authors' files, 8 MB:  python -m data_scripts released-outputs wikipedia-classic
Then 15 minutes on one core.
"""

import warnings

import numpy as np
import torch
from result_file import store
from torch import Tensor

from drcl_mini import DRCL, evaluate, fit_many, load_dataset
from drcl_mini.data.load import load_released_outputs
from drcl_mini.method.recasting import pseudo_inverse

COMMAND = (
    "python -m data_scripts released-outputs wikipedia-classic"
    " && python book/experiments/recasting.py"
)
SEEDS = range(10)
RIDGES = {"λ = 0": 0.0, "λ = 1": 1.0, "λ = 10": 10.0}
"""By name, what is added to the squared singular values of W."""


def ridge_targets(prior: Tensor, ridge: float) -> Tensor:
    """(WᵀW + λI)⁻¹Wᵀ, (C, D): one target for each class."""
    w = prior.double()
    square = w.T @ w + ridge * torch.eye(w.shape[1], dtype=w.dtype)
    return torch.linalg.solve(square, w.T).float()


def targets_of(prior: Tensor) -> dict[str, Tensor]:
    """By name, targets (C, D) to compare."""
    kinds = {name: ridge_targets(prior, ridge) for name, ridge in RIDGES.items()}
    inverse = kinds["λ = 0"]
    kinds["centred"] = inverse - inverse.mean(dim=0)
    return kinds | {"transpose": prior.T.contiguous()}


def prior_of(targets: Tensor) -> Tensor:
    """The prior W whose W⁺ are these targets."""
    return pseudo_inverse(targets.T.contiguous()).T.contiguous()


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def released() -> dict:
    """The released Wikipedia prior and its pseudo-inverse."""
    prior = load_released_outputs().prior.astype(float)
    inverse = np.linalg.pinv(prior)
    columns, rows = unit(prior.T), unit(inverse)
    return {
        "classes": list(load_dataset("wikipedia-classic").classes),
        "singular values": np.linalg.svd(prior)[1].round(4).tolist(),
        "column lengths": np.linalg.norm(prior, axis=0).round(4).tolist(),
        "target lengths": np.linalg.norm(inverse, axis=1).round(4).tolist(),
        "cosines of columns": (columns @ columns.T).round(4).tolist(),
        "cosines of targets": (rows @ rows.T).round(4).tolist(),
    }


def trained() -> dict[str, list[float]]:
    """Validation mAP by kind of targets and seed: the mse term alone, no augmentation, so targets alone teach."""
    data = load_dataset("minimedia-small")
    spl = [DRCL(seed=s, epochs=0, device="cpu", progress=False) for s in SEEDS]
    fit_many(spl, data.train, data.validation)
    given = [{k: prior_of(t) for k, t in targets_of(m.prior_).items()} for m in spl]
    scores = {}
    for kind in [*given[0], "orthogonal"]:
        changes = {"prior": kind} if kind == "orthogonal" else {}
        models = [
            DRCL(
                seed=s,
                terms=("mse",),
                gamma=1.0,
                device="cpu",
                progress=False,
                **changes,
            )
            for s in SEEDS
        ]
        priors = [g.get(kind) for g in given]
        fit_many(models, data.train, data.validation, priors)
        scores[kind] = [
            round(evaluate(m, data.validation, k=[None]).mean(), 6) for m in models
        ]
        print(kind, np.mean(scores[kind]), flush=True)
    return scores


def main() -> None:
    """Write the result file."""
    warnings.filterwarnings("ignore", "the prior has rank")  # centred targets
    content = {"released": released(), "seeds": len(SEEDS)}
    content["validation mAP"] = trained()
    store("recasting", COMMAND, content)


if __name__ == "__main__":
    main()

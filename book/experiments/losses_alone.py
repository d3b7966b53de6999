"""What each loss of DRCL does alone, and how strongly it pulls: ``python book/experiments/losses_alone.py``.

On ``numbers``, five seeds, priors learned as usual, every second stage of 60 epochs without a choice of the epoch, so
that only the losses decide. It writes ``losses-alone.json``; five minutes on one core.

Three scores on test items. *within*: items find training items of their own modality. *across*: items find test items
of the other modalities, the usual mAP. *turned*: across again, after each modality was turned as a whole, by the
orthogonal matrix that brings the means of its training classes closest to those of the other modality.
"""

from itertools import permutations

import numpy as np
import torch
from result_file import store
from torch.nn.functional import normalize

from drcl_mini import DRCL, evaluate, fit_many, load_dataset, mean_average_precision
from drcl_mini.data.labels import one_hot
from drcl_mini.method.augmentation import augment
from drcl_mini.method.consistency import consistency_losses
from drcl_mini.method.recasting import pseudo_inverse

COMMAND = "python book/experiments/losses_alone.py"
SEEDS = range(5)
TERMS = ("intra", "inter", "mse", "label")
ROWS = {
    "untrained": {"epochs": 0},
    "intra": {"terms": ("intra",)},
    "inter": {"terms": ("inter",)},
    "mse": {"terms": ("mse",)},
    "label": {"terms": ("label",)},
    "without label": {"terms": TERMS[:3]},
    "without label, β = 100": {"terms": TERMS[:3], "beta": 100.0},
    "all": {},
}
EPOCHS = (0, 1, 3, 10, 60)
"""After so many epochs the pulls are measured."""
BATCHES = 3


def trained(data, priors, **changes) -> list[DRCL]:
    """A model for each seed, against its prior."""
    models = [
        DRCL(seed=s, device="cpu", monitor=None, progress=False, **changes)
        for s in SEEDS
    ]
    fit_many(models, data.train, None, priors)
    return models


def turn(rows: np.ndarray, y: np.ndarray, to: np.ndarray, to_y: np.ndarray):
    """The orthogonal matrix that brings class means closest to those of another modality."""

    def means(a: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return np.stack([a[labels == c].mean(axis=0) for c in np.unique(labels)])

    U, _, V = np.linalg.svd(means(rows, y).T @ means(to, to_y))
    return U @ V


def scores(data, seen, asked) -> dict[str, float]:
    """Within a modality, across, and across once each modality is turned towards the other."""
    train, test = data.train.labels, data.test.labels
    within = [
        mean_average_precision(asked[m], test[m], seen[m], train[m]) for m in asked
    ]
    turned = [
        mean_average_precision(
            asked[a] @ turn(seen[a], train[a], seen[b], train[b]),
            test[a],
            asked[b],
            test[b],
        )
        for a, b in permutations(asked, 2)
    ]
    found = {
        "within": np.mean(within),
        "across": evaluate(asked, data.test, k=[None]).mean(),
        "turned": np.mean(turned),
    }
    return {name: round(float(value), 4) for name, value in found.items()}


def pulls(model: DRCL, data, epochs: int) -> dict[str, dict[str, float]]:
    """Mean length of each weighted term's gradient on a batch of features, by modality; across the features only."""
    prior, weights = model.prior_.cpu(), model.settings.weights
    inverse, source = (
        pseudo_inverse(prior),
        torch.Generator().manual_seed(model.settings.seed),
    )
    found: dict[str, dict[str, float]] = {}
    for m, embedded in model.transform(data.train).items():
        Y = one_hot(torch.from_numpy(data.train.labels[m]), prior.shape[1])
        sizes = {name: [] for name in TERMS}
        for _ in range(BATCHES):
            i = torch.randperm(len(Y), generator=source)[:128]
            rows = torch.from_numpy(embedded)[i].requires_grad_()
            partner = torch.randperm(len(i), generator=source)
            mixed = augment(
                normalize(rows, dim=1), Y[i], model.settings.gamma, partner
            )
            q = model.settings.q(max(epochs, 1))
            terms = consistency_losses(*mixed, prior, inverse, q, weights)
            for name in TERMS:
                loss = weights[name] * terms[name]
                (slope,) = torch.autograd.grad(loss, rows, retain_graph=True)
                sizes[name].append(slope.norm().item())
        found[m] = {name: float(f"{np.mean(x):.4g}") for name, x in sizes.items()}
    return found


def chance(data) -> dict[str, float]:
    """The scores of rows that are random numbers, mean of five draws."""
    source = np.random.default_rng(0)

    def noise(split):
        return {
            m: source.normal(size=(len(y), 64)) for m, y in split.labels.items()
        }

    drawn = [scores(data, noise(data.train), noise(data.test)) for _ in range(5)]
    return {k: round(float(np.mean([d[k] for d in drawn])), 4) for k in drawn[0]}


def main() -> None:
    """Write the result file."""
    data = load_dataset("numbers")
    spl = [DRCL(seed=s, device="cpu", epochs=0, progress=False) for s in SEEDS]
    fit_many(spl, data.train)
    priors = [model.prior_ for model in spl]
    lengths = [round(w.norm(dim=0).mean().item(), 3) for w in priors]
    rows, whole = {}, {}
    for name, changes in ROWS.items():
        models = trained(data, priors, **changes)
        if name in ("untrained", "all"):
            whole[changes.get("epochs", 60)] = models
        rows[name] = [
            scores(data, m.transform(data.train), m.transform(data.test))
            for m in models
        ]
        print(name, rows[name], flush=True)
    sizes = {}
    for epochs in EPOCHS:
        models = whole.get(epochs) or trained(data, priors, epochs=epochs)
        sizes[epochs] = [pulls(model, data, epochs) for model in models]
    store(
        "losses-alone",
        COMMAND,
        {
            "data": data.name,
            "seeds": len(SEEDS),
            "chance": chance(data),
            "column lengths": lengths,
            "test mAP": rows,
            "pulls": sizes,
        },
    )


if __name__ == "__main__":
    main()

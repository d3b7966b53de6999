"""What the released files of DRCL hold, and what the released code's habits do to mAP: ``released-facts.json``.

``python book/experiments/released_facts.py`` needs ``python -m data_scripts released-outputs wikipedia-classic`` first, and
half an hour of one core. Each habit is switched on alone, on seeds 0 to 9, beside the same seeds without it. Encoders are
narrower than the default's, so that some 300 trainings stay affordable.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as nnf
from result_file import store
from torch import Tensor

from drcl_mini import DRCL, MultimodalDataset, evaluate, fit_many, load_dataset
from drcl_mini.data.load import ReleasedOutputs, load_released_outputs
from drcl_mini.many.stages import fit_encoders
from drcl_mini.method.consistency import consistency_losses
from drcl_mini.method.prior import orthogonal_prior, simplex_prior
from drcl_mini.method.recasting import pseudo_inverse, recast
from drcl_mini.training.batches import generator
from drcl_mini.training.fitting import tensors
from drcl_mini.training.watch import Terms

COMMAND = "python book/experiments/released_facts.py"
SETS, SEEDS = ("minimedia-small", "wikipedia-classic"), range(10)
SIZE = {"hidden": (128, 128), "dim": 64}
QUIRKS = {
    "prior_first_epoch": 0,
    "keep_best_prior": False,
    "monitor": "loss",
    "patience": None,
    "drop_last": True,
    "standardise": False,
}
PRIORS = {
    "first epoch lost": {"prior_first_epoch": 0},
    "last prior": {"keep_best_prior": False},
    "prior by validation": {"selection": "validation"},
}
"""Change the prior alone; the second stage stays the default's."""
GIVEN = {
    "map, no patience": {"patience": None},
    "loss, no patience": {"patience": None, "monitor": "loss"},
    "no mse": {"beta": 0.0},
    "unit targets": {},
}
"""Change the second stage alone; the priors stay the default's."""
WHOLE = {
    "all habits": QUIRKS,
    "all habits, standardised": QUIRKS | {"standardise": True},
    "rest dropped": {"drop_last": True},
    "raw features": {"standardise": False},
    "large batches": {"batch_size": 1024, "drop_last": True},
    "orthogonal prior, length 5": {"prior": "orthogonal", "prior_scale": 5.0},
    "simplex prior, length 5": {"prior": "simplex", "prior_scale": 5.0},
}
"""Trained from the start."""
FRAMES = {"orthogonal prior": orthogonal_prior, "simplex prior": simplex_prior}
"""Fixed priors whose columns are as long as the learned prior's of the same seed, on average."""


def main() -> None:
    """Look into the released files, train, write both down."""
    result = {"released": released(load_released_outputs())}
    changes = {"default": {}, **PRIORS, **GIVEN, **WHOLE}
    result |= {"seeds": len(SEEDS), "size": SIZE, "changes": changes}
    result["trained"] = {}
    for name in SETS:
        for facts in trained(load_dataset(name)):
            result["trained"][name] = facts
            store("released-facts", COMMAND, result)
    result["full size"] = {SETS[0]: full_size(load_dataset(SETS[0]))}
    store("released-facts", COMMAND, result)


def released(outputs: ReleasedOutputs) -> dict:
    """Facts of the released Wikipedia run."""
    test, prior = outputs.test, outputs.prior.astype(float)
    classes = load_dataset("wikipedia-classic").classes
    cosines, by_prior = {}, {}
    priors = {name: w.astype(float) for name, w in outputs.priors.items()}
    for name, w in priors.items():
        unit = w / np.linalg.norm(w, axis=0)
        cosines[name] = [_rounded(row) for row in unit.T @ unit]
        by_prior[name] = {
            "column lengths": _rounded(np.linalg.norm(w, axis=0)),
            "condition": float(np.linalg.cond(w)),
            "singular values": _rounded(np.linalg.svd(w, compute_uv=False)),
            "target lengths": _rounded(np.linalg.norm(np.linalg.pinv(w), axis=1)),
            "selected": bool(np.array_equal(w, prior)),
            "accuracy of its classes": {
                m: float(((x @ w).argmax(axis=1) == test.labels[m]).mean())
                for m, x in test.features.items()
            },
        }
    units = [w / np.linalg.norm(w, axis=0) for w in priors.values()]
    features = {name: x.astype(float) for name, x in test.features.items()}
    predicted = {name: p.argmax(axis=1) for name, p in outputs.predictions.items()}
    return {
        "shape of W": list(prior.shape),
        "log": outputs.log.strip().splitlines(),
        "classes": list(classes),
        "items by class": np.bincount(test.labels["image"]).tolist(),
        "priors": by_prior,
        "cosines": cosines,
        "cosines between the two priors' columns": _rounded((units[0] * units[1]).sum(axis=0)),
        "accuracy": {m: float((p == test.labels[m]).mean()) for m, p in predicted.items()},
        "confidence": {m: float(_right(p, test.labels[m])) for m, p in outputs.predictions.items()},
        "span": span(features, prior, lambda rows: evaluate(rows, test).mean()),
    }  # fmt: skip


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 4) for value in values]


def _right(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return np.take_along_axis(
        probabilities, labels[:, None].astype(int), axis=1
    ).mean()


def span(
    features: dict[str, np.ndarray],
    prior: np.ndarray,
    score: Callable[[dict[str, np.ndarray]], float],
) -> dict:
    """How much of unit rows lies in span(W), and what it and the rest are worth."""
    basis, _ = np.linalg.qr(prior)
    inside = {name: x @ basis for name, x in features.items()}
    rest = {name: x - inside[name] @ basis.T for name, x in features.items()}
    return {
        "share": {
            name: float((x**2).sum(axis=1).mean()) for name, x in inside.items()
        },
        "mAP": {
            "all": score(features),
            "inside": score(inside),
            "outside": score(rest),
        },
    }


def trained(data: MultimodalDataset) -> Iterator[dict]:
    """Test and validation mAP of each change and seed, and what else the facts need; more with each change."""
    maps: dict[str, dict[str, list[float]]] = {"test": {}, "validation": {}}
    facts: dict = {**maps, "picked epochs": {}, "score": {}, "source": {}}

    def models_of(changes: dict) -> list[DRCL]:
        return [
            DRCL(seed=seed, progress=False, device="cpu", **SIZE, **changes)
            for seed in SEEDS
        ]

    def scored(name: str, models: list[DRCL]) -> None:
        for part, found in maps.items():
            split = getattr(data, part)
            found[name] = [evaluate(model, split).mean() for model in models]
        mean = sum(maps["test"][name]) / len(SEEDS)
        print(data.name, name, round(mean, 4), flush=True)

    def with_priors(name: str, priors: list[Tensor]) -> None:
        """The default's second stage on other priors; nothing is trained twice."""
        models = models_of({})
        pairs = zip(models, default, priors, strict=True)
        new = [(m, w) for m, d, w in pairs if not torch.equal(w, d.prior_)]
        if new:
            some, theirs = zip(*new, strict=True)
            fit_many(some, data.train, data.validation, theirs)
        fresh = [model for model, _ in new]
        pairs = zip(models, default, strict=True)
        scored(name, [m if m in fresh else d for m, d in pairs])

    default = models_of({})
    fit_many(default, data.train, data.validation)
    scored("default", default)
    chosen = [model.prior_ for model in default]
    facts["score"]["train"] = [model.quality_scores_ for model in default]
    facts["source"]["train"] = [model.prior_source_ for model in default]
    facts["best epoch of the prior"] = [best_epochs(m, "prior") for m in default]
    facts["column lengths"] = [float(w.norm(dim=0).mean()) for w in chosen]
    targets = [pseudo_inverse(w).norm(dim=1).mean() for w in chosen]
    facts["target lengths"] = [float(length) for length in targets]
    facts["span"] = [_span_of(model, data) for model in default]
    yield facts
    for name, changes in GIVEN.items():
        models = models_of(changes)
        if name == "unit targets":
            fit_with_unit_targets(models, data, chosen)
        else:
            fit_many(models, data.train, data.validation, chosen)
        scored(name, models)
        if "patience" in changes:
            found = [best_epochs(model, "consistency") for model in models]
            facts["picked epochs"][name] = found
        yield facts
    for name, changes in PRIORS.items():
        models = models_of(changes | {"epochs": 0})
        fit_many(models, data.train, data.validation)
        with_priors(name, [model.prior_ for model in models])
        if "selection" in changes:
            facts["score"]["validation"] = [m.quality_scores_ for m in models]
            facts["source"]["validation"] = [m.prior_source_ for m in models]
        yield facts
    for name, changes in WHOLE.items():
        models = models_of(changes)
        fit_many(models, data.train, data.validation)
        scored(name, models)
        yield facts
    for name, make in FRAMES.items():
        with_priors(name, [_frame(make, model) for model in default])
        yield facts
    for medium in data.modalities:
        with_priors(f"prior of {medium}", [m.priors_[medium] for m in default])
        yield facts


def full_size(data: MultimodalDataset) -> dict[str, list[float]]:
    """Test mAP with the epoch kept by either rule, encoders as wide as the default's."""
    found, priors = {}, None
    for name in ("map, no patience", "loss, no patience"):
        models = [
            DRCL(seed=seed, progress=False, device="cpu", **GIVEN[name])
            for seed in SEEDS
        ]
        fit_many(models, data.train, data.validation, priors)
        priors = [model.prior_ for model in models]
        found[name] = [evaluate(model, data.test).mean() for model in models]
    return found


def fit_with_unit_targets(
    models: list[DRCL], data: MultimodalDataset, priors: list[Tensor]
) -> None:
    """What ``fit_many`` does with given priors, for :func:`unit_losses`."""
    settings = [model.settings for model in models]
    for model in models:
        model.set_params(epochs=0)
    fit_many(models, data.train, data.validation, priors)  # fresh encoders
    classes, device = data.train.n_classes, priors[0].device
    held = tensors(data.validation, classes, device)
    for name, (x, y) in tensors(data.train, classes, device).items():
        encoders = [model.encoders_[name].requires_grad_() for model in models]
        shared = x, [y] * len(models), priors, settings, name, held[name]
        reports = [None] * len(models)
        fit_encoders(encoders, *shared, reports, unit_losses)


def unit_losses(
    features: Tensor,
    labels: Tensor,
    prior: Tensor,
    inverse: Tensor,
    q: Tensor,
    weights: Terms,
) -> Terms:
    """The second stage's losses, for mse with targets as long as the features."""
    terms = consistency_losses(features, labels, prior, inverse, q, weights)
    targets = nnf.normalize(recast(labels, prior, inverse), dim=1)
    terms["mse"] = nnf.mse_loss(features, targets)
    terms["total"] = sum(weight * terms[name] for name, weight in weights.items())
    return terms


def best_epochs(model: DRCL, stage: str) -> dict[str, int]:
    """By modality, the epoch whose weights were kept."""
    sign, key = {"map": (1, "validation_map"), "loss": (-1, "validation_loss")}[
        model.settings.monitor
    ]
    if stage == "prior":
        sign, key = 1, "score"
    best = {}
    for record in model.history_:
        if record["stage"] == stage:
            value = sign * round(record[key], 9)
            kept = best.get(record["modality"])
            if kept is None or value > kept[0]:
                best[record["modality"]] = (value, record["epoch"])
    return {name: epoch for name, (_, epoch) in best.items()}


def _frame(make: Callable[..., Tensor], model: DRCL) -> Tensor:
    w, seed = model.prior_, model.settings.seed
    return w.norm(dim=0).mean() * make(*w.shape, generator(seed, "start"))


def _span_of(model: DRCL, data: MultimodalDataset) -> dict:
    rows = {name: x.astype(float) for name, x in model.transform(data.test).items()}
    return span(
        rows,
        model.prior_.numpy().astype(float),
        lambda part: evaluate(part, data.test).mean(),
    )


if __name__ == "__main__":
    main()

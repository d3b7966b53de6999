"""Modalities that arrive later, over ten seeds: ``python book/experiments/new_modality.py``.

Which medium was there first, what else can grow, how few items are enough, and classes that a newcomer never saw.
First fetch two small data sets:  python -m data_scripts spoken-digits wikipedia-classic
"""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from result_file import store

from drcl_mini import (
    DRCL,
    Evaluation,
    MultimodalDataset,
    Split,
    average_precision,
    evaluate,
    fit_many,
    load_dataset,
    nearest_neighbours,
)
from drcl_mini.baselines import ACMR, MARS, SDML, SM, DeepSM
from drcl_mini.method.prior import select_prior

COMMAND = "python book/experiments/new_modality.py"
SEEDS = range(10)
NEWCOMER = "audio"
COUNTS = {
    "image": (1, 2, 5, 10, 25, 50),
    "audio": (1, 2, 5, 10, 15),
}
"""Training items of each class that a newcomer gets."""
UNSEEN = {"one of each branch": range(0, 20, 4), "a whole branch": range(8, 12)}
"""Classes that a newcomer never saw in training."""
Pair = tuple[np.ndarray, np.ndarray]


def whole(split: Split, medium: str) -> Pair:
    """Features and labels of one medium."""
    return split.features[medium], split.labels[medium]


def mean_map(scores: Evaluation, media: Sequence[str], some: bool = False) -> float:
    """Mean mAP of the tasks between these media; with ``some``, of the tasks that have one of them."""
    test = any if some else all
    found = [
        s[None]
        for task, s in scores.scores.items()
        if test(m in media for m in task)
    ]
    return round(float(np.mean(found)), 5)


def joint_models(data: MultimodalDataset, prior: str = "selected") -> list[DRCL]:
    """DRCL on all media, one model for each seed."""
    models = [DRCL(seed=seed, prior=prior, progress=False) for seed in SEEDS]
    fit_many(models, data.train, data.validation)
    return models


def first_come(data: MultimodalDataset, joint: Sequence[DRCL]) -> list[dict]:
    """mAP of all tasks when the prior comes from the one medium that was there first.

    Each encoder depends on its own data and on the prior alone, so "fit on one medium, add the others" gives the same
    model as "fit all with the prior that this medium learns".
    """
    rows = []
    for first in data.modalities:
        models = [DRCL(seed=seed, progress=False) for seed in SEEDS]
        priors = [model.priors_[first] for model in joint]
        fit_many(models, data.train, data.validation, priors)
        rows += [
            {
                "dataset": data.name,
                "first": first,
                "seed": seed,
                "map": mean_map(evaluate(model, data.test), data.modalities),
                "chosen by all": joint[seed].prior_source_ == first,
                "quality": round(joint[seed].quality_scores_[first], 4),
            }
            for seed, model in zip(SEEDS, models, strict=True)
        ]
    return rows


def other_methods(data: MultimodalDataset) -> list[dict]:
    """Methods that can grow like DRCL, and one that trains all media at once: what happens to its old tasks?"""
    old = [m for m in data.modalities if m != NEWCOMER]
    rows = []
    for method in (SM, DeepSM, SDML, MARS, ACMR):
        for seed in SEEDS:
            model = method(seed=seed).fit(data.train, data.validation)
            scores = evaluate(model, data.test)
            row = {
                "method": method.title,
                "seed": seed,
                "map": mean_map(scores, data.modalities),
            }
            if method is ACMR:
                before = method(seed=seed).fit(
                    data.train.only(*old), data.validation.only(*old)
                )
                told = evaluate(before, data.test.only(*old))
                row["old before"], row["old after"] = (
                    mean_map(s, old) for s in (told, scores)
                )
            rows.append(row)
    return rows


def without(model: DRCL, medium: str) -> DRCL:
    """The model as it would be, had it never met a medium: without its encoder, with the best prior of the others."""
    smaller = copy.deepcopy(model)
    del smaller.encoders_[medium]
    if smaller.priors_:
        others = {m: s for m, s in model.quality_scores_.items() if m != medium}
        smaller.prior_ = model.priors_[select_prior(others)]
    return smaller


def some_of_each(pair: Pair, count: int, seed: int) -> Pair:
    """So many items of every class, drawn by seed; a greater count has those of a smaller one, too."""
    x, y = pair
    order = np.random.default_rng(seed).permutation(len(y))
    rows = np.concatenate(
        [order[y[order] == c][:count] for c in range(y.max() + 1)]
    )
    return x[rows], y[rows]


def few_items(data: MultimodalDataset, bases: dict[str, list[DRCL]]) -> list[dict]:
    """mAP of a newcomer's tasks by the number of its training items; the validation split stays whole."""
    rows = []
    for medium, counts in COUNTS.items():
        for prior, base in bases.items():
            for count in counts:
                for seed, model in zip(SEEDS, base, strict=True):
                    newer = without(model, medium)
                    few = some_of_each(whole(data.train, medium), count, seed)
                    newer.add_modality(medium, *few, whole(data.validation, medium))
                    scores = evaluate(newer, data.test)
                    rows.append(
                        {
                            "medium": medium,
                            "prior": prior,
                            "items": count,
                            "seed": seed,
                            "map": mean_map(scores, [medium], some=True),
                        }
                    )
    return rows


def of_classes(pair: Pair, unseen: Sequence[int], inside: bool) -> Pair:
    """The items of these classes, or of all others."""
    rows = np.isin(pair[1], unseen) == inside
    return pair[0][rows], pair[1][rows]


def found(queries: Pair, gallery: Pair) -> float:
    """mAP of queries in a gallery: embeddings and labels of each."""
    order = nearest_neighbours(queries[0], gallery[0], len(gallery[1])).indices
    relevant = gallery[1][order] == queries[1][:, None]
    return float(average_precision(torch.from_numpy(relevant)).mean())


def both_ways(
    rows: dict[str, np.ndarray], test: Split, medium: str, unseen: Sequence[int]
) -> dict[str, float]:
    """mAP from and to a medium, for classes that it never saw and for the others; galleries are whole."""
    scores: dict[str, Any] = {}
    for kind, inside in (("unseen", True), ("seen", False)):
        own = rows[medium], test.labels[medium]
        there, back = [], []
        for other in [m for m in test.modalities if m != medium]:
            its = rows[other], test.labels[other]
            there.append(found(of_classes(its, unseen, inside), own))
            back.append(found(of_classes(own, unseen, inside), its))
        scores[f"{kind}, as gallery"] = round(np.mean(there), 5)
        scores[f"{kind}, as query"] = round(np.mean(back), 5)
    return scores


def missing_classes(
    data: MultimodalDataset, bases: dict[str, list[DRCL]]
) -> list[dict]:
    """A newcomer that never saw some classes: mAP of these and of the others."""
    test, rows = data.test, []
    for name, unseen in UNSEEN.items():
        for prior, base in bases.items():
            for seed, model in zip(SEEDS, base, strict=True):
                parts = [
                    of_classes(whole(s, NEWCOMER), unseen, False)
                    for s in (data.train, data.validation)
                ]
                newer = without(model, NEWCOMER)
                newer.add_modality(NEWCOMER, *parts[0], parts[1])
                about = {"unseen": name, "prior": prior, "seed": seed}
                for training, fitted in (("all", model), ("some missing", newer)):
                    scores = both_ways(
                        fitted.transform(test), test, NEWCOMER, unseen
                    )
                    rows.append(about | {"training": training} | scores)
        source = np.random.default_rng(0)
        for seed in SEEDS:
            noise = {
                m: source.normal(size=(len(x), 256)).astype(np.float32)
                for m, x in test.features.items()
            }
            scores = both_ways(noise, test, NEWCOMER, unseen)
            about = {"unseen": name, "prior": "chance", "seed": seed}
            rows.append(about | {"training": "none"} | scores)
    return rows


def main() -> None:
    """Write the result file."""
    small = load_dataset("minimedia-small")
    joint = joint_models(small)
    bases = {"learned": joint, "orthogonal": joint_models(small, "orthogonal")}
    content: dict[str, Any] = {"first": first_come(small, joint)}
    content["no prior learned"] = [
        {"seed": s, "map": mean_map(evaluate(m, small.test), small.modalities)}
        for s, m in zip(SEEDS, bases["orthogonal"], strict=True)
    ]
    content["missing"] = missing_classes(small, bases)
    content["few"] = few_items(small, bases)
    for name in ("spoken-digits", "wikipedia-classic"):
        data = load_dataset(name)
        content["first"] += first_come(data, joint_models(data))
    content["newcomer"] = NEWCOMER
    content["methods"] = other_methods(small)
    store("new-modality", COMMAND, content)


if __name__ == "__main__":
    main()

"""Classes that a newcomer never saw, on ``things``: ``python book/experiments/missing_classes.py``.

Shapes arrive after pictures, drawings, words and clips, with one class left out of their training; five seeds, under
two minutes of one core.
"""

import copy

import numpy as np
import torch
from result_file import store

from drcl_mini import (
    DRCL,
    Split,
    average_precision,
    fit_many,
    load_dataset,
    nearest_neighbours,
)
from drcl_mini.baselines import SM
from drcl_mini.method.prior import select_prior

COMMAND = "python book/experiments/missing_classes.py"
SEEDS = range(5)
NEWCOMER = "shape"
UNSEEN = ("sea animal", "plant", "building", "home")
"""Classes with more than ten test shapes."""


def without(split, c):
    """Features and labels of the newcomer's items of all other classes."""
    rows = split.labels[NEWCOMER] != c
    return split.features[NEWCOMER][rows], split.labels[NEWCOMER][rows]


def found(queries, gallery):
    """mAP of queries in a gallery: embeddings and labels of each."""
    order = nearest_neighbours(queries[0], gallery[0], len(gallery[1])).indices
    relevant = gallery[1][order] == queries[1][:, None]
    return float(average_precision(torch.from_numpy(relevant)).mean())


def both_ways(f, test, c):
    """mAP of a class between the newcomer and the others; galleries are whole."""
    y, scores = test.labels, {"as gallery": [], "as query": []}
    for v in test.modalities:
        if v == NEWCOMER:
            continue
        its, own = y[v] == c, y[NEWCOMER] == c
        here, there = (f[v], y[v]), (f[NEWCOMER], y[NEWCOMER])
        if its.any():
            scores["as gallery"].append(found((f[v][its], y[v][its]), there))
            mine = f[NEWCOMER][own], y[NEWCOMER][own]
            scores["as query"].append(found(mine, here))
    return {name: round(float(np.mean(s)), 5) for name, s in scores.items()}


def taken_for(scores, test, c, classes):
    """What class the newcomer's items of class c are taken for: shares."""
    said = scores[test.labels[NEWCOMER] == c].argmax(axis=1)
    share = np.bincount(said, minlength=len(classes)) / len(said)
    return {classes[k]: round(float(share[k]), 4) for k in np.flatnonzero(share)}


def main() -> None:
    """Write the result file."""
    data = load_dataset("things")
    test, names = data.test, data.classes
    models = [DRCL(seed=seed, progress=False) for seed in SEEDS]
    fit_many(models, data.train, data.validation)
    # Had the shapes' own prior been selected, the four others would have had another one.
    best = [
        m.priors_[
            select_prior(
                {v: s for v, s in m.quality_scores_.items() if v != NEWCOMER}
            )
        ]
        for m in models
    ]
    if any(m.prior_source_ == NEWCOMER for m in models):
        models = [DRCL(seed=seed, progress=False) for seed in SEEDS]
        fit_many(models, data.train, data.validation, best)
    plain = SM().fit(data.train)
    whole = plain.transform(test)
    source = np.random.default_rng(0)
    rows = []
    for name in UNSEEN:
        c = names.index(name)
        held = without(data.validation, c)
        x, y = without(data.train, c)
        beside = data.train.features["text"], data.train.labels["text"]
        alone = SM().fit(
            Split(
                {NEWCOMER: x, "text": beside[0]}, {NEWCOMER: y, "text": beside[1]}
            )
        )
        less = whole | alone.transform(test.only(NEWCOMER))
        for training, f in (("all classes", whole), ("without it", less)):
            about = {"class": name, "method": "SM", "training": training, "seed": 0}
            rows.append(about | both_ways(f, test, c))
        for seed, model in zip(SEEDS, models, strict=True):
            noise = {
                v: source.normal(size=(len(z), 256)).astype(np.float32)
                for v, z in test.features.items()
            }
            about = {"class": name, "method": "chance", "seed": seed}
            rows.append(about | {"training": "none"} | both_ways(noise, test, c))
            newer = copy.deepcopy(model)
            del newer.encoders_[NEWCOMER]
            newer.add_modality(NEWCOMER, x, y, held)
            for training, m in (("all classes", model), ("without it", newer)):
                f = m.transform(test)
                about = {"class": name, "method": "DRCL", "training": training}
                logits = f[NEWCOMER] @ m.prior_.numpy()
                rows.append(
                    about
                    | {"seed": seed}
                    | both_ways(f, test, c)
                    | {"taken for": taken_for(logits, test, c, names)}
                )
        print(name, rows[-2:], flush=True)
    store(
        "missing-classes",
        COMMAND,
        {"dataset": data.name, "newcomer": NEWCOMER, "rows": rows},
    )


if __name__ == "__main__":
    main()

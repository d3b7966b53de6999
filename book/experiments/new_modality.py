"""A modality that arrives late, on ``numbers``: ``python book/experiments/new_modality.py``.

Each of the five arrives after the other four, ten seeds; what it costs; methods that can grow as well, and one that
trains all modalities together; few items of a newcomer. Four minutes of one core.
"""

import time

import numpy as np
from result_file import store

from drcl_mini import DRCL, Split, evaluate, fit_many, load_dataset
from drcl_mini.baselines import SM, DeepSM, SupCon
from drcl_mini.method.prior import select_prior

COMMAND = "python book/experiments/new_modality.py"
SEEDS = range(10)
FEWER = range(3)
TOGETHER = range(2)
NEWCOMER = "speech"
COUNTS = (1, 3, 10, 30, 60)
"""Training items of each class that a newcomer gets."""


def tasks(scores, newcomer):
    """Mean mAP of all tasks, and of those that the newcomer takes part in."""
    found = {task: s[None] for task, s in scores.scores.items()}
    own = [value for task, value in found.items() if newcomer in task]
    old = [value for task, value in found.items() if newcomer not in task]
    means = {"all": list(found.values()), "its tasks": own, "old tasks": old}
    return {name: round(float(np.mean(v)), 5) for name, v in means.items() if v}


def arrivals(data, joint):
    """mAP when one modality comes after the others.

    Each encoder depends on its own data and on the prior alone: to fit four modalities and add the fifth gives the same
    model as to fit all five with the prior that the four would select.
    """
    others = [
        {v: s for v, s in m.quality_scores_.items() if v != m.prior_source_}
        for m in joint
    ]
    priors = [
        m.priors_[select_prior(o)] for m, o in zip(joint, others, strict=True)
    ]
    second = [DRCL(seed=seed, progress=False) for seed in SEEDS]
    fit_many(second, data.train, data.validation, priors)
    rows = []
    for seed, one, two in zip(SEEDS, joint, second, strict=True):
        scores = [evaluate(m, data.test, [None]) for m in (one, two)]
        for v in data.modalities:
            moved = v == one.prior_source_
            rows.append(
                {
                    "newcomer": v,
                    "seed": seed,
                    "another prior": moved,
                    "joint": tasks(scores[0], v),
                    "late": tasks(scores[moved], v),
                }
            )
    return rows, second


def costs(data, joint):
    """What training takes: of all five together, and of each newcomer alone.

    An operation is one weight that meets one training item once.
    """
    rows = []
    for seed, model in zip(SEEDS, joint, strict=True):
        found = {}
        for record in model.history_:
            v, stage = record["modality"], record["stage"]
            weights = sum(p.numel() for p in model.encoders_[v].parameters())
            weights += model.prior_.numel() * (stage == "prior")
            items = len(data.train.labels[v])
            of = found.setdefault(v, {"prior": 0, "consistency": 0})
            of[stage] += weights * items
        rows.append({"seed": seed, "operations": found})
    start = time.process_time()
    model = DRCL(seed=0, progress=False).fit(data.train, data.validation)
    whole, shares = time.process_time() - start, {}
    for v in data.modalities:
        del model.encoders_[v]
        start = time.process_time()
        model.add_modality(v, *pair(data.train, v), pair(data.validation, v))
        shares[v] = round((time.process_time() - start) / whole, 3)
    return rows, shares


def pair(split, v):
    """Features and labels of one modality."""
    return split.features[v], split.labels[v]


def alone(data):
    """Methods that train each modality alone: late or early is the same."""
    return [
        {"method": method.title, "seed": seed}
        | tasks(
            evaluate(
                method(seed=seed).fit(data.train, data.validation),
                data.test,
                [None],
            ),
            NEWCOMER,
        )
        for method in (SM, DeepSM)
        for seed in (SEEDS if method is DeepSM else range(1))
    ]


def crossed(queries, gallery, split):
    """Mean mAP of the old tasks when queries and galleries come from two trainings."""
    found = []
    for u in queries:
        for v in gallery:
            if u != v and NEWCOMER not in (u, v):
                mixed = {u: queries[u], v: gallery[v]}
                scores = evaluate(mixed, split.only(u, v), [None]).scores
                found.append(scores[u, v][None])
    return round(float(np.mean(found)), 5)


def together(data):
    """SupCon trains all modalities at once: before and after a newcomer, and new queries in the old index."""
    old = [v for v in data.modalities if v != NEWCOMER]
    rows, indexes = [], []
    for seed in TOGETHER:
        before = SupCon(seed=seed).fit(
            data.train.only(*old), data.validation.only(*old)
        )
        indexes.append(before.transform(data.test.only(*old)))
    for seed, index in zip(TOGETHER, indexes, strict=True):
        after = SupCon(seed=seed).fit(data.train, data.validation)
        f = after.transform(data.test)
        told = evaluate(index, data.test.only(*old), [None]).mean()
        rows.append(
            {
                "seed": seed,
                "old tasks, before": round(told, 5),
                "after": tasks(evaluate(f, data.test, [None]), NEWCOMER),
                "new queries, old index": crossed(f, index, data.test),
                "new queries, old index of another seed": crossed(
                    f, indexes[seed - 1], data.test
                ),
            }
        )
    return rows


def some_of_each(given, count, seed):
    """So many items of every class, drawn by seed."""
    x, y = given
    order = np.random.default_rng(seed).permutation(len(y))
    rows = np.concatenate(
        [order[y[order] == c][:count] for c in range(y.max() + 1)]
    )
    return x[rows], y[rows]


def few_items(data, joint, second):
    """mAP of a newcomer's tasks by the number of its training items; validation stays whole."""
    beside = "pen"  # baselines want two modalities; each learns alone
    held = data.validation.only(NEWCOMER, beside)
    old = {
        method.title: method(seed=0)
        .fit(data.train, data.validation)
        .transform(data.test)
        for method in (SM, DeepSM)
    }
    rows = []
    for count in COUNTS:
        for seed in FEWER:
            few = some_of_each(pair(data.train, NEWCOMER), count, seed)
            rest = pair(data.train, beside)
            own = Split(
                {NEWCOMER: few[0], beside: rest[0]},
                {NEWCOMER: few[1], beside: rest[1]},
            )
            for method in (SM, DeepSM):
                newer = method(seed=seed).fit(own, held)
                f = old[method.title] | newer.transform(data.test.only(NEWCOMER))
                found = tasks(evaluate(f, data.test, [None]), NEWCOMER)
                about = {"method": method.title, "items": count, "seed": seed}
                rows.append(about | {"map": found["its tasks"]})
            moved = joint[seed].prior_source_ == NEWCOMER
            model = second[seed] if moved else joint[seed]
            kept = model.encoders_.pop(NEWCOMER)
            model.add_modality(NEWCOMER, *few, pair(data.validation, NEWCOMER))
            found = tasks(evaluate(model, data.test, [None]), NEWCOMER)
            model.encoders_[NEWCOMER] = kept
            about = {"method": "DRCL", "items": count, "seed": seed}
            rows.append(about | {"map": found["its tasks"]})
        print(rows[-3:], flush=True)
    return rows


def main() -> None:
    """Write the result file."""
    data = load_dataset("numbers")
    joint = [DRCL(seed=seed, progress=False) for seed in SEEDS]
    fit_many(joint, data.train, data.validation)
    content = {"dataset": data.name, "newcomer": NEWCOMER}
    content["arrivals"], second = arrivals(data, joint)
    print(content["arrivals"][:5], flush=True)
    content["few"] = few_items(data, joint, second)
    content["operations"], content["share of seconds"] = costs(data, joint)
    print(content["share of seconds"], flush=True)
    content["alone"] = alone(data)
    content["together"] = together(data)
    print(content["together"], flush=True)
    store("new-modality", COMMAND, content)


if __name__ == "__main__":
    main()

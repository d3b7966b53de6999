"""A default for DRCL, chosen on validation data of every kind of set: ``python book/experiments/default_choice.py``.

Three rounds, each with seeds of its own: one setting changed at a time; combinations of what helped; the best few again
with more seeds. A candidate's score is its mean validation mAP minus the present default's, as a mean over groups of sets
(classic features, deep features, controlled), so that no group outweighs another. Test data have no part in it. Tries are
kept in ``runs/default``; a second call goes on.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from result_file import store
from scipy.special import softmax

from drcl_mini import DRCL, evaluate, fit_many, load_dataset

COMMAND = "python book/experiments/default_choice.py"
KEPT = Path(__file__).parents[2] / "runs" / "default"
GROUPS = {
    "classic features": ("wikipedia-classic", "digits-halves"),
    "deep features": ("numbers", "things", "things-fine"),
    "controlled": ("minimedia-small",),
}
SETS = tuple(name for group in GROUPS.values() for name in group)

BEFORE: dict[str, Any] = {
    "learning_rate": 1e-3,
    "prior_learning_rate": 2e-3,
    "q_rate": 0.03,
    "gamma": 0.9,
    "weight_decay": 0.0,
}
"""The default before: settings that a candidate doesn't name have it, also once the package's default has moved."""

FAST = {"learning_rate": 3e-3}
SLOW_PRIOR = {"prior_learning_rate": 5e-4}
BOTH = FAST | SLOW_PRIOR
ROUNDS: tuple[tuple[Sequence[Mapping[str, Any]], range], ...] = (
    (
        (
            {},
            {"hidden": ()},
            {"hidden": (256,)},
            {"hidden": (1024,)},
            {"standardise": False},
            {"weight_decay": 0.1},
            {"weight_decay": 1.0},
            FAST,
            {"learning_rate": 3e-4},
            {"gamma": 0.7},
            {"gamma": 1.0},
            {"mixup": 1.0},
            {"q_rate": 0.003},
            {"q_rate": 0.1},
            {"q_rate": 1.0},
            {"alpha": 1.0},
            {"alpha": 0.0},
            {"beta": 10.0},
            {"beta": 100.0},
            {"prior_learning_rate": 5e-3},
            {"prior_learning_rate": 5e-3, "prior_epochs": 40},
            {"prior_learning_rate": 2e-2},
            {"monitor": "loss"},
        ),
        range(200, 202),
    ),
    (
        (
            {},
            FAST,
            {"learning_rate": 1e-2},
            FAST | {"q_rate": 1.0},
            FAST | {"q_rate": 1.0, "weight_decay": 0.1},
            {"prior_learning_rate": 1e-3},
            SLOW_PRIOR,
            SLOW_PRIOR | {"prior_epochs": 10},
            BOTH,
            BOTH | {"q_rate": 1.0},
            FAST | {"hidden": (1024,)},
        ),
        range(300, 302),
    ),
    (
        (
            {},
            BOTH,
            BOTH | {"gamma": 0.7},
            BOTH | {"weight_decay": 0.1},
            BOTH | {"prior_epochs": 10},
            BOTH | {"prior_learning_rate": 3e-4},
            FAST | {"prior": "orthogonal"},
            FAST | {"prior": "orthogonal", "prior_scale": 2.0},
            FAST | {"prior": "simplex", "prior_scale": 2.0},
        ),
        range(400, 404),
    ),
)
"""Changes to try, and with which seeds. Fixed priors are there for comparison, not as candidates."""


def tried(
    round_: int, name: str, change: Mapping[str, Any], seeds: range
) -> dict[str, Any]:
    """Length of W's columns; validation mAP of each seed, by embeddings and by centred posteriors, and of all seeds' embeddings joined."""
    data = load_dataset(name)
    models = [
        DRCL(seed=s, threads=1, progress=False, **BEFORE | dict(change))
        for s in seeds
    ]
    fit_many(models, data.train, data.validation)
    rows = [model.transform(data.validation) for model in models]
    maps: dict[str, list[float]] = {"embeddings": [], "posteriors": []}
    for model, own in zip(models, rows, strict=True):
        W = model.prior_.cpu().numpy().astype(float)
        posteriors = {
            m: softmax(x @ W, axis=1) - 1 / W.shape[1] for m, x in own.items()
        }
        maps["embeddings"].append(_map(own, data.validation))
        maps["posteriors"].append(_map(posteriors, data.validation))
    joined = _map(
        {m: np.concatenate([own[m] for own in rows], axis=1) for m in rows[0]},
        data.validation,
    )
    lengths = [model.prior_.norm(dim=0).mean().item() for model in models]
    about = {
        "round": round_,
        "dataset": name,
        "change": dict(change),
        "seeds": list(seeds),
    }
    return about | maps | {"joined": joined, "length": float(np.mean(lengths))}


def _map(rows: Mapping[str, np.ndarray], split: Any) -> float:
    return float(evaluate(rows, split).mean())


def all_tries(jobs: int = 2) -> list[dict[str, Any]]:
    """All tries; those that ``runs/default`` holds are not made again."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / "tries.jsonl"
    found = (
        [json.loads(line) for line in path.read_text().splitlines()]
        if path.exists()
        else []
    )
    known = {_key(one["round"], one["dataset"], one["change"]) for one in found}
    wanted = [
        (r, name, c, s)
        for r, (changes, s) in enumerate(ROUNDS)
        for c in changes
        for name in SETS
    ]
    left = [one for one in wanted if _key(*one[:1], one[1], one[2]) not in known]
    with open(path, "a", encoding="utf-8") as file:
        made = Parallel(jobs, return_as="generator_unordered", batch_size=1)(
            delayed(tried)(*one) for one in left
        )
        for one in made:
            print(json.dumps(one), file=file, flush=True)
            found.append(one)
    order = {_key(r, name, c): i for i, (r, name, c, _) in enumerate(wanted)}
    kept = [
        one
        for one in found
        if _key(one["round"], one["dataset"], one["change"]) in order
    ]
    return sorted(
        kept,
        key=lambda one: order[_key(one["round"], one["dataset"], one["change"])],
    )


def _key(round_: int, name: str, change: Mapping[str, Any]) -> str:
    return json.dumps([round_, name, change], sort_keys=True)


def gains(tries: Sequence[Mapping[str, Any]], round_: int) -> list[dict[str, Any]]:
    """Of each candidate of a round: mAP minus the default's, by set and as a mean over groups; the best first."""
    mean: dict[str, dict[str, dict[str, float]]] = {}
    for one in tries:
        if one["round"] == round_:
            scores = {
                what: float(np.mean(one[what]))
                for what in ("embeddings", "posteriors", "joined", "length")
            }
            mean.setdefault(json.dumps(one["change"], sort_keys=True), {})[
                one["dataset"]
            ] = scores
    default = mean[json.dumps({})]
    rows = []
    for change, scores in mean.items():
        gap = {
            name: scores[name]["embeddings"] - default[name]["embeddings"]
            for name in SETS
        }
        other = {
            what: _over_groups(
                {
                    name: scores[name][what] - default[name]["embeddings"]
                    for name in SETS
                }
            )
            for what in ("posteriors", "joined")
        }
        rows.append(
            {
                "change": json.loads(change),
                "gain": _over_groups(gap),
                "by set": gap,
                "length of columns": {
                    name: scores[name]["length"] for name in SETS
                },
                **other,
            }
        )
    return sorted(rows, key=lambda row: -row["gain"])


def _over_groups(gap: Mapping[str, float]) -> float:
    return float(
        np.mean(
            [np.mean([gap[name] for name in names]) for names in GROUPS.values()]
        )
    )


def main() -> None:
    """Try, rank, and store."""
    tries = all_tries()
    ranked = [gains(tries, number) for number in range(len(ROUNDS))]
    about = {"groups": {k: list(v) for k, v in GROUPS.items()}, "before": BEFORE}
    seeds = [list(seeds) for _, seeds in ROUNDS]
    store("default-choice", COMMAND, about | {"seeds": seeds, "rounds": ranked})


if __name__ == "__main__":
    main()

"""What ``bench-speed`` measures of training.

Each row gives figures, by name, and the raw seconds behind them.
"""

from functools import partial
from statistics import median
from typing import Any

import numpy as np

from ..core.intervals import interval
from ..data.dataset import MultimodalDataset
from ..data.load import load_dataset
from ..many import fit_many, replayed
from ..method.estimator import DRCL
from ..retrieval.evaluation import evaluate
from .measure import Plan, Row, interleaved, ratio, timed, wikipedia_shapes

SETS = ("minimedia-small", "minimedia", "digits-halves", "wikipedia-classic", "spoken-digits")


def released_training(plan: Plan) -> Row:
    """All of the ``released`` training at Wikipedia's deep shapes.

    Two modalities, SPL and RSC, 200 epochs each.
    """
    train, validation = wikipedia_shapes(plan.quick)

    def training(precision: str, **changes: Any) -> float:
        model = DRCL(**vars(plan.released("wikipedia", precision=precision, **changes)))
        return timed(lambda: model.fit(train, validation), plan.device)[1]

    for kind in plan.precisions:  # warm up
        training(kind, epochs=1, prior_epochs=1)
    turns = {kind: partial(training, kind) for kind in plan.precisions}
    seconds = interleaved(turns, plan.repetitions)
    figures = {f"{kind} seconds": median(taken) for kind, taken in seconds.items()}
    return {"figures": figures, "seconds": seconds}


def ten_seeds(plan: Plan) -> Row:
    """Ten seeds trained as one batch against one after another, default setting; do mAPs agree?"""
    figures, seconds = {}, {}
    for name in plan.present(*SETS):
        data, maps = load_dataset(name), {}
        for together in (False, True):  # warm up
            _seeds(plan, data, maps, together, epochs=1, prior_epochs=1)
        sides = {
            "one after another": partial(_seeds, plan, data, maps, False),
            "one batch": partial(_seeds, plan, data, maps, True),
        }
        seconds[name] = interleaved(sides, plan.repetitions)
        figures[f"{name} ratio"] = ratio(*seconds[name].values())
        figures[f"{name} mAP apart"] = float(np.abs(np.subtract(maps[True], maps[False])).max())
    return {"figures": figures, "seconds": seconds}


def ten_seeds_replayed(plan: Plan) -> Row:
    """The same with steps replayed on a GPU, see :func:`drcl_mini.many.steps.replayed`."""
    with replayed():
        return ten_seeds(plan)


def _seeds(
    plan: Plan, data: MultimodalDataset, maps: dict[bool, list], together: bool, **changes: Any
) -> float:
    """Seconds of the training of all seeds; their test mAPs are added to ``maps``."""
    seeds = range(2 if plan.quick else 10)
    models = [DRCL(**plan.settings(seed=seed, **changes)) for seed in seeds]

    def work() -> None:
        if together:
            fit_many(models, data.train, data.validation)
        else:
            for model in models:
                model.fit(data.train, data.validation)

    _, seconds = timed(work, plan.device)
    maps[together] = [evaluate(model, data.test).mean() for model in models]
    return seconds


def precision(plan: Plan) -> Row:
    """What ``precision`` does to the default setting: mean test mAP of five seeds, and seconds.

    The mAP's difference to float32 is taken seed by seed, with the 95 % interval of their mean.
    """
    figures, seconds, maps = {}, {}, {}
    for name in plan.present("minimedia-small", "wikipedia-classic"):
        data = load_dataset(name)
        taken, found = ({kind: [] for kind in plan.precisions} for _ in range(2))
        for seed in range(2 if plan.quick else 5):
            for kind in plan.precisions:
                model = DRCL(**plan.settings(seed=seed, precision=kind))
                fit = partial(model.fit, data.train, data.validation)
                taken[kind].append(timed(fit, plan.device)[1])
                found[kind].append(evaluate(model, data.test).mean())
        for kind in plan.precisions:
            start = f"{name} {kind}"
            figures[f"{start} mAP"] = float(np.mean(found[kind]))
            figures[f"{start} seconds"] = median(taken[kind])
            if kind != "float32":
                apart = np.subtract(found[kind], found["float32"])
                figures[f"{start} mAP difference"] = float(apart.mean())
                figures[f"{start} mAP difference ±"] = interval(apart)
                figures[f"{start} ratio"] = ratio(taken["float32"], taken[kind])
        seconds[name], maps[name] = taken, found
    return {"figures": figures, "seconds": seconds, "mAP": maps}

"""What ``torch.compile`` would gain: ``bench-speed --rows compile``. The trainer doesn't use it, and this says why."""

from contextlib import nullcontext
from functools import partial
from statistics import median
from time import perf_counter
from unittest.mock import patch

import torch

from ..data.load import load_dataset
from ..data.split import Split
from ..method import consistency
from ..method.estimator import DRCL
from ..method.prior import orthogonal_prior
from ..training.batches import generator
from ..training.settings import Settings
from .measure import (
    NotMeasuredError,
    Plan,
    Row,
    fit_alone,
    fresh_encoder,
    interleaved,
    ratio,
    wikipedia_shapes,
)

WARM = 3
"""Epochs that aren't counted: the compiler meets its shapes in them."""


def compiled(plan: Plan) -> Row:
    """One epoch of RSC of one modality, as it is and with encoder and losses through torch.compile; one run."""
    small = load_dataset("digits-halves" if plan.quick else "minimedia-small")
    cases = {
        "default": (
            small.train,
            small.validation,
            DRCL(**plan.settings(epochs=WARM + 20)).settings,
        ),
        "released": (*wikipedia_shapes(plan.quick), plan.released("wikipedia", epochs=WARM + 2)),
    }
    figures, seconds = {}, {}
    for name, case in cases.items():
        starts: list[float] = []
        sides = {
            kind: partial(_epoch, *case, kind == "compiled", starts)
            for kind in ("eager", "compiled")
        }
        seconds[name] = interleaved(sides, plan.repetitions)
        figures[f"{name} ratio"] = ratio(seconds[name]["eager"], seconds[name]["compiled"])
        figures[f"{name} eager epoch seconds"] = median(seconds[name]["eager"])
        figures[f"{name} seconds to compile"] = max(starts)
    return {"figures": figures, "seconds": seconds}


def _epoch(
    train: Split, validation: Split, settings: Settings, compiling: bool, starts: list[float]
) -> float:
    """Mean seconds of an epoch after the first ones; what those took more is added to ``starts``."""
    name, ticks = train.modalities[0], [perf_counter()]
    prior = orthogonal_prior(settings.dim, train.n_classes, generator(0))
    encoder = fresh_encoder(train, settings, name)
    losses = nullcontext()
    if compiling:
        torch.compiler.reset()
        encoder.compile()
        losses = patch.object(
            consistency, "consistency_losses", torch.compile(consistency.consistency_losses)
        )
    try:
        with losses:
            fit_alone(
                encoder,
                train,
                validation,
                prior,
                settings,
                name,
                lambda record: ticks.append(perf_counter()),
            )
    except torch._dynamo.exc.TorchDynamoException as error:
        raise NotMeasuredError(
            f"torch.compile can't here: {' '.join(str(error).split()[:40])}"
        ) from None
    mean = (ticks[-1] - ticks[WARM]) / (len(ticks) - 1 - WARM)
    if compiling:
        starts.append(ticks[WARM] - ticks[0] - WARM * mean)
    return mean

"""What ``torch.compile`` would gain: ``bench-speed --rows compile``. No trainer here uses it."""

from functools import partial
from statistics import median
from time import perf_counter

import torch

from ..data.load import load_dataset
from ..data.split import Split
from ..many.stages import fit_encoders
from ..method.consistency import consistency_losses
from ..method.prior import orthogonal_prior
from ..training.batches import generator
from ..training.settings import Settings
from . import measure
from .measure import NotMeasuredError, Plan, Row

WARM = 3
"""Epochs that aren't counted: the compiler meets its shapes in them."""


def compiled(plan: Plan) -> Row:
    """One epoch of RSC of one modality, one run: as it is, and with encoder and losses compiled.

    It is trained by :func:`drcl_mini.many.stages.fit_encoders`, which takes its losses as an
    argument.
    """
    small = load_dataset("digits-halves" if plan.quick else "minimedia-small")
    default = Settings(**plan.settings(epochs=WARM + 20))
    released = plan.released("wikipedia", epochs=WARM + 2)
    cases = {
        "default": (small.train, small.validation, default),
        "released": (*measure.wikipedia_shapes(plan.quick), released),
    }
    figures, seconds = {}, {}
    for name, case in cases.items():
        starts: list[float] = []
        sides = {"eager": partial(_epoch, *case), "compiled": partial(_epoch, *case, starts)}
        seconds[name] = measure.interleaved(sides, plan.repetitions)
        figures[f"{name} ratio"] = measure.ratio(*seconds[name].values())
        figures[f"{name} eager epoch seconds"] = median(seconds[name]["eager"])
        figures[f"{name} seconds to compile"] = max(starts)
    return {"figures": figures, "seconds": seconds}


def _epoch(
    train: Split, validation: Split, settings: Settings, starts: list[float] | None = None
) -> float:
    """Mean seconds of an epoch after the first ones.

    With ``starts`` encoder and losses are compiled; what that takes is added to it.
    """
    name, ticks = train.modalities[0], [perf_counter()]
    prior = orthogonal_prior(settings.dim, train.n_classes, generator(0))
    encoder, losses = measure.fresh_encoder(train, settings, name), consistency_losses
    (x, y), held = measure.pair(train, name), measure.pair(validation, name)
    if starts is not None:
        torch.compiler.reset()
        encoder.compile()
        losses = torch.compile(losses)

    def tick(record: Row) -> None:
        ticks.append(perf_counter())

    try:
        fit_encoders([encoder], x, [y], [prior], [settings], name, held, [tick], losses)
    except torch._dynamo.exc.TorchDynamoException as error:
        reason = " ".join(str(error).split()[:40])
        raise NotMeasuredError(f"torch.compile fails here: {reason}") from None
    mean = (ticks[-1] - ticks[WARM]) / (len(ticks) - 1 - WARM)
    if starts is not None:
        starts.append(ticks[WARM] - ticks[0] - WARM * mean)
    return mean

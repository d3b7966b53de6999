"""An epoch of the ``released`` preset beside a plain loop: ``--rows released-epoch``."""

from functools import partial
from itertools import pairwise
from statistics import median
from time import perf_counter

import numpy as np
import torch

from ..data.split import Split
from ..method.prior import orthogonal_prior
from ..training.batches import generator
from ..training.settings import Settings
from . import measure
from .loop import plain_training
from .measure import Plan, Row


def released_epoch(plan: Plan) -> Row:
    """One epoch of RSC of each modality, ``released`` preset: the trainer against a plain loop.

    The loop stays in float32, and alone scores the validation mAP. The first epoch of each training
    warms up and isn't counted. "products" is the least that float32 can take: the encoder's matrix
    products of an epoch, nothing else.
    """
    train, validation = measure.wikipedia_shapes(plan.quick)
    settings = plan.released("wikipedia", epochs=3)
    prior = orthogonal_prior(settings.dim, train.n_classes, generator(0)).to(plan.device)
    sides = ("loop", "float32", "bfloat16", "products")
    seconds, ends = {}, {}

    def epoch(side: str, name: str) -> float:
        if side == "products":
            return _products(train, validation, settings, name)
        learn = plain_training if side == "loop" else measure.fit_alone
        s = settings.replace(precision="float32" if side == "loop" else side)
        encoder, ticks = measure.fresh_encoder(train, s, name), []

        def tick(record: Row) -> None:
            ticks.append(perf_counter())
            ends[side, name] = record["validation_loss"]

        learn(encoder, train, validation, prior, s, name, tick)
        return (ticks[-1] - ticks[0]) / (len(ticks) - 1)

    for name in train.modalities:
        turns = {f"{side} {name}": partial(epoch, side, name) for side in sides}
        seconds |= measure.interleaved(turns, plan.repetitions)
    both = {}
    for side in sides:
        each = [seconds[f"{side} {name}"] for name in train.modalities]
        both[side] = np.sum(each, axis=0).tolist()
    figures = {f"{side} ratio": measure.ratio(both["loop"], both[side]) for side in sides[1:]}
    figures |= {f"{side} seconds": median(both[side]) for side in sides}
    figures["float32 share of products"] = measure.ratio(both["products"], both["float32"])
    apart = (abs(ends["loop", name] - ends["float32", name]) for name in train.modalities)
    return {"figures": figures | {"validation loss apart": max(apart)}, "seconds": seconds}


def _products(train: Split, validation: Split, settings: Settings, name: str) -> float:
    """Seconds of an epoch's matrix products.

    Each step has them forward, and backward for all but X; validation has them forward.
    """
    (n, d), held = train.features[name].shape, len(validation.labels[name])
    widths, size = [d, *settings.hidden, settings.dim], min(n, settings.batch_size)
    steps = [(size, True)] * (n // size) + [(held, False)]
    x = [torch.randn(size, width, device=settings.device) for width in widths]
    w = [torch.randn(b, a, device=settings.device) for a, b in pairwise(widths)]

    def work() -> None:
        for rows, backward in steps:
            for inputs, weight in zip(x, w, strict=False):
                torch.mm(inputs[:rows], weight.T)
            for i in reversed(range(len(w) if backward else 0)):
                torch.mm(x[i + 1].T, x[i])
                if i:
                    torch.mm(x[i + 1], w[i])

    return measure.timed(work, settings.device)[1]

"""One epoch of the ``released`` preset, beside a plain loop: ``bench-speed --rows released-epoch``."""

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
from .loop import plain_training
from .measure import (
    Plan,
    Row,
    fit_alone,
    fresh_encoder,
    interleaved,
    on_host,
    ratio,
    seconds_of,
    wikipedia_shapes,
)


def released_epoch(plan: Plan) -> Row:
    """One epoch of RSC of each modality, ``released`` preset: the package's trainer against a plain loop.

    The loop stays in float32, and alone scores the validation mAP. The first epoch of each training warms up and isn't
    counted. "products" is the least that float32 can take: the encoder's matrix products of an epoch, nothing else.
    """
    train, validation = wikipedia_shapes(plan.quick)
    settings = plan.released("wikipedia", epochs=3)
    prior = orthogonal_prior(settings.dim, train.n_classes, generator(0)).to(plan.device)
    sides = ("loop", "float32", "bfloat16", "products")
    seconds, ends = {}, {}

    def epoch(side: str, name: str) -> float:
        if side == "products":
            return _products(train, validation, settings, name, plan.device)
        s = settings.but(precision="float32" if side == "loop" else side)
        encoder, ticks = fresh_encoder(train, s, name), []

        def tick(record: Row) -> None:
            ticks.append(perf_counter())
            ends[f"{side} {name}"] = record["validation_loss"]

        if side == "loop":
            host = (on_host(split, name) for split in (train, validation))
            plain_training(encoder.layers, *host, prior, s, name, tick)
        else:
            fit_alone(encoder, train, validation, prior, s, name, tick)
        return (ticks[-1] - ticks[0]) / (len(ticks) - 1)

    for name in train.modalities:
        seconds |= interleaved(
            {f"{side} {name}": partial(epoch, side, name) for side in sides}, plan.repetitions
        )
    both = {
        side: np.sum([seconds[f"{side} {name}"] for name in train.modalities], axis=0).tolist()
        for side in sides
    }
    figures = {f"{side} ratio": ratio(both["loop"], both[side]) for side in sides[1:]}
    figures |= {f"{side} seconds": median(both[side]) for side in sides}
    figures["float32 share of products"] = ratio(both["products"], both["float32"])
    apart = (abs(ends[f"loop {name}"] - ends[f"float32 {name}"]) for name in train.modalities)
    return {"figures": figures | {"validation loss apart": max(apart)}, "seconds": seconds}


def _products(train: Split, validation: Split, settings: Settings, name: str, device: str) -> float:
    """Seconds of an epoch's matrix products: every step forward, and backward for all but X; validation forward."""
    (n, d), held = train.features[name].shape, len(validation.labels[name])
    widths, size = [d, *settings.hidden, settings.dim], min(n, settings.batch_size)
    steps = [(size, True)] * (n // size) + [(held, False)]
    x = [torch.randn(size, width, device=device) for width in widths]
    w = [torch.randn(b, a, device=device) for a, b in pairwise(widths)]

    def work() -> None:
        for rows, backward in steps:
            for inputs, weight in zip(x, w, strict=False):
                torch.mm(inputs[:rows], weight.T)
            for i in reversed(range(len(w) if backward else 0)):
                torch.mm(x[i + 1].T, x[i])
                if i:
                    torch.mm(x[i + 1], w[i])

    return seconds_of(work, device)

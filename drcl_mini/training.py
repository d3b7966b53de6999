"""The training loop that both stages share: shuffle, mini-batches, Adam, one report an epoch."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from zlib import crc32

import numpy as np
import torch
from torch import Tensor

Losses = Callable[[Tensor, Tensor, int], dict[str, Tensor]]
"""(batch's indices, each sample's partner within the batch, epoch) → named losses; "total" is minimised."""

Report = Callable[[dict[str, Any]], None]
"""Told the record of each epoch as it ends."""


class TrainingDiverged(RuntimeError):
    """A loss stopped being a number. The model keeps its last good state."""


def generator(seed: int, *names: str) -> torch.Generator:
    """A source of random numbers for one purpose: other purposes, other modalities don't disturb it."""
    words = np.random.SeedSequence([seed, *(crc32(name.encode()) for name in names)]).generate_state(2)
    return torch.Generator().manual_seed((int(words[0]) << 32 | int(words[1])) >> 1)


def batches(samples: int, batch_size: int, drop_last: bool, source: torch.Generator) -> Iterator[Tensor]:
    """One epoch: shuffled indices, batch by batch, and each sample's random partner: pairs of (b,) tensors.

    With ``drop_last`` every batch is full (or all samples, when there are fewer); else the samples
    spread evenly over the fewest batches, and none is left out.

    Example:
        >>> [len(index) for index, partner in batches(10, 4, False, generator(0))]
        [4, 3, 3]
        >>> [len(index) for index, partner in batches(10, 4, True, generator(0))]
        [4, 4]
    """
    order = torch.randperm(samples, generator=source)
    if drop_last:
        size = min(batch_size, samples)
        parts = order[: samples // size * size].split(size)
    else:
        parts = order.tensor_split(math.ceil(samples / batch_size))
    return ((part, torch.randperm(len(part), generator=source)) for part in parts)


def copies(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Values of now, to come back to."""
    return [parameter.detach().clone() for parameter in parameters]


def train(
    parameters: Iterable[Tensor],
    losses: Losses,
    samples: int,
    after_epoch: Callable[[int], dict[str, float]],
    *,
    epochs: Iterable[int],
    batch_size: int,
    drop_last: bool,
    learning_rate: float,
    betas: tuple[float, float],
    source: torch.Generator,
    rank: Callable[[dict[str, Any]], float] | None = None,
    patience: int | None = None,
    report: Report = lambda record: None,
) -> list[dict[str, Any]]:
    """Minimise ``losses(...)["total"]`` over ``parameters``, in place, and return one record an epoch.

    Data stay where the losses keep them: an epoch sends its shuffled indices to the device once and
    brings its mean losses back once.

    Args:
        parameters: tensors to train.
        losses: the loss terms of one batch.
        samples: n, how many samples there are.
        after_epoch: called with the epoch; its numbers join the record.
        epochs: values of the epoch counter.
        batch_size: samples in a batch, at most.
        drop_last: see :func:`batches`.
        learning_rate: Adam's.
        betas: Adam's.
        source: where shuffles are drawn from.
        rank: gives a record a value, whose greatest picks the epoch to end with; ``None``: the last one.
        patience: with ``rank``, stop after so many epochs without a greater value.
        report: called with each epoch's record.

    Raises:
        TrainingDiverged: a loss or a parameter is no longer finite; parameters hold the last good state.
        KeyboardInterrupt: passed on, parameters hold the last good state.
    """
    parameters = list(parameters)
    device = parameters[0].device
    optimiser = torch.optim.Adam(parameters, lr=learning_rate, betas=betas, fused=True)
    good, best, waited = copies(parameters), -math.inf, 0
    records: list[dict[str, Any]] = []
    try:
        for epoch in epochs:
            parts = list(batches(samples, batch_size, drop_last, source))
            sizes = [len(index) for index, _ in parts]
            shuffled = torch.stack([torch.cat(column) for column in zip(*parts, strict=True)]).to(device)
            sums: Tensor | float = 0.0
            for index, partner in zip(*(column.split(sizes) for column in shuffled), strict=True):
                terms = losses(index, partner, epoch)
                optimiser.zero_grad()
                terms["total"].backward()
                optimiser.step()
                sums = sums + torch.stack([term.detach() for term in terms.values()]) * len(index)
            record = dict(zip(terms, (sums / sum(sizes)).tolist(), strict=True))
            lost = [name for name, value in record.items() if not math.isfinite(value)]
            if not lost and not all(torch.stack([p.isfinite().all() for p in parameters]).tolist()):
                lost = ["weights"]
            if lost:
                names = ", ".join(name for name in lost if name != "total" or len(lost) == 1)
                advice = f"lower the learning rate ({learning_rate:g})"
                raise TrainingDiverged(f"training diverged in epoch {epoch}: {names} not finite; {advice}")
            record = {"epoch": epoch, **record, **after_epoch(epoch)}
            value = epoch if rank is None else rank(record)
            if value > best:
                good, best, waited = copies(parameters), value, 0
            else:
                waited += 1
            records.append(record)
            report(record)
            if waited == patience:
                break
    finally:
        with torch.no_grad():
            for parameter, value in zip(parameters, good, strict=True):
                parameter.copy_(value)
    return records

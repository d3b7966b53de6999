"""Mini-batches, and sources of random numbers that don't disturb one another."""

import math
from collections.abc import Iterator
from zlib import crc32

import numpy as np
import torch
from torch import Tensor


def generator(seed: int, *names: str) -> torch.Generator:
    """Random numbers for one purpose, which other purposes and modalities don't disturb."""
    purposes = [crc32(name.encode()) for name in names]
    words = np.random.SeedSequence([seed, *purposes]).generate_state(2)
    return torch.Generator().manual_seed((int(words[0]) << 32 | int(words[1])) >> 1)


def batches(
    samples: int,
    batch_size: int,
    drop_last: bool,
    source: torch.Generator,
    device: torch.device | str = "cpu",
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch: shuffled indices, batch by batch, and a random partner for each sample of a batch.

    With ``drop_last`` every batch is full (or all samples, when there are fewer); else the samples
    spread evenly over the fewest batches, and none is left out.

    Args:
        samples: n, how many samples there are.
        batch_size: how many make a batch, at most.
        drop_last: leave out what doesn't fill a batch.
        source: where order and partners are drawn from.
        device: where the indices are needed; they go there together.

    Returns:
        Pairs (index, partner) of int64 tensors (b,); a partner is a place within the batch.

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
    sizes = [len(part) for part in parts]
    partners = [torch.randperm(size, generator=source) for size in sizes]
    index = torch.cat(parts).to(device).split(sizes)
    partner = torch.cat(partners).to(device).split(sizes)
    return zip(index, partner, strict=True)

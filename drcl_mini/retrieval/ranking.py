"""Ranking by integer keys: one sort orders by score, breaks ties by index and moves a payload."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from ..core.devices import out_of_memory

BLOCK = 128 * 2**20
"""About how many bytes one block of similarities and its ranking may take."""


def in_blocks(compute: Callable[[slice], Tensor], total: int, rows: int) -> Tensor:
    """``compute`` of successive slices of ``total`` rows; slices are halved if memory runs out.

    Args:
        compute: gives a row of its result for each row of the slice.
        total: how many rows there are.
        rows: how many a slice may have; at least one is taken.

    Raises:
        RuntimeError: even a single row is too much for the memory.

    Example:
        >>> in_blocks(lambda part: torch.arange(part.start, part.stop), total=5, rows=2)
        tensor([0, 1, 2, 3, 4])
    """
    start, rows, whole = 0, max(1, rows), None
    while start < total:
        part = slice(start, min(start + rows, total))
        try:
            result = compute(part)
        except RuntimeError as error:
            rows = (part.stop - start) // 2
            if rows == 0 or not out_of_memory(error):
                raise
            continue
        if whole is None:
            # One array: small results between blocks would fragment the memory.
            whole = result.new_empty(total, *result.shape[1:])
        whole[part] = result
        start = part.stop
    return whole


def unit_rows(x: Tensor) -> Tensor:
    """Rows (…, D) scaled to length 1, float64; rows of zeros stay zeros.

    Example:
        >>> unit_rows(torch.tensor([[3e-30, 4e-30], [0.0, 0.0]])).round(decimals=6).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    x = x.double()
    length = x.norm(dim=-1, keepdim=True)
    return x / length.where(length > 0, 1)


def rounded(cosines: Tensor) -> Tensor:
    """Round float64 cosines to multiples of 2⁻³⁶ (10⁻¹¹), as float32; the input is overwritten.

    Within a block, a matrix product adds in different orders, so the cosines of equal items can
    differ by 1e-16. Rounding hides that, except in about one of 30,000 such pairs, which lie on
    both sides of a rounding border. Float32 alone has ever finer steps near 0.

    Example:
        >>> rounded(torch.tensor([1e-13, 0.0, -1e-17, 0.1], dtype=torch.float64)).tolist()
        [0.0, 0.0, 0.0, 0.10000000149011612]
    """
    return cosines.add_(98304).sub_(98304).float()  # from 2¹⁶ to 2¹⁷ float64 steps by 2⁻³⁶


def ranking_keys(scores: Tensor, payload: Tensor) -> Tensor:
    """int64 keys that sort ascending as the scores sort descending; equal scores sort by payload.

    The upper 32 bits are the score's, reversed (the bits of a float sort like an integer once those
    of negative numbers are flipped); the lower 32 bits are the payload. Sorting integers takes a
    fraction of the time of a stable argsort and a gather.

    Args:
        scores: float32, any shape, finite.
        payload: int64 from 0 to 2³² - 1, broadcast to the scores.

    Example:
        >>> keys = ranking_keys(torch.tensor([0.5, 2.0, -1.0, 2.0]), torch.arange(4))
        >>> key_payload(keys.sort().values).tolist()
        [1, 3, 0, 2]
    """
    bits = (scores + 0.0).view(torch.int32)  # + 0.0 makes −0 equal to 0
    return _flip(bits).bitwise_not_().long().bitwise_left_shift_(32).bitwise_or_(payload)


def key_payload(keys: Tensor) -> Tensor:
    """The payload of :func:`ranking_keys`."""
    return keys & 0xFFFFFFFF


def key_scores(keys: Tensor) -> Tensor:
    """The scores of :func:`ranking_keys`, bit for bit except the sign of a zero.

    Example:
        >>> key_scores(ranking_keys(torch.tensor([0.5, -1.0]), torch.tensor([7, 9]))).tolist()
        [0.5, -1.0]
    """
    return _flip((keys >> 32).int().bitwise_not_()).view(torch.float32)


def _flip(bits: Tensor) -> Tensor:
    """Flip all but the sign bit of negative numbers; its own inverse."""
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


def row_sorter(device: torch.device) -> Callable[[Tensor], Tensor]:
    """A function that sorts each row of integers: on the CPU by NumPy in threads, else by torch."""
    if device.type != "cpu":
        return lambda keys: keys.sort(dim=1).values
    threads = torch.get_num_threads()

    def sort(keys: Tensor) -> Tensor:
        with ThreadPoolExecutor(threads) as pool:
            parts = np.array_split(keys.numpy(), threads)
            list(pool.map(lambda part: part.sort(axis=1), parts))
        return keys

    return sort

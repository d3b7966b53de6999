"""Ranking by integer keys: one sort orders by score, breaks ties by index, and carries what belongs to it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.devices import out_of_memory

BLOCK = 128 * 2**20
"""Bytes that one block of similarities and its ranking may take, about."""


def check_memory(memory: Any) -> int:
    """Bytes for one block: an integer of at least 1."""
    if isinstance(memory, bool) or not isinstance(memory, (int, np.integer)) or memory < 1:
        raise ValueError(
            f"memory is {memory!r}, expected bytes for one block, an integer of at least 1"
        )
    return int(memory)


def in_blocks(compute: Callable[[slice], Tensor], total: int, rows: int) -> Tensor:
    """``compute`` of successive slices of ``total`` rows; where the device runs out of memory, of half as many.

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
            # Results that are kept one by one would lie between the large blocks and fragment the memory.
            whole = result.new_empty(total, *result.shape[1:])
        whole[part], start = result, part.stop
    return whole


def unit_rows(x: Tensor) -> Tensor:
    """float64 rows (…, D) of length 1, however short or long they were; a row of zeros stays one.

    Example:
        >>> unit_rows(torch.tensor([[3e-30, 4e-30], [0.0, 0.0]])).round(decimals=6).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    x = x.double()
    length = x.norm(dim=-1, keepdim=True)
    return x / length.where(length > 0, 1)


def rounded(cosines: Tensor) -> Tensor:
    """float64 cosines as float32, by way of multiples of 2⁻³⁶, about 10⁻¹¹; the given ones are overwritten.

    A matrix product adds in another order here and there in a block, so that the cosines of equal items differ
    by 1e-16. Rounding hides that, unless a border of two steps lies between: of 30,000 pairs of equal items that a
    product has told apart, about one. Float32 alone would have ever finer steps near 0.

    Example:
        >>> rounded(torch.tensor([1e-13, 0.0, -1e-17, 0.1], dtype=torch.float64)).tolist()
        [0.0, 0.0, 0.0, 0.10000000149011612]
    """
    return cosines.add_(98304).sub_(98304).float()  # from 2¹⁶ to 2¹⁷ float64 steps by 2⁻³⁶


def ranking_keys(scores: Tensor, payload: Tensor) -> Tensor:
    """int64 keys that sort ascending as the scores sort descending; equal scores sort by payload.

    The upper 32 bits are the score's (the bits of a float sort like an integer once those of negative
    numbers are flipped), reversed; the lower 32 bits are the payload. Sorting plain integers takes a
    fraction of the time of a stable argsort and a gather.

    Args:
        scores: float32, any shape, finite.
        payload: int64 from 0 to 2³² - 1, broadcast to the scores.

    Example:
        >>> keys = ranking_keys(torch.tensor([0.5, 2.0, -1.0, 2.0]), torch.arange(4))
        >>> key_payload(keys.sort().values).tolist()
        [1, 3, 0, 2]
    """
    keys = (
        _flip((scores + 0.0).view(torch.int32)).bitwise_not_().long()
    )  # + 0.0 makes −0 equal to 0
    return keys.bitwise_left_shift_(32).bitwise_or_(payload)


def key_payload(keys: Tensor) -> Tensor:
    """The payload of :func:`ranking_keys`."""
    return keys & 0xFFFFFFFF


def key_scores(keys: Tensor) -> Tensor:
    """The scores of :func:`ranking_keys`, bit for bit but for the sign of a zero.

    Example:
        >>> key_scores(ranking_keys(torch.tensor([0.5, -1.0]), torch.tensor([7, 9]))).tolist()
        [0.5, -1.0]
    """
    return _flip((keys >> 32).int().bitwise_not_()).view(torch.float32)


def _flip(bits: Tensor) -> Tensor:
    """Flip all but the sign bit of negative numbers; its own inverse."""
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


def row_sorter(device: torch.device) -> Callable[[Tensor], Tensor]:
    """A function that sorts each row of integer keys: NumPy's vectorised sort in threads on the CPU, else torch's."""
    if device.type != "cpu":
        return lambda keys: keys.sort(dim=1).values
    threads = torch.get_num_threads()

    def sort(keys: Tensor) -> Tensor:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: part.sort(axis=1), np.array_split(keys.numpy(), threads)))
        return keys

    return sort

"""Rows through a network, a few at a time: in memory, or read where they lie."""

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn

from ..core.lazy import BLOCK, LazyRows, LazyTable, as_rows, sparse_tensor
from ..retrieval.ranking import in_blocks

ROWS = 8192
"""Samples that are read, or go through a network, at once outside of training steps."""


def lazy_statistics(features: LazyRows) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (d,) of features that are read piece by piece.

    Those of a sparse table are scaled, not centred: its mean counts as 0, so zeros stay zeros, and
    the deviation of a constant feature, which stays as it is.
    """
    if features.table.sparse:
        return _sparse_statistics(features.table)
    first = features[:1].double()  # sums of differences from it lose fewer digits
    total = square = torch.zeros_like(first[0])
    for part in features.split(max(1, BLOCK // 8 // len(first[0]))):  # float64 takes more room
        centred = part.double().sub_(first)
        total = total + centred.sum(dim=0)
        square = square + centred.square_().sum(dim=0)
    shift = total / len(features)
    scale = (square / len(features) - shift.square()).clamp(min=0).sqrt()
    return (first[0] + shift).float(), scale.float()


def _sparse_statistics(table: LazyTable) -> tuple[Tensor, Tensor]:
    """Zeros, and the standard deviation of each column, from the numbers that are stored."""
    count, width = table.shape
    mean, filled, square = np.zeros((3, width))
    for part in table.sparse_blocks():
        mean += np.bincount(part.indices, part.data, width) / count
        filled += np.bincount(part.indices, minlength=width)
    for part in table.sparse_blocks():
        square += np.bincount(part.indices, (part.data - mean[part.indices]) ** 2, width)
    scale = np.sqrt((square + (count - filled) * mean**2) / count)
    scale[scale <= 1e-6 * np.abs(mean)] = 0
    return torch.zeros(width), torch.from_numpy(scale).float()


def standardised(x: Tensor, mean: Tensor | None, scale: Tensor | None) -> Tensor:
    """(x - mean) / scale, or x itself without them, (n, d).

    Rows that are sparse stay so on the CPU where the mean is 0: their zeros aren't multiplied.

    Example:
        >>> standardised(torch.tensor([[3.0, 5.0]]), torch.tensor([1.0, 1.0]), torch.tensor(2.0))
        tensor([[1., 2.]])
    """
    if x.is_sparse and (x.device.type != "cpu" or (mean is not None and mean.any())):
        x = x.to_dense()
    if mean is None:
        return x
    if x.is_sparse:
        return sparse_tensor(x._indices(), x._values() / scale[x._indices()[1]], x.shape)
    return (x - mean).div_(scale)  # in place: wide rows are slow to copy


def in_pieces(network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """``network(x)``, a few thousand rows at a time, so that hidden layers stay small."""
    return torch.cat([network(part) for part in x.split(ROWS)])


def embed(encoder: nn.Module, features: Tensor) -> Tensor:
    """F = f(X) without gradients, (n, D).

    The rows go through a few thousand at a time, fewer where memory runs out.

    Example:
        >>> embed(nn.Linear(3, 4), torch.ones(5, 3)).shape
        torch.Size([5, 4])
    """
    device = next(encoder.parameters()).device
    rows = min(ROWS, BLOCK // features.shape[1]) if isinstance(features, LazyRows) else ROWS
    with torch.no_grad():
        return in_blocks(lambda part: encoder(features[part].to(device)), len(features), rows)


def embed_checked(
    encoder: nn.Module, features: np.ndarray | LazyTable, modality: str
) -> np.ndarray:
    """Unit rows (n, D), or rows of zeros where all outputs of the encoder are 0.

    Raises:
        ValueError: float32 can't hold what the encoder makes of some rows.
    """
    found = embed(encoder, as_rows(features)).cpu().numpy()
    odd = np.flatnonzero(~(np.einsum("nd,nd->n", found, found) > 0.5))  # zeros or NaN
    if len(odd):
        exact = deepcopy(encoder).cpu().double()
        rows = as_rows(features.take(odd) if isinstance(features, LazyTable) else features[odd])
        with torch.no_grad():
            outputs = in_pieces(lambda part: exact(part.double()), rows).numpy()
        lost = odd[outputs.any(axis=1)]
        if len(lost):
            greatest = np.abs(features[lost[:1]]).max()
            raise ValueError(
                f"modality {modality!r}: the encoder's outputs overflow or underflow float32 in "
                f"{len(lost)} of {len(features)} rows, the first is row {lost[0]}, with values up "
                f"to {greatest:.3g}: scale them as in training"
            )
    return found

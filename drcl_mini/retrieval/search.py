"""Exact top-k search by cosine similarity, streamed over blocks of queries and gallery.

Every pair is scored, so nothing is missed. Cosines are computed in float64 and rounded, so that
equal items get equal scores (:func:`.ranking.rounded`). Only items that can't be among the k best
are not ranked: the blocks of the gallery come in order, so a later item needs a score greater than
the k-th best so far (it loses ties by its index), and the maxima of groups of items show which
groups have one.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..core.checks import check_dimensions, check_integer
from ..core.devices import resolve_device, room_for
from ..core.lazy import LazyRows, LazyTable, as_features
from ..core.tables import check_features
from .ranking import BLOCK, in_blocks, key_payload, key_scores, ranking_keys, rounded, unit_rows

WIDTH = 1024
"""Gallery items in one block if k is small: 1,000 × 1,000 float64 fit a processor's cache."""
GROUP = 64
"""Items that share one maximum."""
PAIR = 48
"""Bytes of a pair of query and item while the block is ranked."""


class Neighbours(NamedTuple):
    """The k nearest gallery items of each query, best first."""

    indices: np.ndarray
    """int64 (m, k): rows of the gallery."""
    scores: np.ndarray
    """float32 (m, k): cosine similarities."""


def nearest_neighbours(
    query: Any, gallery: Any, k: int, device: torch.device | str = "cpu", *, memory: int = BLOCK
) -> Neighbours:
    """The k gallery rows with the greatest cosine similarity to each query, ties by gallery index.

    Args:
        query: (m, D), embeddings.
        gallery: (n, D), embeddings; a memory map or an HDF5 data set is read block by block.
        k: how many; at most n come back.
        device: where to compute.
        memory: about how many bytes one block of queries and items may take; results don't depend
            on it.

    Raises:
        ValueError: bad k, device or memory, empty or not finite embeddings, dimensions that differ.

    Example:
        >>> gallery = [[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]]
        >>> nearest_neighbours([[1.0, 0.0]], gallery, k=2).indices.tolist()
        [[1, 2]]
    """
    k = check_integer(k, "k")
    memory = check_integer(memory, "memory (bytes)")
    device = resolve_device(str(device))
    queries = torch.from_numpy(check_features(query, "query"))
    items = as_features(gallery, "gallery")
    lazy = isinstance(items, LazyTable)
    with room_for("the gallery", device):
        items = LazyRows(items, device) if lazy else torch.from_numpy(items).to(device)
    dim = items.shape[1]
    check_dimensions(queries.shape[1], dim)
    k = min(k, len(items))
    width = max(1, min(max(WIDTH, 4 * k), memory // (PAIR * dim)))
    if width > GROUP:
        width -= width % GROUP
    rows = memory // (PAIR * (width + k + dim))

    def search(part: slice) -> Tensor:
        return best_keys(unit_rows(queries[part].to(device)), items, k, width).cpu()

    keys = in_blocks(search, len(queries), rows)
    return Neighbours(key_payload(keys).numpy(), key_scores(keys).numpy())


def recall(found: Neighbours, exact: Neighbours) -> float:
    """The share of the exact search's items that another search found; equal items count singly.

    Args:
        found: k neighbours of m queries.
        exact: as many, from :func:`.nearest_neighbours`.

    Raises:
        ValueError: the searches differ in shape.

    Example:
        >>> one = Neighbours(np.array([[4, 7], [1, 2]]), np.zeros((2, 2)))
        >>> other = Neighbours(np.array([[7, 9], [2, 1]]), np.zeros((2, 2)))
        >>> recall(one, other)
        0.75
    """
    if found.indices.shape != exact.indices.shape:
        shapes = f"{found.indices.shape} and {exact.indices.shape}"
        raise ValueError(f"the searches differ in shape: {shapes}")
    pairs = zip(exact.indices, found.indices, strict=True)
    return float(np.mean([np.isin(wanted, got).mean() for wanted, got in pairs]))


def best_keys(queries: Tensor, items: Tensor, k: int, width: int) -> Tensor:
    """Keys (m, k), ascending, of the best items of unit queries (m, D)."""
    floor = torch.full((len(queries), 1), -torch.inf, dtype=torch.float32, device=queries.device)
    best = ranking_keys(floor.expand(-1, k), torch.tensor(0xFFFFFFFF, device=queries.device))
    for start in range(0, len(items), width):
        block = unit_rows(items[start : start + width])
        index = torch.arange(start, start + len(block), device=queries.device)
        group = math.gcd(len(block), GROUP)
        scores = (queries @ block.T).view(len(queries), -1, group)
        row, column = (rounded(scores.amax(dim=2)) > floor).nonzero(as_tuple=True)
        if len(row) == 0:
            continue
        keys = ranking_keys(rounded(scores[row, column]), index.view(-1, group)[column])
        # In each row with candidates, their groups side by side, padded by the worst key so far.
        rows, place, count = row.unique_consecutive(return_inverse=True, return_counts=True)
        nth = torch.arange(len(row), device=row.device) - (count.cumsum(0) - count)[place]
        found = best[rows, -1:, None].repeat(1, int(count.max()), group)
        found[place, nth] = keys
        candidates = torch.cat([best[rows], found.flatten(1)], dim=1)
        best[rows] = candidates.topk(k, dim=1, largest=False).values
        floor[rows] = key_scores(best[rows, -1:])
    return best

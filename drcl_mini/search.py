"""Exact top-k search by cosine similarity, streamed over blocks of queries and gallery."""

from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as nnf

from .checks import check_features, check_k
from .ranking import key_payload, key_scores, ranking_keys

ROWS = 2048
"""Queries, and gallery items, in one block of similarities."""


class Neighbours(NamedTuple):
    """The k nearest gallery items of each query, best first."""

    indices: np.ndarray
    """int64 (m, k): rows of the gallery."""
    scores: np.ndarray
    """float32 (m, k): cosine similarities."""


def nearest_neighbours(query: Any, gallery: Any, k: int, device: torch.device | str = "cpu") -> Neighbours:
    """The k gallery rows with the greatest cosine similarity to each query, ties by gallery index.

    Args:
        query: (m, D), embeddings.
        gallery: (n, D), embeddings.
        k: how many; at most n come back.
        device: where to compute.

    Example:
        >>> nearest_neighbours([[1.0, 0.0]], [[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]], k=2).indices.tolist()
        [[1, 2]]
    """
    if check_k(k) is None:
        raise ValueError("k is None, a search needs an integer of at least 1")
    queries = torch.from_numpy(check_features(query, "query"))
    items = torch.from_numpy(check_features(gallery, "gallery"))
    if queries.shape[1] != items.shape[1]:
        raise ValueError(f"the gallery has {items.shape[1]} dimensions, the queries have {queries.shape[1]}")
    items = nnf.normalize(items.to(device).double(), dim=1)
    found = []
    for part in nnf.normalize(queries.to(device).double(), dim=1).split(ROWS):
        best = torch.empty(len(part), 0, dtype=torch.int64, device=device)
        for start in range(0, len(items), ROWS):
            # float64, then rounded: equal items get equal scores, wherever they stand in a block
            block = (part @ items[start : start + ROWS].T).float()
            keys = ranking_keys(block, torch.arange(start, start + block.shape[1], device=device))
            best = _smallest(torch.cat([best, _smallest(keys, k)], dim=1), k)
        found.append(best.sort(dim=1).values.cpu())
    keys = torch.cat(found)
    return Neighbours(key_payload(keys).numpy(), key_scores(keys).numpy())


def _smallest(keys: torch.Tensor, k: int) -> torch.Tensor:
    return keys.topk(min(k, keys.shape[1]), dim=1, largest=False, sorted=False).values

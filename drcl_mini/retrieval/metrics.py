"""Retrieval scores: cosine ranking, average precision, precision–recall, precision at k.

Queries are scored block by block: memory depends on the size of a block, which a parameter bounds,
not on queries × gallery. Ranking is by descending cosine, ties by gallery index. Cosines are
computed in float64 and rounded, so that equal items get equal scores (:func:`.ranking.rounded`).
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.checks import check_dimensions, check_integer, warn
from ..core.classes import check_labels
from ..core.tables import as_numpy, check_features
from .ranking import BLOCK, in_blocks, ranking_keys, rounded, row_sorter, unit_rows

PAIR = 64
"""Bytes of a pair of query and item while its block is ranked and scored."""


def average_precision(relevance: Any, k: int | None = None) -> Tensor:
    r"""Average precision of ranked lists, normalised by the relevant items inside the first k.

    .. math:: \mathrm{AP@}k =
        \frac{\sum_{j \le k} P(j)\, \mathrm{rel}(j)}{\sum_{j \le k} \mathrm{rel}(j)}

    with P(j) the share of relevant items among the first j; 0 if none of the first k is relevant.

    Args:
        relevance: (…, n), 1 or True where the item at that rank is relevant.
        k: cut-off; ``None`` for the whole list.

    Returns:
        float64 (…).

    Example:
        >>> average_precision([1, 0, 1, 0, 0, 1]).item()  # (1/1 + 2/3 + 3/6) / 3
        0.7222222222222222
        >>> average_precision([1, 0, 1, 0, 0, 1], k=2).item()
        1.0
    """
    k = check_integer(k, "k", optional=True)
    if not isinstance(relevance, Tensor):
        relevance = torch.from_numpy(np.array(as_numpy(relevance, "relevance")))
    binary = (relevance == 0) | (relevance == 1)
    if relevance.dtype != torch.bool and not binary.all():
        raise ValueError("relevance has other numbers than 0 and 1")
    if relevance.ndim == 0 or relevance.numel() == 0:
        shape = tuple(relevance.shape)
        raise ValueError(f"relevance has shape {shape}, expected (…, n), not empty")
    ranked = relevance.bool()[..., :k]
    flat = ranked.reshape(-1, ranked.shape[-1])
    found = flat.sum(dim=1)
    row, column = flat.nonzero(as_tuple=True)  # only the relevant ranks: few
    earlier = found.cumsum(0) - found
    hits = torch.arange(1, len(row) + 1, device=row.device) - earlier[row]
    sums = torch.zeros(len(flat), dtype=torch.float64, device=row.device)
    sums.index_add_(0, row, hits.double() / (column + 1))
    return (sums / found.clamp(min=1)).reshape(ranked.shape[:-1])


def mean_average_precision(
    query: Any,
    query_labels: Any,
    gallery: Any,
    gallery_labels: Any,
    k: int | Sequence | None = None,
    *,
    leave_self_out: bool = False,
    no_match: str | None = None,
    memory: int = BLOCK,
) -> Any:
    """Mean over queries of :func:`average_precision`, the gallery ranked by cosine similarity.

    An item is relevant if its class is the query's (multi-hot labels: if they share one).

    Args:
        query: (m, D); any array type, any lengths of rows.
        query_labels: (m,) class indices or (m, C) multi-hot.
        gallery: (n, D).
        gallery_labels: (n,) or (n, C).
        k: cut-off, ``None`` for all; a sequence of cut-offs shares one ranking and gives a list.
        leave_self_out: query i is item i of the gallery; leave it out of its own ranking.
        no_match: queries without a relevant item in the gallery count as ``"zero"``, or are left
            out (``"skip"``); ``None``: they count as zero, with a warning.
        memory: about how many bytes one block of queries may take; results don't depend on it.

    Raises:
        ValueError: bad k or memory, empty gallery or queries, dimensions or labels that don't fit.

    Example:
        >>> gallery = [[0.9, 0.1], [0.0, 1.0], [1.0, 1.0]]
        >>> mean_average_precision([[1.0, 0.0]], [0], gallery, [0, 1, 1])
        1.0
    """
    single = k is None or np.ndim(k) == 0
    cuts = [check_integer(cut, "k", optional=True) for cut in ([k] if single else k)]
    if not cuts:
        raise ValueError(f"k is {k!r}, expected at least one cut-off")

    def score(block: Tensor) -> Tensor:
        return torch.stack([average_precision(block, cut) for cut in cuts], dim=1)

    task = query, query_labels, gallery, gallery_labels
    scores = over_ranked_blocks(score, task, memory, leave_self_out, no_match)
    means = scores.T.contiguous().mean(dim=1).tolist()  # each cut-off summed as if it were alone
    return means[0] if single else means


def query_precisions(
    query: Any,
    query_labels: Any,
    gallery: Any,
    gallery_labels: Any,
    *,
    no_match: str | None = None,
    memory: int = BLOCK,
) -> np.ndarray:
    """Average precision of each query, (m,); see :func:`mean_average_precision`, which is its mean.

    Example:
        >>> gallery = [[0.9, 0.1], [0.0, 1.0], [1.0, 1.0]]
        >>> query_precisions([[1.0, 0.0], [0.0, 1.0]], [0, 1], gallery, [0, 1, 1]).tolist()
        [1.0, 1.0]
    """
    task = query, query_labels, gallery, gallery_labels
    return over_ranked_blocks(average_precision, task, memory, False, no_match).cpu().numpy()


def precision_at_k(
    query: Any,
    query_labels: Any,
    gallery: Any,
    gallery_labels: Any,
    k: int,
    *,
    leave_self_out: bool = False,
    no_match: str | None = None,
    memory: int = BLOCK,
) -> float:
    """Mean share of relevant items among the first k; see :func:`mean_average_precision`.

    If the gallery is smaller than k, the missing items count as not relevant.

    Example:
        >>> gallery = [[0.9, 0.1], [0.0, 1.0], [1.0, 1.0]]
        >>> precision_at_k([[1.0, 0.0]], [0], gallery, [0, 1, 1], k=2)
        0.5
    """
    k = check_integer(k, "k")

    def score(block: Tensor) -> Tensor:
        return block[:, :k].sum(dim=1).double() / k

    task = query, query_labels, gallery, gallery_labels
    scores = over_ranked_blocks(score, task, memory, leave_self_out, no_match)
    return scores.mean().item()


def precision_recall(
    query: Any,
    query_labels: Any,
    gallery: Any,
    gallery_labels: Any,
    points: int = 11,
    *,
    leave_self_out: bool = False,
    memory: int = BLOCK,
) -> tuple[np.ndarray, np.ndarray]:
    """Interpolated precision at evenly spaced recalls from 0 to 1.

    Interpolated precision at recall r is the best precision at any recall of at least r. The mean
    is over queries with relevant items; see :func:`mean_average_precision` for the arguments.

    Returns:
        (recall, precision), each (points,).

    Example:
        >>> gallery = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
        >>> recall, precision = precision_recall([[1.0, 0.0]], [0], gallery, [0, 1, 0], points=3)
        >>> precision.round(3).tolist()
        [1.0, 1.0, 0.667]
    """
    points = check_integer(points, "points", least=2)
    recalls = torch.linspace(0, 1, points, dtype=torch.float64)

    def score(block: Tensor) -> Tensor:
        hits = block.cumsum(dim=1)
        precision = hits.double() / torch.arange(1, block.shape[1] + 1, device=block.device)
        best_after = precision.flip(1).cummax(dim=1).values.flip(1)
        found = hits[:, -1:]
        wanted = (recalls.to(block.device) * found - 1e-9).ceil().clamp(min=1).to(hits.dtype)
        first = torch.searchsorted(hits, wanted)  # the rank that reaches each recall
        found_by = best_after.gather(1, first.clamp(max=block.shape[1] - 1))
        return found_by.where(found > 0, torch.nan).cpu()

    task = query, query_labels, gallery, gallery_labels
    scores = over_ranked_blocks(score, task, memory, leave_self_out, "zero")
    return recalls.numpy(), scores.nanmean(dim=0).nan_to_num().numpy()


def over_ranked_blocks(
    score: Callable[[Tensor], Tensor],
    task: Sequence[Any],
    memory: int,
    leave_self_out: bool = False,
    no_match: str | None = None,
) -> Tensor:
    """``score`` (m, …) of ranked relevance (block, n), in blocks of queries.

    Args:
        score: takes booleans (block, n), whether the item at each rank is relevant.
        task: queries, their labels, gallery, its labels.
        memory: about how many bytes a block may take.
        leave_self_out: query i is item i of the gallery, which goes last and isn't relevant.
        no_match: what becomes of queries without a relevant item, see
            :func:`mean_average_precision`.
    """
    query, query_labels, gallery, gallery_labels = task
    memory = check_integer(memory, "memory (bytes)")
    if no_match not in (None, "zero", "skip"):
        raise ValueError(f"no_match is {no_match!r}, expected None, 'zero' or 'skip'")
    query = _on_device(query, "query")
    gallery = _on_device(gallery, "gallery", query.device)
    check_dimensions(query.shape[1], gallery.shape[1])
    if leave_self_out and len(query) != len(gallery):
        sizes = f"{len(query)} queries and {len(gallery)} items"
        raise ValueError(f"leave_self_out takes query i for item i, but there are {sizes}")
    query_labels, gallery_labels = (
        labels.to(query.device)
        for labels in _comparable(query_labels, gallery_labels, len(query), len(gallery))
    )
    same = _are_equal(query, gallery) and _are_equal(query_labels, gallery_labels)
    if same and not leave_self_out and not (query == query[0]).all():
        told = "queries and gallery are equal, so each query finds itself first"
        warn(f"{told}; leave_self_out=True leaves it out of its own ranking")
    multi_hot = query_labels.ndim == 2
    dim = query.shape[1]
    width = max(1, memory // (PAIR * dim))
    sort = row_sorter(query.device)
    index = torch.arange(len(gallery), device=query.device) << 1

    def rank(part: slice) -> Tensor:
        # The key's last bit is the relevance, so that sorting the keys ranks it.
        if multi_hot:
            relevant = query_labels[part] @ gallery_labels.T > 0
        else:
            relevant = query_labels[part, None] == gallery_labels
        unit = unit_rows(query[part])
        blocks = [rounded(unit @ unit_rows(items).T) for items in gallery.split(width)]
        keys = ranking_keys(torch.cat(blocks, dim=1), index).bitwise_or_(relevant)
        if leave_self_out:
            rows = torch.arange(len(unit), device=keys.device)
            keys[rows, part.start + rows] = torch.iinfo(torch.int64).max - 1
        return sort(keys).bitwise_and_(1).bool()

    matched = []

    def scored(part: slice) -> Tensor:
        ranked = rank(part)
        result = score(ranked)
        matched.append(ranked.any(dim=1))
        return result

    rows = memory // (PAIR * (len(gallery) + dim + query_labels[0].numel()))
    scores = in_blocks(scored, len(query), rows)
    found = torch.cat(matched).to(scores.device)
    if no_match == "skip":
        if not found.any():
            raise ValueError("no query has a relevant item in the gallery: nothing to score")
        return scores[found]
    if no_match is None and not found.all():
        told = f"{int((~found).sum())} of {len(found)} queries have no relevant item in the gallery"
        choice = "no_match='skip' leaves them out, 'zero' counts them without this warning"
        warn(f"{told}: they count as 0; {choice}")
    return scores


def _are_equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.equal(a, b)


def _comparable(
    query_labels: Any, gallery_labels: Any, queries: int, items: int
) -> tuple[Tensor, Tensor]:
    """Labels of queries and gallery as numbers (m,), (n,), or as float rows (m, C), (n, C)."""
    query = check_labels(query_labels, "query", queries)
    gallery = check_labels(gallery_labels, "gallery", items)
    if query.shape[1:] != gallery.shape[1:]:
        raise ValueError(
            f"labels of queries and gallery don't fit: {query.shape} and {gallery.shape}"
        )
    if query.dtype.kind != gallery.dtype.kind:
        kinds = f"{query.dtype} and {gallery.dtype}"
        raise ValueError(f"labels of queries and gallery differ in kind: {kinds}")
    if query.dtype.kind == "U":
        _, codes = np.unique(np.concatenate([query, gallery]), return_inverse=True)
        query, gallery = codes[:queries], codes[queries:]
    found = torch.from_numpy(query), torch.from_numpy(gallery)
    return found if query.ndim == 1 else (found[0].float(), found[1].float())


def _on_device(x: Any, name: str, device: torch.device | None = None) -> Tensor:
    """Checked features on a device: the given one, or that of the features."""
    on_gpu = isinstance(x, Tensor) and x.device.type != "cpu"
    device = device or (x.device if on_gpu else torch.device("cpu"))
    table = on_gpu and x.dtype.is_floating_point and x.ndim == 2 and x.numel()
    if not (table and x.float().isfinite().all()):  # on the CPU, to be checked there
        x = torch.from_numpy(check_features(x, name))
    return x.to(device, torch.float32)

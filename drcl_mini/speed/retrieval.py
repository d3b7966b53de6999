"""How fast search and mAP are, and in how much memory, each measured in a process of its own."""

import multiprocessing
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import torch

from ..retrieval.index import PROBES, FaissIndex
from ..retrieval.metrics import mean_average_precision
from ..retrieval.search import Neighbours, nearest_neighbours, recall
from .measure import timed

Figures = dict[str, float]


def measure_map(queries: int, items: int, dim: int) -> Figures:
    """mAP of random rows of 10 classes.

    Returns:
        ``map``, ``seconds``, and ``peak_gb``, the peak memory of the whole process.
    """
    return in_a_fresh_process(_map, queries, items, dim)


def measure_search(
    queries: int = 10_000,
    items: int = 1_000_000,
    dim: int = 64,
    k: int = 10,
    classes: int | None = 100,
    probes: int = PROBES,
) -> Figures:
    """Exact search, and approximate search by FAISS, of the same random embeddings.

    Args:
        queries: m, how many.
        items: n, how many.
        dim: D of the embeddings.
        k: how many neighbours.
        classes: around how many centres the embeddings lie; ``None`` for evenly spread ones.
        probes: lists of the FAISS index that a query is compared with.

    Returns:
        ``exact_seconds``, ``exact_peak_gb``, ``faiss_build_seconds``, ``faiss_seconds``,
        ``faiss_peak_gb``, ``ratio`` (how many times as fast FAISS searches) and ``recall`` (of the
        exact neighbours). Without FAISS only the exact search's.
    """
    rows = queries, items, dim, classes
    exact, figures = in_a_fresh_process(_exact, rows, k)
    if find_spec("faiss") is None:
        return figures
    figures |= in_a_fresh_process(_faiss, rows, k, probes, exact)
    return figures | {"ratio": figures["exact_seconds"] / figures["faiss_seconds"]}


def embeddings(
    queries: int, items: int, dim: int, classes: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Random queries (m, D) and gallery (n, D): class centres plus noise as long, or noise alone.

    Example:
        >>> [x.shape for x in embeddings(2, 3, 4, classes=5)]
        [torch.Size([2, 4]), torch.Size([3, 4])]
    """
    source = torch.Generator().manual_seed(0)
    rows = [torch.randn(count, dim, generator=source) for count in (queries, items)]
    if classes is not None:
        centres = torch.randn(classes, dim, generator=source)
        for x in rows:
            for part in x.split(100_000):
                part += centres[torch.randint(classes, (len(part),), generator=source)]
    return rows[0], rows[1]


def in_a_fresh_process(measure: Callable[..., Any], *args: Any) -> Any:
    """Call a function of a module in a new process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, *args).result()


def peak_gb() -> float:
    """The greatest memory that this process has had, in GB (10⁹ bytes)."""
    if sys.platform == "linux":
        # Unlike resource.getrusage, this leaves out the parent's memory as it started this process.
        lines = Path("/proc/self/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        return int(status["VmHWM"].split()[0]) * 1024 / 1e9
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9  # bytes, on macOS


def _map(queries: int, items: int, dim: int) -> Figures:
    x, gallery = embeddings(queries, items, dim, None)
    source = torch.Generator().manual_seed(0)
    labels = [torch.randint(10, (count,), generator=source) for count in (queries, items)]
    value, seconds = timed(lambda: mean_average_precision(x, labels[0], gallery, labels[1]))
    return {"map": value, "seconds": seconds, "peak_gb": peak_gb()}


def _exact(rows: tuple, k: int) -> tuple[Neighbours, Figures]:
    x, gallery = embeddings(*rows)
    found, seconds = timed(lambda: nearest_neighbours(x, gallery, k))
    return found, {"exact_seconds": seconds, "exact_peak_gb": peak_gb()}


def _faiss(rows: tuple, k: int, probes: int, exact: Neighbours) -> Figures:
    x, gallery = embeddings(*rows)
    index, build_seconds = timed(lambda: FaissIndex.build(gallery, probes=probes))
    searches = [timed(lambda: index.search(x, k)) for _ in range(3)]
    return {
        "faiss_build_seconds": build_seconds,
        "faiss_seconds": median(seconds for _, seconds in searches),
        "faiss_peak_gb": peak_gb(),
        "recall": recall(searches[0][0], exact),
    }

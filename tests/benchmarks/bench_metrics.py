"""How fast mAP is, and in how much memory: ``make bench``. Not part of ``make test``."""

import time

import pytest
import torch

from drcl_mini import mean_average_precision
from drcl_mini.speed.retrieval import measure_map


def made_up(items: int, dim: int = 64, classes: int = 10) -> tuple[torch.Tensor, ...]:
    """Random queries and gallery of one size, and their labels."""
    source = torch.Generator().manual_seed(0)
    x = [torch.randn(items, dim, generator=source) for _ in range(2)]
    y = [torch.randint(classes, (items,), generator=source) for _ in range(2)]
    return x[0], y[0], x[1], y[1]


def plain_loop(query, query_labels, gallery, gallery_labels, dot) -> float:
    """The same mAP by plain loops over queries, gallery and ranks; ``dot(row, gallery)`` gives the cosines."""
    gallery, labels = torch.nn.functional.normalize(gallery, dim=1), gallery_labels.tolist()
    rows = gallery.tolist() if dot is loop_dot else gallery
    total = 0.0
    for row, label in zip(torch.nn.functional.normalize(query, dim=1), query_labels.tolist(), strict=True):
        scores = dot(row, rows)
        found, precision = 0, 0.0
        for rank, j in enumerate(sorted(range(len(scores)), key=lambda j: -scores[j]), start=1):
            if labels[j] == label:
                found += 1
                precision += found / rank
        total += precision / max(found, 1)
    return total / len(query)


def loop_dot(row, gallery) -> list[float]:
    """Cosines by a loop over the numbers."""
    numbers = row.tolist()
    return [sum(a * b for a, b in zip(numbers, other, strict=True)) for other in gallery]


def torch_dot(row, gallery) -> list[float]:
    """Cosines by one matrix–vector product."""
    return (gallery @ row).tolist()


@pytest.mark.parametrize("queries", [1_000, 5_000, 20_000])  # seconds grow as they do
def test_in_20000_items(benchmark, queries):
    figures = benchmark.pedantic(measure_map, (queries, 20_000, 64), rounds=1)
    benchmark.extra_info.update(figures)
    print(
        f"\nmAP of {queries:,} × 20,000, D = 64: {figures['seconds']:.2f} s, "
        f"{1000 * figures['seconds'] / queries:.2f} ms a query, peak memory of the process {figures['peak_gb']:.2f} GB"
    )
    assert figures["peak_gb"] <= 1


@pytest.mark.parametrize("dot", [loop_dot, torch_dot])
def test_against_a_plain_loop(benchmark, dot):
    data = made_up(2_000)
    start = time.perf_counter()
    slow = plain_loop(*data, dot)
    slow_seconds = time.perf_counter() - start
    fast = benchmark(mean_average_precision, *data)
    ratio = slow_seconds / benchmark.stats["median"]
    benchmark.extra_info.update(ratio=ratio)
    print(
        f"\nmAP of 2,000 × 2,000: {ratio:.0f} times as fast as plain loops with {dot.__name__} ({slow_seconds:.2f} s)"
    )
    assert abs(fast - slow) < 1e-6

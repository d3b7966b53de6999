"""How fast search is, exact and approximate, and in how much memory: ``make bench``. Not part of ``make test``."""

import pytest

from drcl_mini.speed.retrieval import measure_search

SIZES = {"queries": 10_000, "items": 1_000_000, "dim": 64, "k": 10}


@pytest.mark.parametrize(
    ("data", "least", "options"),
    [
        ("100 classes", 0.95, {"classes": 100}),
        ("1,000 classes", 0.95, {"classes": 1_000}),
        ("20 classes", 0, {"classes": 20}),
        ("20 classes, more probes", 0.95, {"classes": 20, "probes": 48}),
        ("evenly spread", 0, {"classes": None}),
    ],
)
def test_10_of_a_million(benchmark, data, least, options):
    figures = benchmark.pedantic(measure_search, kwargs=SIZES | options, rounds=1)
    benchmark.extra_info.update(figures)
    print(
        f"\n10 of 1,000,000 × 64 for 10,000 queries, {data}: exact {figures['exact_seconds']:.1f} s, peak "
        f"{figures['exact_peak_gb']:.2f} GB; FAISS {figures['faiss_seconds']:.2f} s, {figures['ratio']:.0f} times as "
        f"fast, recall {figures['recall']:.3f}, built in {figures['faiss_build_seconds']:.1f} s, peak "
        f"{figures['faiss_peak_gb']:.2f} GB"
    )
    assert figures["exact_peak_gb"] <= 1.5
    assert figures["recall"] >= least

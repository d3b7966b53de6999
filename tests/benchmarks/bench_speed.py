"""The rows of ``bench-speed`` at moderate sizes, in minutes: ``make bench``. Not part of ``make test``."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from drcl_mini import Settings
from drcl_mini.speed import ROWS
from drcl_mini.speed.measure import Plan
from drcl_mini.speed.retrieval import measure_map, measure_search


@dataclass(frozen=True)
class Moderate(Plan):
    """A smaller ``released`` encoder, and the data sets that are made in a moment."""

    def released(self, dataset: str, **changes: Any) -> Settings:
        return super().released(dataset, hidden=(1024, 1024), dim=512, **changes)

    def present(self, *names: str) -> list[str]:
        return [name for name in ("minimedia-small", "digits-halves") if name in names]


def show(benchmark, name, figures):
    benchmark.extra_info.update(figures)
    print(f"\n{name}: " + ", ".join(f"{figure} {value:.4g}" for figure, value in figures.items()))


@pytest.mark.parametrize(
    "name", ["released-epoch", "ten-seeds", "precision", "ten-seeds-gpu", "ten-seeds-replayed", "released-training"]
)
def test_training(benchmark, name):
    row = ROWS[name]
    if row.device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    show(benchmark, name, benchmark.pedantic(row.measure, (Moderate(device=row.device),), rounds=1)["figures"])


@pytest.mark.parametrize("queries", [500, 2_500])
def test_map(benchmark, queries):
    show(benchmark, f"mAP of {queries} queries", benchmark.pedantic(measure_map, (queries, 5_000, 64), rounds=1))


def test_search(benchmark):
    show(benchmark, "search", benchmark.pedantic(measure_search, (1_000, 50_000, 64, 10), rounds=1))

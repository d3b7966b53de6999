"""A results file that the tests of tables and plots share."""

import numpy as np
import pytest

from drcl_mini.experiments.plan.grid import Task
from drcl_mini.experiments.store.results import records_of
from drcl_mini.experiments.store.writing import ResultsFile

MEANS = {"DRCL": 0.6, "SM": 0.5, "MRL": 0.55}


@pytest.fixture
def results(tmp_path):
    """Six seeds of three methods on two data sets; one run has failed."""
    path, source = tmp_path / "results.jsonl", np.random.default_rng(0)
    with ResultsFile(path) as file:
        for data in ("toy", "play"):
            for method, mean in MEANS.items():
                for seed in range(6):
                    task = Task(data, method, method, {}, (seed,))
                    maps = zip(("all", 50), mean + source.normal(0, 0.01, size=2), strict=True)
                    outcome = {"scores": [{"query": "a", "gallery": "b", "k": k, "map": value} for k, value in maps]}
                    outcome |= {"precision_recall": [mean] * 11}
                    outcome |= {"pairing": "class-wise"} if method == "MRL" else {}
                    lost = (data, method, seed) == ("play", "SM", 5)
                    file.append(records_of(task, [{"error": "no"} if lost else outcome]))
    return path

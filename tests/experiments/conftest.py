"""Tiny tasks that every test of the harness can do in a blink, and compared methods made up for the occasion."""

import sys
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import drcl_mini.baselines
from drcl_mini import MultimodalDataset
from drcl_mini.app.cli import main
from drcl_mini.baselines import Baseline
from drcl_mini.experiments.plan.grid import Task
from drcl_mini.experiments.run import command, execution
from drcl_mini.experiments.run.engines import here
from drcl_mini.training.space import Choice

TINY = {"hidden": [8], "dim": 10, "prior_epochs": 1, "epochs": 2, "learning_rate": 0.01, "progress": False}


@dataclass(eq=False)
class Toy(Baseline):
    """Random directions: a compared method that takes no time."""

    title: ClassVar[str] = "toy"
    space: ClassVar[dict] = {"width": Choice(2, 4)}

    width: int = 3

    def _learn(self, train, validation):
        source = np.random.default_rng(self.seed)
        self.weights_ = {name: source.normal(size=(x.shape[1], self.width)) for name, x in train.features.items()}

    def _embed(self, name, x):
        return x @ self.weights_[name]


@pytest.fixture
def drcl():
    return lambda method="DRCL", seeds=(0, 1), **settings: Task(
        "digits-halves", method, "DRCL", TINY | settings, tuple(seeds)
    )


@pytest.fixture
def sm():
    return lambda seed=0: Task("digits-halves", "SM", "SM", {"C": 0.1}, (seed,))


@pytest.fixture
def export(monkeypatch):
    """Have ``drcl_mini.baselines`` export one more method: :class:`Toy` with some attributes or functions changed."""

    def add(title="toy", **changes):
        method = dataclass(eq=False)(type(title, (Toy,), {"title": title, **changes}))
        monkeypatch.setattr(drcl_mini.baselines, "".join(filter(str.isalnum, title)), method, raising=False)
        return method

    return add


@pytest.fixture
def scores():
    """What must agree bit for bit, by run; every run must be there once."""

    def by_run(records):
        found = {}
        for record in records:
            key = record["dataset"], record["method"], record["label_noise"], record["seed"]
            assert key not in found
            found[key] = record["scores"], record["validation"], record["error"]
        return found

    return by_run


@pytest.fixture
def bench():
    """The command, in a process of its own."""
    return [sys.executable, "-m", "drcl_mini", "bench"]


@pytest.fixture
def toy():
    return lambda method="toy", seed=0, **more: Task("digits-halves", method, method, {"width": 3}, (seed,), **more)


@pytest.fixture
def data(monkeypatch, make_split):
    """Have the tasks find a data set of blobs."""

    def use(sizes, **options):
        parts = [make_split(sizes, seed=seed, **options) for seed in range(3)]
        found = MultimodalDataset(*parts, "blobs", tuple("abc"))
        monkeypatch.setattr(execution, "dataset", lambda name: found)
        return found

    return use


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def grid(out):
    """Run a grid of toys; gives the exit code."""

    def run(*methods, more=(), folder=None):
        try:
            return main(
                ["bench", "--datasets", "digits-halves", "--methods", *methods, "--out", str(folder or out), *more]
            )
        except SystemExit as ended:
            return ended.code

    return run


@pytest.fixture
def says(capsys):
    """What went to stderr: one line with all fragments."""

    def check(*fragments):
        line = capsys.readouterr().err
        assert line.count("\n") == 1, line
        assert not [fragment for fragment in fragments if fragment not in line], line

    return check


@pytest.fixture
def made(monkeypatch):
    """Tasks that were begun."""
    found = []

    def watched(tasks):
        found.extend(tasks)
        return here(tasks)

    monkeypatch.setattr(command, "here", watched)
    return found

from functools import partial

import numpy as np
import pytest
import torch

from drcl_mini import DRCL, fit_many
from drcl_mini.baselines import SMLN
from drcl_mini.many.steps import REPLAYED, replayed

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@needs_gpu
@pytest.mark.parametrize("runs", [1, 3])
def test_replayed_steps_equal_steps_one_by_one(tiny, train, validation, runs):
    def fitted():
        # learning rates of two kinds, and a run that leaves the stack before the others
        models = [
            DRCL(**tiny | {"seed": seed, "device": "cuda", "epochs": 4 + seed, "learning_rate": 0.01 / (1 + seed)})
            for seed in range(runs)
        ]
        fit_many(models, train, validation)
        return models

    with replayed():
        models = fitted()
    for a, b in zip(models, fitted(), strict=True):
        assert len(a.history_) == len(b.history_)
        for mine, theirs in zip(a.history_, b.history_, strict=True):
            assert mine["total"] == pytest.approx(theirs["total"], 1e-3, 1e-4)
        f, g = a.transform(validation), b.transform(validation)
        assert all(np.abs(f[name] - g[name]).max() < 1e-2 for name in f)


@needs_gpu
def test_steps_are_recorded_once_for_each_size_of_batch(tiny, train, validation, monkeypatch):
    recorded = []
    monkeypatch.setattr(torch.cuda, "CUDAGraph", partial(counted, torch.cuda.CUDAGraph, recorded))
    model = DRCL(**tiny | {"device": "cuda", "epochs": 6, "prior_epochs": 6})
    fit_many([model], train, validation)
    assert recorded == []
    with replayed():
        fit_many([model], train, validation)
    stages = 2 * len(train.modalities)
    assert stages <= len(recorded) <= 2 * stages


def counted(kind, recorded):
    recorded.append(kind())
    return recorded[-1]


@needs_gpu
def test_compared_methods_take_their_steps_one_by_one(train, validation, monkeypatch):
    def fitted():
        return SMLN(epochs=4, hidden=(8,), dim=4, device="cuda").fit(train, validation).transform(validation)

    rows = fitted()
    recorded = []
    monkeypatch.setattr(torch.cuda, "CUDAGraph", partial(counted, torch.cuda.CUDAGraph, recorded))
    with replayed():
        again = fitted()
    assert recorded == []
    assert all(np.abs(rows[name] - again[name]).max() < 1e-4 for name in rows)


def test_steps_are_replayed_within_the_block_only():
    with replayed():
        assert REPLAYED.get()
        with replayed(False):
            assert not REPLAYED.get()
        assert REPLAYED.get()
    assert not REPLAYED.get()

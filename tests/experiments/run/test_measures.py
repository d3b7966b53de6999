"""What surrounds a run: memory, threads, random state."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from drcl_mini.experiments.run import measures
from drcl_mini.experiments.run.execution import run_task
from drcl_mini.experiments.run.measures import PeakMemory


def test_global_random_state_of_gpus_is_left_alone(monkeypatch):
    states = {}
    if torch.cuda.is_available():
        torch.rand(3, device="cuda")
    else:  # two that look as if they were in use
        states = {0: torch.ByteTensor([1]), 1: torch.ByteTensor([2])}
        monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: len(states))
        monkeypatch.setattr(torch.cuda, "get_rng_state", lambda number: states[number].clone())
        monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, number: states.update({number: state}))
        seed_all = lambda seed: states.update({number: torch.ByteTensor([seed]) for number in states})  # noqa: E731
        monkeypatch.setattr(torch.cuda, "manual_seed_all", seed_all)
    read = lambda: [torch.cuda.get_rng_state(i).tolist() for i in range(torch.cuda.device_count())]  # noqa: E731
    before, within = read(), []
    for _ in range(2):
        with measures.seeded(7):
            within.append(read())
        assert read() == before
    assert within[0] == within[1] != before


@pytest.mark.skipif(torch.cuda.is_available(), reason="GPUs may be in use already")
def test_gpus_that_are_not_in_use_are_not_seeded(monkeypatch):
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("it would count when they are"))
    with measures.seeded(7):
        torch.rand(1)


def test_threads_are_those_of_the_task(toy, export):
    seen, before = [], torch.get_num_threads()
    export("watch", _learn=lambda *given: seen.append(torch.get_num_threads()))
    for threads in (2, 1):
        run_task(replace(toy("watch"), threads=threads))
    assert seen == [2, 1]
    assert torch.get_num_threads() == before


def test_peak_memory_is_that_of_the_task(toy, export):
    def learn(self, train, held):
        np.ones(40 * 2**20)  # 320 MB
        raise ValueError

    export("large", _learn=learn)
    export("small", _learn=lambda *given: 1 / 0)
    large, small = (run_task(toy(name))[0]["peak_memory_mb"] for name in ("large", "small"))
    if measures.RESET.exists():
        assert large - small > 250


def test_peak_memory_is_not_told_where_it_can_not_be_reset(toy, export, monkeypatch, tmp_path):
    export()
    monkeypatch.setattr(measures, "RESET", tmp_path / "no" / "such file")
    assert run_task(toy())[0]["peak_memory_mb"] is None


def test_the_device_is_the_one_that_the_task_used(monkeypatch):
    held = {"memory_allocated": 2**20, "max_memory_allocated": 2**20}
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda number: None)
    for name in held:
        monkeypatch.setattr(torch.cuda, name, lambda number, name=name: held[name])
    peak = PeakMemory()
    found = peak.facts()
    assert (found["device"], found["peak_gpu_memory_mb"]) == ("cpu", 0)  # an earlier task's memory doesn't count
    held["max_memory_allocated"] += 2**21
    found = peak.facts()
    assert (found["device"], found["peak_gpu_memory_mb"]) == ("cuda", 6)

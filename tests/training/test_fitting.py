"""What stands around a fit: threads."""

import threading

import numpy as np
import pytest
import torch

from drcl_mini import DRCL, Settings, Split, fit_many
from drcl_mini.training.fitting import computing, default_threads

SMALL = {"hidden": (256,), "dim": 256}
LARGE = {"hidden": (4096, 4096), "dim": 2048, "batch_size": 1024}


@pytest.fixture
def two_threads():
    """PyTorch computes with two threads, as it would on a machine with two cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def split(samples, features=64):
    return Split({"image": np.zeros((samples, features))}, {"image": np.arange(samples) % 2})


@pytest.mark.parametrize(
    ("settings", "samples", "runs", "threads"),
    [
        ({}, 1000, 1, 1),
        ({}, 1000, 100, None),
        (LARGE, 1024, 1, None),
        (LARGE, 2, 1, 1),  # a batch has no more rows than there are
        (SMALL | {"batch_size": 122}, 1000, 10, 1),  # 10 runs × 122 rows × 81,920: just below 10⁸
        (SMALL | {"batch_size": 123}, 1000, 10, None),
    ],
)
def test_a_small_network_computes_in_one_thread(settings, samples, runs, threads):
    assert default_threads(Settings(**settings), split(samples), runs) == threads


def test_the_widest_modality_counts():
    x = {"image": np.zeros((1000, 64)), "text": np.zeros((1000, 100_000))}
    both = Split(x, dict.fromkeys(x, np.arange(1000) % 2))
    assert default_threads(Settings(), both.only("image")) == 1
    assert default_threads(Settings(), both) is None


@pytest.mark.parametrize(("asked", "seen"), [(None, 1), (1, 1), (2, 2)])
def test_the_setting_counts_while_a_fit_runs(two_threads, tiny, train, asked, seen, monkeypatch):
    counts = set()
    step = torch.optim.AdamW.step

    def spy(self, *args, **kwargs):
        counts.add(torch.get_num_threads())
        return step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.AdamW, "step", spy)
    model = DRCL(**tiny | {"threads": asked}).fit(train)
    assert counts == {seen}
    counts.clear()
    model.add_modality("more", train.features["text"], train.labels["text"])
    assert counts == {seen}
    assert torch.get_num_threads() == 2


def test_many_runs_take_the_setting_too(two_threads, tiny, train, monkeypatch):
    seen = []

    def spy(settings, data, runs=1):
        seen.append((settings.threads, runs))
        return computing(settings, data, runs)

    monkeypatch.setattr("drcl_mini.training.fitting.computing", spy)
    fit_many([DRCL(**tiny | {"seed": seed, "threads": 2}) for seed in (0, 1, 2)], train)
    assert seen == [(2, 3)]
    assert torch.get_num_threads() == 2


def test_what_was_set_before_comes_back_after_an_error(two_threads, tiny, train):
    with pytest.raises(RuntimeError, match="stop"), computing(Settings(**tiny), train):
        raise RuntimeError("stop")
    assert torch.get_num_threads() == 2


def test_fits_that_overlap_do_not_disturb_each_other_and_the_number_comes_back(two_threads, train):
    began, ended, found = threading.Event(), threading.Event(), []

    def first():
        with computing(Settings(threads=1), train):
            began.set()
            ended.wait(60)
            found.append(torch.get_num_threads())

    other = threading.Thread(target=first)
    other.start()
    began.wait(60)
    with computing(Settings(threads=1), train):
        pass
    ended.set()
    other.join()
    assert found == [1]
    with computing(Settings(threads=1), train):  # this thread's own number comes back with its next fit
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2

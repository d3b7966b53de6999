"""What a second thread gives a training, alone and beside a busy loop: ``make bench``."""

import multiprocessing
import os
import time
from statistics import median

import numpy as np
import pytest
import torch

from drcl_mini import DRCL, Split
from drcl_mini.training.fitting import default_threads

SIZES = {  # hidden widths, dim, features, samples in a batch
    "default": ((256, 256), 256, 512, 128),
    "512": ((512, 512), 512, 1024, 256),
    "1024": ((1024, 1024), 512, 2048, 256),
}
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def busy() -> None:
    """Keep one core busy."""
    while True:
        pass


def made_up(features: int, samples: int) -> Split:
    """Random features of ten classes."""
    source = np.random.default_rng(0)
    x = source.normal(size=(samples, features))
    return Split({"image": x}, {"image": np.arange(samples) % 10})


def fit_seconds(size: str, threads: int) -> tuple[float, float]:
    """Seconds of the clock, and of the processor, of one short training."""
    hidden, dim, features, batch = SIZES[size]
    train = made_up(features, 8 * batch)
    model = DRCL(hidden=hidden, dim=dim, batch_size=batch, epochs=4, prior="orthogonal", threads=threads)
    start, cpu = time.perf_counter(), time.process_time()
    model.fit(train)
    return time.perf_counter() - start, time.process_time() - cpu


@pytest.mark.skipif(CORES < 2, reason="one core only")
@pytest.mark.parametrize("beside", ["alone", "beside a busy loop on every core but one"])
@pytest.mark.parametrize("size", SIZES)
def test_one_thread_against_two(benchmark, size, beside):
    before = torch.get_num_threads()
    others = [multiprocessing.get_context("spawn").Process(target=busy) for _ in range(CORES - 1)]
    for other in others if beside != "alone" else ():
        other.start()
    try:
        fit_seconds(size, 2)  # warm up
        taken = {1: [], 2: []}

        def rounds() -> None:
            for _ in range(3):
                for threads, found in taken.items():
                    found.append(fit_seconds(size, threads))

        benchmark.pedantic(rounds, rounds=1)
    finally:
        for other in others if beside != "alone" else ():
            other.kill()
            other.join()
    clock, cpu = ({threads: median(run[k] for run in runs) for threads, runs in taken.items()} for k in (0, 1))
    hidden, dim, features, batch = SIZES[size]
    settings = DRCL(hidden=hidden, dim=dim, batch_size=batch).settings
    default = default_threads(settings, made_up(features, 8 * batch)) or "PyTorch's number"
    print(
        f"\n{size}, {beside}: {clock[1]:.2f} s in one thread, {clock[2]:.2f} s in two "
        f"({clock[2] / clock[1]:.2f} times, processor {cpu[2] / cpu[1]:.2f} times); the default is {default}"
    )
    assert torch.get_num_threads() == before

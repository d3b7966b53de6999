"""How training and scoring grow with samples, classes, modalities, seeds and gallery: ``speed/scaling.json``.

``python book/experiments/scaling.py`` takes about three minutes of one core. Time is the processor's time of one thread,
not the clock's, so that other programs on the machine disturb little. The sizes of an axis take turns, each turn gives
a ratio to its smallest size, and the median over the turns counts. Memory is the peak of a process that does nothing
else, less that of one that trains on next to nothing.
"""

from functools import partial
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import torch
from result_file import store

from drcl_mini import DRCL, Split, fit_many, mean_average_precision
from drcl_mini.speed.measure import interleaved
from drcl_mini.speed.retrieval import in_a_fresh_process, peak_gb

BASE = {"samples": 1000, "classes": 10, "modalities": 2, "seeds": 1}
WIDTH, EPOCHS, TURNS, QUERIES = 256, 2, 5, 500
AXES = {
    "samples": (1000, 2000, 4000, 8000, 16000),
    "classes": (10, 40, 120, 240),
    "modalities": (1, 2, 3, 4, 5),
    "seeds": (1, 2, 5, 10, 20),
    "gallery": (5000, 10000, 20000, 40000),
}


def main() -> None:
    """Measure each axis, write all of them down."""
    axes = {}
    timed("seeds", 2)  # warm up
    least = in_a_fresh_process(peak, "samples", 20)
    for axis, sizes in AXES.items():
        seconds = interleaved(
            {str(n): partial(timed, axis, n) for n in sizes}, TURNS
        )
        first = seconds[str(sizes[0])]
        axes[axis] = {
            "sizes": list(sizes),
            "seconds": {size: [round(s, 4) for s in taken] for size, taken in seconds.items()},
            "ratio": [
                median(a / b for a, b in zip(seconds[str(n)], first, strict=True)) for n in sizes
            ],
            "peak MB": [1e3 * (in_a_fresh_process(peak, axis, n) - least) for n in sizes],
        }  # fmt: skip
        print(axis, axes[axis]["ratio"], axes[axis]["peak MB"], flush=True)
    about = {"base": BASE, "features": WIDTH, "epochs": EPOCHS, "turns": TURNS}
    about |= {"queries": QUERIES, "peak MB of next to nothing": 1e3 * least}
    command = "python book/experiments/scaling.py"
    store("speed/scaling", command, about | {"axes": axes})


def timed(axis: str, size: int) -> float:
    """Seconds of one core that the work takes."""
    torch.set_num_threads(1)
    work = prepared(axis, size)
    start = process_time()
    work()
    return process_time() - start


def peak(axis: str, size: int) -> float:
    """GB at most that this process has had, when the work is done."""
    torch.set_num_threads(1)
    prepared(axis, size)()
    return peak_gb()


def prepared(axis: str, size: int) -> Any:
    """The work of one point: training, or scoring queries in a gallery."""
    source = np.random.default_rng(0)
    if axis == "gallery":
        parts = [
            source.standard_normal((n, 64), dtype=np.float32)
            for n in (QUERIES, size)
        ]
        labels = [np.arange(len(x)) % 10 for x in parts]
        return partial(mean_average_precision, parts[0], labels[0], parts[1], labels[1])  # fmt: skip
    shape = BASE | {axis: size}
    names = [f"medium {i}" for i in range(shape["modalities"])]
    n, classes = shape["samples"], shape["classes"]
    train = Split(
        {
            name: source.standard_normal((n, WIDTH), dtype=np.float32)
            for name in names
        },
        {name: np.arange(n) % classes for name in names},
    )
    rounds = {"epochs": EPOCHS, "prior_epochs": EPOCHS, "progress": False}
    models = [DRCL(seed=i, device="cpu", **rounds) for i in range(shape["seeds"])]
    return partial(fit_many, models, train)


if __name__ == "__main__":
    main()

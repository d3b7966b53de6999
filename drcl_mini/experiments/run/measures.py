"""What surrounds a run: memory, commit, versions, threads, global random state."""

import functools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from ...core.environment import environment

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class PeakMemory:
    """The most memory that this process, and the GPUs for it, hold from now on.

    Example:
        >>> peak = PeakMemory()
        >>> peak.gpu_mb() >= 0
        True
    """

    def __init__(self) -> None:
        try:
            RESET.write_text("5")
        except OSError:
            self.known = False  # else it would be that of the process's whole life
        else:
            self.known = True
        for number in range(torch.cuda.device_count() if torch.cuda.is_initialized() else 0):
            torch.cuda.reset_peak_memory_stats(number)
        self.held = _on_gpus(torch.cuda.memory_allocated)

    def mb(self) -> float | None:
        """MB of the process's own memory; ``None`` where the system (other than Linux) doesn't tell."""
        lines = STATUS.read_text(encoding="utf-8").splitlines() if self.known else ()
        return next(
            (round(int(line.split()[1]) / 1024, 1) for line in lines if line.startswith("VmHWM:")),
            None,
        )

    def gpu_mb(self) -> float:
        """MB of GPU memory that tensors took; 0 where nothing was computed there since."""
        most = _on_gpus(torch.cuda.max_memory_allocated)
        return round(most / 2**20, 1) if most > self.held else 0.0

    @property
    def device(self) -> str:
        """Where it was computed: ``"cuda"`` where GPUs held more than at the beginning, else ``"cpu"``."""
        return "cuda" if _on_gpus(torch.cuda.max_memory_allocated) > self.held else "cpu"


def _on_gpus(held: Callable[[int], int]) -> int:
    return sum(map(held, range(torch.cuda.device_count()))) if torch.cuda.is_initialized() else 0


@contextmanager
def exactly(threads: int) -> Iterator[None]:
    """Within the block, torch, NumPy and scikit-learn compute with so many threads."""
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with threadpool_limits(threads):
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


@functools.cache
def surroundings(threads: int) -> dict[str, str]:
    """:func:`drcl_mini.core.environment.environment`, read once for each number of threads."""
    return environment()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Methods that draw from a global source, by oversight or through a library, do so from the same place."""
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(gpus):
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        (torch.manual_seed if gpus else torch.default_generator.manual_seed)(
            seed
        )  # the first one is for GPUs, too
        try:
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])  # noqa: NPY002

"""What surrounds a run: memory, versions, threads, global random state."""

import functools
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...core.environment import environment

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _gpus() -> range:
    """Numbers of the GPUs, if this process uses any."""
    return range(torch.cuda.device_count() if torch.cuda.is_initialized() else 0)


class PeakMemory:
    """The most memory that this process, and the GPUs for it, hold from now on.

    Example:
        >>> sorted(PeakMemory().facts())
        ['device', 'peak_gpu_memory_mb', 'peak_memory_mb']
    """

    def __init__(self) -> None:
        try:
            RESET.write_text("5")
            self.known = True
        except OSError:  # not Linux; without a reset it would be that of the process's whole life
            self.known = False
        for number in _gpus():
            torch.cuda.reset_peak_memory_stats(number)
        self.held = sum(map(torch.cuda.memory_allocated, _gpus()))

    def facts(self) -> dict[str, Any]:
        """For a record: MB of the process (``None`` if unknown), MB of tensors on GPUs, device.

        The device is ``"cuda"`` if GPUs held more than at the beginning, else ``"cpu"``, with 0 MB
        of GPU memory.
        """
        text = STATUS.read_text(encoding="utf-8") if self.known else ""
        own = re.search(r"^VmHWM:\s*(\d+)", text, re.MULTILINE)
        most = sum(map(torch.cuda.max_memory_allocated, _gpus()))
        used = most > self.held
        return {
            "peak_memory_mb": round(int(own[1]) / 1024, 1) if own else None,
            "peak_gpu_memory_mb": round(most / 2**20, 1) if used else 0.0,
            "device": "cuda" if used else "cpu",
        }


@contextmanager
def exactly(threads: int) -> Iterator[None]:
    """Within the block, torch, NumPy and scikit-learn compute with this number of threads."""
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
    """Within the block, the global random sources that libraries may use start from this seed."""
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    gpus = _gpus()
    with torch.random.fork_rng(gpus):
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002
        seed_torch = torch.manual_seed if gpus else torch.default_generator.manual_seed
        seed_torch(seed)  # manual_seed would seed GPUs that are used later, too
        try:
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])  # noqa: NPY002

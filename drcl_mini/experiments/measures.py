"""What surrounds a run: memory, commit, versions, threads, global random state."""

import functools
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch

from ..environment import environment

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak_memory() -> None:
    """Begin to look for this process's peak memory anew, where the system can (Linux), and for the GPU's."""
    with suppress(OSError):  # then the peak is that of the process's whole life
        RESET.write_text("5")
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def peak_memory() -> float | None:
    """MB that this process held at most since :func:`reset_peak_memory`; ``None`` where the system doesn't tell.

    Example:
        >>> reset_peak_memory()
        >>> peak_memory() > 0
        True
    """
    if STATUS.is_file():
        for line in STATUS.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    try:
        import resource
    except ImportError:
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


def peak_gpu_memory() -> float:
    """MB of GPU memory that tensors took at most; 0 where nothing was computed there."""
    return round(torch.cuda.max_memory_allocated() / 2**20, 1) if torch.cuda.is_available() else 0.0


@functools.cache
def commit() -> str | None:
    """The git commit of this package, with ``-dirty`` after changes; ``None`` where it is in no repository."""
    folder = Path(__file__).parents[1]
    tracked = _git("-C", str(folder), "ls-files", "--error-unmatch", "__init__.py")
    return tracked and _git("-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=20, check=True)  # noqa: S603, S607
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


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
    """:func:`drcl_mini.environment.environment`, read once for each number of threads."""
    return environment()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Methods that draw from a global source, by oversight or through a library, do so from the same place."""
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002
    torch.manual_seed(seed)
    try:
        yield
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
        torch.set_rng_state(before[2])

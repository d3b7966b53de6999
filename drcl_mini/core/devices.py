"""Devices: which to compute on, how much memory is free, how exactly it computes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

CGROUP = Path("/sys/fs/cgroup")
"""Linux keeps a container's memory limit and use here."""


def resolve_device(name: str) -> torch.device:
    """The torch device of a name; ``"auto"`` is CUDA if there is a GPU, else the CPU.

    Raises:
        ValueError: an unknown name, or a device that this machine lacks.

    Example:
        >>> resolve_device("cpu")
        device(type='cpu')
    """
    if name.partition(":")[0] == "mps":
        raise ValueError(f"device {name!r} can't be used: it has no float64; use 'cpu' or 'auto'")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].split(". ")[0]
        advice = f"CUDA devices: {torch.cuda.device_count()}; use 'cpu' or 'auto'"
        raise ValueError(f"device {name!r} can't be used: {reason}; {advice}") from None
    if device.type == "meta":
        raise ValueError("device 'meta' can't be used: it computes nothing")
    if device == torch.device("cuda"):
        return torch.device("cuda", torch.cuda.current_device())
    return device


def on_device(array: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """An array as a tensor on a device, aligned to 64 bytes as PyTorch aligns its own.

    On Intel processors, products of unaligned arrays are rounded in another way: without this,
    the last bits of a result would depend on where its input happens to lie in memory.

    Example:
        >>> on_device(np.arange(99, dtype=np.float32)[1:]).data_ptr() % 64
        0
    """
    tensor = torch.from_numpy(array).to(device)
    return tensor.clone() if tensor.data_ptr() % 64 else tensor


def free_memory(device: torch.device) -> int:
    """Free memory in bytes (4 GiB if unknown)."""
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached
    try:
        machine = Path("/proc/meminfo").read_text(encoding="ascii")
        free = 1024 * int(re.findall(r"^MemAvailable: *(\d+)", machine, re.MULTILINE)[0])
    except (OSError, IndexError):
        return 4 * 2**30
    try:  # a container may have less than its machine; its use includes cached files
        most = int((CGROUP / "memory.max").read_text())
        used = int((CGROUP / "memory.current").read_text())
        stat = (CGROUP / "memory.stat").read_text()
    except (OSError, ValueError):  # no container, or no limit: "max"
        return free
    cached = map(int, re.findall(r"^(?:in)?active_file (\d+)", stat, re.MULTILINE))
    return max(0, min(free, most - used + sum(cached)))


def out_of_memory(error: RuntimeError) -> bool:
    """Whether an error means that; some of PyTorch's tell it only in their text.

    Example:
        >>> out_of_memory(torch.OutOfMemoryError()), out_of_memory(RuntimeError("shapes don't fit"))
        (True, False)
    """
    texts = ("DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in texts)


@contextmanager
def room_for(what: str, device: torch.device) -> Iterator[None]:
    """Around code that puts something on a device: if memory runs out, the error says what to do.

    Raises:
        RuntimeError: the device runs out of memory.
    """
    try:
        yield
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        advice = "give less data" if device.type == "cpu" else "use device='cpu' or give less data"
        raise RuntimeError(f"out of memory on {device} for {what}: {advice}") from None


def check_precision(precision: str, device: torch.device) -> None:
    """That a device supports a precision: TF32 needs an NVIDIA GPU, Ampere or newer.

    Raises:
        ValueError: it doesn't.
    """
    gpu = device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)
    if precision == "tf32" and not gpu:
        told = f"'tf32', which {device} doesn't support: use 'float32' or 'bfloat16'"
        raise ValueError(f"setting 'precision' is {told}")


@contextmanager
def tf32(wanted: bool) -> Iterator[None]:
    """If wanted, CUDA's float32 matrix products use TF32 within the block.

    Otherwise ``torch.backends.cuda.matmul.allow_tf32`` stays as the caller has set it.
    """
    if not wanted:
        yield
        return
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    matmul.allow_tf32 = True
    try:
        yield
    finally:
        matmul.allow_tf32 = before


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """A context manager: matrix products in bfloat16 if the setting ``precision`` asks for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")

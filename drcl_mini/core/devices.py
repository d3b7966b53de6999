"""Which device to compute on, and how exactly."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

CGROUP = Path("/sys/fs/cgroup")
"""Where Linux tells what a container may have, and what it uses."""


def resolve_device(name: str) -> torch.device:
    """The torch device for a setting: ``"auto"`` is CUDA where there is one, else the CPU.

    Raises:
        ValueError: an unknown name, or a device that this machine doesn't have.

    Example:
        >>> resolve_device("cpu")
        device(type='cpu')
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].split(". ")[0]
        if device_index(name) >= torch.cuda.device_count():
            reason = f"PyTorch sees {torch.cuda.device_count() or 'no'} CUDA device here: use 'cpu' or 'auto'"
        raise ValueError(f"device {name!r} can't be used: {reason}") from None
    if device.type == "meta":
        raise ValueError("device 'meta' can't be used: it computes nothing")
    return (
        torch.device("cuda", torch.cuda.current_device())
        if device == torch.device("cuda")
        else device
    )


def on_device(array: np.ndarray, device: torch.device | str = "cpu") -> torch.Tensor:
    """An array on a device; on the CPU, in memory that starts at a multiple of 64 bytes, as torch's own does.

    Where it starts elsewhere, products rounded otherwise on an Intel processor: the same data, in memory by chance
    elsewhere, gave other last bits.

    Example:
        >>> on_device(np.arange(99, dtype=np.float32)[1:]).data_ptr() % 64
        0
    """
    tensor = torch.from_numpy(array).to(device)
    return tensor.clone() if tensor.data_ptr() % 64 else tensor


def device_index(name: str) -> int:
    """Of ``"cuda:1"``, 1; of ``"cuda"``, 0; of other devices, -1.

    Example:
        >>> device_index("cuda:1"), device_index("cuda"), device_index("cpu")
        (1, 0, -1)
    """
    kind, _, index = name.partition(":")
    return (int(index) if index.isdigit() else 0) if kind == "cuda" else -1


def free_memory(device: torch.device) -> int:
    """Bytes that can be had now; where the system doesn't tell, 4 GiB."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    try:  # Linux: what is free, and what files hold that nobody needs
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(
            int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")
        )
    except (OSError, StopIteration):
        return 4 * 2**30
    try:  # a container may have less than its machine; what files hold that nobody needs counts as used there
        most, used = (int((CGROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        stat = dict(line.split() for line in (CGROUP / "memory.stat").read_text().splitlines())
        used -= sum(int(stat[name]) for name in ("inactive_file", "active_file"))
    except (OSError, ValueError, KeyError):  # it has no bound: "max"
        return free
    return max(0, min(free, most - used))


def out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says so; not all of PyTorch's have the class for it.

    Example:
        >>> out_of_memory(torch.OutOfMemoryError()), out_of_memory(RuntimeError("shapes don't fit"))
        (True, False)
    """
    told = ("DefaultCPUAllocator", "CUBLAS_STATUS_ALLOC_FAILED")
    return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in told)


@contextmanager
def room_for(what: str, device: torch.device) -> Iterator[None]:
    """The block puts something whole on a device; where it is too much, the error says what, and what to do.

    Raises:
        RuntimeError: the device runs out of memory.
    """
    try:
        yield
    except RuntimeError as error:
        if not out_of_memory(error):
            raise
        advice = "give less" if device.type == "cpu" else "use device='cpu', or give less"
        raise RuntimeError(
            f"out of memory on {device}: {what} can't be kept there: {advice}"
        ) from None


def check_precision(precision: str, device: torch.device) -> None:
    """TF32 is of NVIDIA's GPUs, since Ampere.

    Raises:
        ValueError: the device hasn't got it.
    """
    if precision == "tf32" and (
        device.type != "cuda" or torch.cuda.get_device_capability(device) < (8, 0)
    ):
        raise ValueError(
            f"setting 'precision' is 'tf32', which {device} has not: use 'float32' or 'bfloat16'"
        )


@contextmanager
def tf32(wanted: bool) -> Iterator[None]:
    """Let CUDA's float32 matrix products round their inputs to TF32 within the block, if wanted.

    Where it isn't wanted nothing changes: who has set ``torch.backends.cuda.matmul.allow_tf32`` keeps it.
    """
    before = wanted and torch.backends.cuda.matmul.allow_tf32
    if wanted:
        torch.backends.cuda.matmul.allow_tf32 = True
    try:
        yield
    finally:
        if wanted:
            torch.backends.cuda.matmul.allow_tf32 = before


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Matrix products in bfloat16 where the setting ``precision`` asks for it; a context manager."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")

"""Which device to compute on, and how exactly."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch


def resolve_device(name: str) -> torch.device:
    """The torch device for a setting: ``"auto"`` is CUDA where there is one, else the CPU.

    Raises:
        ValueError: an unknown name, or a device that this machine doesn't have.

    Example:
        >>> resolve_device("cpu")
        device(type='cpu')
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].split(". ")[0]
        if name.startswith("cuda"):
            reason = f"PyTorch sees {torch.cuda.device_count() or 'no'} CUDA device here: use 'cpu' or 'auto'"
        raise ValueError(f"device {name!r} can't be used: {reason}") from None
    if device.type == "meta":
        raise ValueError("device 'meta' can't be used: it computes nothing")
    return device


def free_memory(device: torch.device) -> int:
    """Bytes that can be had now; where the system doesn't tell, 4 GiB."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + kept
    try:  # Linux: what is free, and what files hold that nobody needs
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return 4 * 2**30


def out_of_memory(error: RuntimeError) -> bool:
    """Whether an error says so; on the CPU, PyTorch has no class of its own for it.

    Example:
        >>> out_of_memory(torch.OutOfMemoryError()), out_of_memory(RuntimeError("shapes don't fit"))
        (True, False)
    """
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def check_precision(precision: str, device: torch.device) -> None:
    """TF32 is a GPU's.

    Raises:
        ValueError: the device hasn't got it.
    """
    if precision == "tf32" and device.type != "cuda":
        raise ValueError(f"setting 'precision' is 'tf32', which {device.type} has not: use 'float32' or 'bfloat16'")


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

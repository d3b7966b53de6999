"""Which device to compute on, and how exactly."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

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
        return torch.cuda.mem_get_info(device)[0]
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 4 * 2**30


@contextmanager
def tf32(wanted: bool) -> Iterator[None]:
    """Let CUDA's float32 matrix products round their inputs to TF32 within the block."""
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = wanted or before
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before

"""Which device to compute on."""

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

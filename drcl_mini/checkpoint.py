"""Trained models on disk: one safetensors file, numbers and JSON only, no pickle."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from .checks import needs
from .files import replacing

FORMAT = "drcl_mini model"
VERSION = 1


def save_checkpoint(path: str | os.PathLike, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> Path:
    """Write tensors and a JSON header to one file; whole or not at all."""
    safetensors = needs("safetensors.torch", "safetensors")

    metadata = {"format": FORMAT, "version": str(VERSION), "header": json.dumps(header)}
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with replacing(path) as temporary:
        try:
            safetensors.save_file(whole, temporary, metadata)
        except needs("safetensors", "safetensors").SafetensorError as error:
            raise OSError(f"can't write {os.fspath(path)!r}: {error}") from None
    return Path(path)


def load_checkpoint(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what :func:`save_checkpoint` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is cut off, damaged, something else, or of another version.
    """
    safetensors = needs("safetensors", "safetensors")

    if not Path(path).is_file():
        raise FileNotFoundError(f"no checkpoint {os.fspath(path)!r}")
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(f"{os.fspath(path)!r} is cut off, damaged or no checkpoint: {error}") from None
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but no checkpoint of drcl_mini")
    if metadata.get("version") != str(VERSION):
        raise ValueError(
            f"{os.fspath(path)!r} has checkpoint version {metadata.get('version')}, this package reads {VERSION}"
        )
    try:
        return tensors, json.loads(metadata["header"])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{os.fspath(path)!r} has a damaged header: {error}") from None

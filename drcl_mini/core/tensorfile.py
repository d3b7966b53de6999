"""Tensors and JSON in one safetensors file, written whole or not at all; no pickle."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .checks import needs
from .files import not_a_file, replacing

FORMAT = "drcl_mini model"
VERSION = 1


def save_checkpoint(
    path: str | os.PathLike,
    tensors: Mapping[str, Tensor],
    header: Mapping[str, Any],
    kind: str = FORMAT,
) -> Path:
    """Write tensors and a JSON header to one file of this kind; whole or not at all."""
    safetensors = needs("safetensors.torch", "safetensors")

    text = json.dumps(header)
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {
        "format": kind,
        "version": str(VERSION),
        "header": text,
        "sha256": digest(whole, text),
    }
    with replacing(path) as temporary:
        try:
            safetensors.save_file(whole, temporary, metadata)
        except needs("safetensors", "safetensors").SafetensorError as error:
            raise OSError(f"can't write {os.fspath(path)!r}: {error}") from None
    return Path(path)


def load_checkpoint(
    path: str | os.PathLike, kind: str = FORMAT
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what :func:`save_checkpoint` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it can't be opened.
        ValueError: it is cut off, damaged, something else, or of another version.
    """
    safetensors = needs("safetensors", "safetensors")

    if odd := not_a_file(path):
        raise ValueError(f"{os.fspath(path)!r} is no checkpoint: it is {odd}")
    if not Path(path).is_file():
        raise FileNotFoundError(f"no checkpoint {os.fspath(path)!r}")
    with open(
        path, "rb"
    ):  # a file that can't be opened isn't damaged, which is all that safetensors would say
        pass
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(
            f"{os.fspath(path)!r} is cut off, damaged or no checkpoint: {error}"
        ) from None
    if metadata.get("format") != kind:
        told = "checkpoint of drcl_mini" if kind == FORMAT else kind
        raise ValueError(f"{os.fspath(path)!r} is a safetensors file, but no {told}")
    if metadata.get("version") != str(VERSION):
        raise ValueError(
            f"{os.fspath(path)!r} has checkpoint version {metadata.get('version')}, this package reads {VERSION}"
        )
    try:
        text = metadata["header"]
        right = metadata.get("sha256") in (None, digest(tensors, text))  # the first files had none
        header = json.loads(text) if right else {}
    except (KeyError, ValueError, RecursionError) as error:
        raise ValueError(f"{os.fspath(path)!r} has a damaged header: {error}") from None
    if not right:
        raise ValueError(
            f"{os.fspath(path)!r} is damaged: it hasn't the checksum that was stored with it"
        )
    return tensors, header


def digest(tensors: Mapping[str, Tensor], header: str) -> str:
    """A checksum of all that a file holds: SHA-256 of the header, and of each tensor by name."""
    found = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        found.update(f"{name}, {tensors[name].dtype}, {tuple(tensors[name].shape)}".encode())
        found.update(tensors[name].reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()

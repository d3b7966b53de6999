"""Tensors and JSON in one safetensors file, written whole or not at all; no pickle."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from .files import AnyPath, check_file, replacing

FORMAT = "drcl_mini model"
VERSION = "1"


def save_checkpoint(
    path: AnyPath, tensors: Mapping[str, Tensor], header: Mapping[str, Any], kind: str = FORMAT
) -> Path:
    """Write tensors and a JSON header to one file of this kind; whole or not at all."""
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(header)
    metadata = {"format": kind, "version": VERSION, "header": text, "sha256": digest(whole, text)}
    with replacing(path) as temporary:
        try:
            safetensors.torch.save_file(whole, temporary, metadata)
        except safetensors.SafetensorError as error:
            raise OSError(f"can't write {os.fspath(path)!r}: {error}") from None
    return Path(path)


def load_checkpoint(path: AnyPath, kind: str = FORMAT) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what :func:`save_checkpoint` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it can't be opened.
        ValueError: it is cut off, damaged, something else, or of another version.
    """
    check_file(path, "checkpoint")
    name = repr(os.fspath(path))
    with open(path, "rb"):  # raises OSError; safetensors would call the file damaged
        pass
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(f"{name} is cut off, damaged or no checkpoint: {error}") from None
    if metadata.get("format") != kind:
        expected = "checkpoint of drcl_mini" if kind == FORMAT else kind
        raise ValueError(f"{name} is a safetensors file, but no {expected}")
    version = metadata.get("version")
    if version != VERSION:
        raise ValueError(f"{name} has checkpoint version {version}, this package reads {VERSION}")
    text = metadata.get("header", "")
    if metadata.get("sha256") not in (None, digest(tensors, text)):  # the first files had none
        raise ValueError(f"{name} is damaged: checksum mismatch")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} has a damaged header: {error}") from None
    return tensors, header


def digest(tensors: Mapping[str, Tensor], header: str) -> str:
    """SHA-256 of all that a file holds: the header, and each tensor by name."""
    found = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        found.update(f"{name}, {tensors[name].dtype}, {tuple(tensors[name].shape)}".encode())
        found.update(tensors[name].reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()

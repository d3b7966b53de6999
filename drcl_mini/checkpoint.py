"""Trained models on disk: one safetensors file, numbers and JSON only, no pickle."""

import hashlib
import json
import os
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .checks import needs
from .encoder import Encoder
from .files import not_a_file, replacing

if TYPE_CHECKING:
    from .estimator import DRCL

FORMAT = "drcl_mini model"
VERSION = 1
KINDS = {"n_classes": int, "prior_source": str, "quality_scores": dict, "modalities": dict, "priors": list}
KINDS |= {"interrupted": bool, "partial": list, "history": list}
"""What the header of a model holds beside its settings."""


def save_checkpoint(
    path: str | os.PathLike, tensors: Mapping[str, Tensor], header: Mapping[str, Any], kind: str = FORMAT
) -> Path:
    """Write tensors and a JSON header to one file of this kind; whole or not at all."""
    safetensors = needs("safetensors.torch", "safetensors")

    text = json.dumps(header)
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"format": kind, "version": str(VERSION), "header": text, "sha256": digest(whole, text)}
    with replacing(path) as temporary:
        try:
            safetensors.save_file(whole, temporary, metadata)
        except needs("safetensors", "safetensors").SafetensorError as error:
            raise OSError(f"can't write {os.fspath(path)!r}: {error}") from None
    return Path(path)


def load_checkpoint(path: str | os.PathLike, kind: str = FORMAT) -> tuple[dict[str, Tensor], dict[str, Any]]:
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
    with open(path, "rb"):  # a file that can't be opened isn't damaged, which is all that safetensors would say
        pass
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except (safetensors.SafetensorError, OSError) as error:
        raise ValueError(f"{os.fspath(path)!r} is cut off, damaged or no checkpoint: {error}") from None
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
        raise ValueError(f"{os.fspath(path)!r} is damaged: it hasn't the checksum that was stored with it")
    return tensors, header


def digest(tensors: Mapping[str, Tensor], header: str) -> str:
    """A checksum of all that a file holds: SHA-256 of the header, and of each tensor by name."""
    found = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        found.update(f"{name}, {tensors[name].dtype}, {tuple(tensors[name].shape)}".encode())
        found.update(tensors[name].reshape(-1).view(torch.uint8).numpy())
    return found.hexdigest()


def model_state(model: "DRCL") -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Everything of a fitted model: tensors, and what JSON can hold."""
    tensors = {} if model.prior_source_ in model.priors_ else {"prior": model.prior_}
    tensors |= {f"priors/{i}": prior for i, prior in enumerate(model.priors_.values())}
    for i, encoder in enumerate(model.encoders_.values()):
        tensors |= {f"encoders/{i}/{key}": value for key, value in encoder.state_dict().items()}
    header = {
        "settings": model.get_params(),
        "modalities": {name: encoder.widths for name, encoder in model.encoders_.items()},
        "priors": list(model.priors_),
        "n_classes": model.n_classes_,
        "prior_source": model.prior_source_,
        "quality_scores": model.quality_scores_,
        "interrupted": model.interrupted_,
        "partial": model.partial_,
        "history": model.history_,
    }
    return tensors, header


def restore_model(
    model: "DRCL", tensors: Mapping[str, Tensor], header: Mapping[str, Any], device: torch.device
) -> None:
    """Put back, on a device, what :func:`model_state` took.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, RuntimeError: something is missing or doesn't fit.
    """
    for name, kind in KINDS.items():
        if type(header[name]) is not kind:
            raise ValueError(f"{name} is {header[name]!r}")
    if not all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in tensors.values()):
        raise ValueError("it holds numbers that aren't finite, or of another type than float32")
    model.n_classes_, model.prior_source_ = header["n_classes"], header["prior_source"]
    model.quality_scores_, model.history_ = header["quality_scores"], header["history"]
    model.interrupted_, model.partial_, model.encoders_ = header["interrupted"], header["partial"], {}
    model.priors_ = {name: tensors[f"priors/{i}"].to(device) for i, name in enumerate(header["priors"])}
    selected = model.priors_.get(model.prior_source_)
    model.prior_ = tensors["prior"].to(device) if selected is None else selected
    dim = next((widths[-1] for widths in header["modalities"].values()), len(model.prior_))
    for w in (model.prior_, *model.priors_.values()):
        if w.shape != (dim, model.n_classes_):
            raise ValueError(f"a prior has shape {tuple(w.shape)}, expected {(dim, model.n_classes_)}")
    for i, (name, (d, *hidden, _)) in enumerate(header["modalities"].items()):
        start = f"encoders/{i}/"
        mean, scale = tensors.get(f"{start}mean"), tensors.get(f"{start}scale")
        for k, (fan_in, fan_out) in enumerate(pairwise([d, *hidden, dim])):  # before memory is taken for them
            found = tensors[f"{start}layers.{2 * k}.weight"].shape
            if found != (fan_out, fan_in):
                raise ValueError(f"layers.{2 * k}.weight of {name!r} has shape {tuple(found)}, not {(fan_out, fan_in)}")
        if [None if x is None else x.shape for x in (mean, scale)] not in ([None, None], [(d,), (d,)]):
            raise ValueError(f"mean and scale of {name!r} don't fit its {d} features")
        encoder = Encoder(d, tuple(hidden), dim, torch.Generator(), mean, scale)
        state = {key.removeprefix(start): t for key, t in tensors.items() if key.startswith(start)}
        encoder.load_state_dict(state)
        model.encoders_[name] = encoder.to(device).requires_grad_(False)

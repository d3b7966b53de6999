"""A fitted model as tensors and JSON, and back."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..training.fitting import Model
from .encoder import Encoder

ATTRIBUTES = {
    "n_classes": int,
    "prior_source": str,
    "quality_scores": dict,
    "history": list,
    "partial": list,
    "interrupted": bool,
}
"""Attributes of a model, without their underscore, that its header holds as they are."""


def model_state(model: Model) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Everything of a fitted model: tensors, and a header that JSON can hold."""
    tensors = {f"priors/{i}": prior for i, prior in enumerate(model.priors_.values())}
    if model.prior_source_ not in model.priors_:
        tensors["prior"] = model.prior_
    for i, encoder in enumerate(model.encoders_.values()):
        tensors |= {f"encoders/{i}/{key}": value for key, value in encoder.state_dict().items()}
    header = {name: getattr(model, f"{name}_") for name in ATTRIBUTES}
    header["settings"] = model.get_params()
    header["classes"] = model.classes_.tolist()
    header["class_names"] = list(model.class_names_)
    header["columns"] = {name: list(columns) for name, columns in model.columns_.items()}
    header["priors"] = list(model.priors_)
    header["modalities"] = {name: encoder.widths for name, encoder in model.encoders_.items()}
    return tensors, header


def restore_model(
    model: Model, tensors: Mapping[str, Tensor], header: Mapping[str, Any], device: torch.device
) -> None:
    """Put back, on a device, what :func:`model_state` took.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, RuntimeError: something is missing or
            doesn't fit.
    """
    for name, kind in {**ATTRIBUTES, "priors": list, "modalities": dict}.items():
        if type(header[name]) is not kind:
            raise ValueError(f"{name} is {header[name]!r}")
    if not all(tensor.dtype == torch.float32 for tensor in tensors.values()):
        raise ValueError("a tensor is of another type than float32")
    if not all(tensor.isfinite().all() for tensor in tensors.values()):
        raise ValueError("a tensor contains NaN or infinity")
    for name in ATTRIBUTES:
        setattr(model, f"{name}_", header[name])
    priors = {name: tensors[f"priors/{i}"].to(device) for i, name in enumerate(header["priors"])}
    chosen = priors.get(model.prior_source_)
    model.priors_ = priors
    model.prior_ = tensors["prior"].to(device) if chosen is None else chosen
    dims = [widths[-1] for widths in header["modalities"].values()]
    shape = (dims[0] if dims else len(model.prior_), model.n_classes_)
    for w in (model.prior_, *priors.values()):
        if w.shape != shape:
            raise ValueError(f"a prior has shape {tuple(w.shape)}, expected {shape}")
    _restore_names(model, header)
    model.encoders_ = {}
    for i, (name, (d, *hidden, _)) in enumerate(header["modalities"].items()):
        start = f"encoders/{i}/"
        own = {key.removeprefix(start): t for key, t in tensors.items() if key.startswith(start)}
        encoder = _encoder(name, [d, *hidden, shape[0]], own)
        model.encoders_[name] = encoder.to(device).requires_grad_(False)


def _restore_names(model: Model, header: Mapping[str, Any]) -> None:
    """Classes and columns, which the first files didn't have."""
    values = np.array(header.get("classes", range(model.n_classes_)))
    names = tuple(map(str, header.get("class_names", values.tolist())))
    if (
        len(values) != model.n_classes_
        or len(names) != len(values)
        or values.dtype.kind not in "iU"
    ):
        found = f"{len(values)} classes of {values.dtype} and {len(names)} names"
        raise ValueError(f"it has {found}, expected {model.n_classes_} of integers or words")
    columns = header.get("columns", {})
    model.classes_, model.class_names_ = values, names
    model.columns_ = {name: tuple(map(str, own)) for name, own in columns.items()}


def _encoder(name: str, widths: Sequence[int], tensors: Mapping[str, Tensor]) -> Encoder:
    """An encoder of its tensors; shapes are checked before memory is taken for them."""
    d, *hidden, dim = widths
    shapes = {f"layers.{2 * k}.weight": (b, a) for k, (a, b) in enumerate(pairwise(widths))}
    if {"mean", "scale"} & tensors.keys():
        shapes |= {"mean": (d,), "scale": (d,)}
    for key, shape in shapes.items():
        found = tuple(tensors[key].shape) if key in tensors else "none"
        if found != shape:
            raise ValueError(f"{key} of {name!r} has shape {found}, expected {shape}")
    statistics = [tensors.get(key) for key in ("mean", "scale")]
    encoder = Encoder(d, tuple(hidden), dim, torch.Generator(), *statistics)
    encoder.load_state_dict(tensors)
    return encoder

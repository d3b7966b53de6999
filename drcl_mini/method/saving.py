"""A fitted model as tensors and JSON, and back."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ..training.fitting import Model
from .encoder import Encoder

KINDS = {
    "n_classes": int,
    "prior_source": str,
    "quality_scores": dict,
    "modalities": dict,
    "priors": list,
}
KINDS |= {"interrupted": bool, "partial": list, "history": list}
"""What the header of a model holds beside its settings."""


def model_state(model: Model) -> tuple[dict[str, Tensor], dict[str, Any]]:
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
    model: Model, tensors: Mapping[str, Tensor], header: Mapping[str, Any], device: torch.device
) -> None:
    """Put back, on a device, what :func:`model_state` took.

    Raises:
        KeyError, TypeError, ValueError, AttributeError, RuntimeError: something is missing or doesn't fit.
    """
    for name, kind in KINDS.items():
        if type(header[name]) is not kind:
            raise ValueError(f"{name} is {header[name]!r}")
    if not all(
        tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in tensors.values()
    ):
        raise ValueError("it holds numbers that aren't finite, or of another type than float32")
    model.n_classes_, model.prior_source_ = header["n_classes"], header["prior_source"]
    model.quality_scores_, model.history_ = header["quality_scores"], header["history"]
    model.interrupted_, model.partial_, model.encoders_ = (
        header["interrupted"],
        header["partial"],
        {},
    )
    model.priors_ = {
        name: tensors[f"priors/{i}"].to(device) for i, name in enumerate(header["priors"])
    }
    selected = model.priors_.get(model.prior_source_)
    model.prior_ = tensors["prior"].to(device) if selected is None else selected
    dim = next((widths[-1] for widths in header["modalities"].values()), len(model.prior_))
    for w in (model.prior_, *model.priors_.values()):
        if w.shape != (dim, model.n_classes_):
            raise ValueError(
                f"a prior has shape {tuple(w.shape)}, expected {(dim, model.n_classes_)}"
            )
    for i, (name, (d, *hidden, _)) in enumerate(header["modalities"].items()):
        start = f"encoders/{i}/"
        mean, scale = tensors.get(f"{start}mean"), tensors.get(f"{start}scale")
        for k, (fan_in, fan_out) in enumerate(
            pairwise([d, *hidden, dim])
        ):  # before memory is taken for them
            found = tensors[f"{start}layers.{2 * k}.weight"].shape
            if found != (fan_out, fan_in):
                raise ValueError(
                    f"layers.{2 * k}.weight of {name!r} has shape {tuple(found)}, not {(fan_out, fan_in)}"
                )
        if [None if x is None else x.shape for x in (mean, scale)] not in (
            [None, None],
            [(d,), (d,)],
        ):
            raise ValueError(f"mean and scale of {name!r} don't fit its {d} features")
        encoder = Encoder(d, tuple(hidden), dim, torch.Generator(), mean, scale)
        state = {key.removeprefix(start): t for key, t in tensors.items() if key.startswith(start)}
        encoder.load_state_dict(state)
        model.encoders_[name] = encoder.to(device).requires_grad_(False)

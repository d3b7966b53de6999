"""What a search page holds, for JSON: items, embeddings of eight bits, the text encoder."""

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import nn

from ..core.checks import require, warn
from ..data import media
from ..data.dataset import MultimodalDataset
from ..data.draw import as_file
from ..data.features.text import LONGEST, text_features
from ..data.items import TITLES
from ..method.estimator import DRCL

MOST_WEIGHTS = 3_000_000
"""Weights of a text encoder that still fits into a page."""

Store = Callable[[str, bytes], str]
"""From a media type and the bytes of an item to its address in the page."""


def gallery(data: MultimodalDataset, model: DRCL, store: Store) -> dict[str, Any]:
    """All items of all splits with their embeddings, and what the page needs to embed words.

    Raises:
        ValueError: no modality has both items and an encoder.
    """
    media_found = []
    for name in data.modalities:
        if name not in model.encoders_:
            warn(f"the model has no encoder for {name!r}: its items are not on the page")
            continue
        items = [item for part in data.splits for item in data.items_of(part).get(name, ())]
        if not items or not kind_of(items[0]):
            told = "no pictures, texts or sounds" if items else "not kept"
            warn(f"{data.name}: items of {name!r} are {told}, so they are not on the page")
            continue
        media_found.append(_medium(data, model, name, store))
    if not media_found:
        raise ValueError(f"{data.name!r} keeps no items to show: make it with embed")
    return {
        "name": data.name,
        "classes": list(data.classes),
        "media": media_found,
        "encoder": _text_encoder(data, model),
    }


def _medium(data: MultimodalDataset, model: DRCL, name: str, store: Store) -> dict[str, Any]:
    """The items of one modality."""
    items, titles, labels, vectors = [], [], [], []
    for part, split in data.splits.items():
        own = data.items_of(part)
        found = own.get(name, ())
        if not len(found) or name not in split.features:
            continue
        items += list(found)
        titles += list(map(str, own.get(name + TITLES, [""] * len(found))))
        y = split.labels[name]
        labels += (y if y.ndim == 1 else y.argmax(axis=1)).tolist()
        vectors.append(model.transform({name: split.features[name]})[name])
    kind = kind_of(items[0])
    shown = [str(item) if kind == "text" else store(*encoded(item)) for item in items]
    return {
        "name": name,
        "kind": kind,
        "labels": labels,
        "titles": titles,
        "shown": shown,
        "dim": vectors[0].shape[1],
        "vectors": base64_of(eight_bits(np.concatenate(vectors))[0]),
    }


def kind_of(item: Any) -> str:
    """``"text"``, ``"sound"`` or ``"picture"``, also of what can be drawn; empty for all else.

    Example:
        >>> kind_of("a word"), kind_of(np.zeros(9, np.int16)), kind_of(np.zeros((8, 8)))
        ('text', 'sound', 'picture')
    """
    if isinstance(item, str):
        return "text"
    try:
        kind, _ = as_file(item)
    except ValueError:
        return ""
    return "sound" if kind.startswith("audio/") else "picture"


def encoded(item: Any) -> tuple[str, bytes]:
    """Media type and bytes that a browser can show: sounds as MP3, which all of them play."""
    kind, data = as_file(item)
    if kind.startswith("image/"):
        return kind, data
    opened = io.BytesIO()
    samples, rate = media.sound(item)
    soundfile = require("soundfile")
    try:
        options = {"format": "MP3", "bitrate_mode": "CONSTANT", "compression_level": 0.9}
        soundfile.write(opened, samples, rate, **options)
        return "audio/mpeg", opened.getvalue()
    except (soundfile.SoundFileError, TypeError, ValueError):  # an old libsndfile
        opened = io.BytesIO()
        soundfile.write(opened, samples, rate, format="WAV", subtype="PCM_16")
        return "audio/wav", opened.getvalue()


def eight_bits(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 (n, d), and the float32 (n,) by which its rows are to be multiplied.

    Example:
        >>> eight_bits(np.array([[1.0, -0.5]]))[0]
        array([[127, -64]], dtype=int8)
    """
    scale = np.abs(table).max(axis=1, keepdims=True) / 127
    scale[scale == 0] = 1
    return np.rint(table / scale).astype(np.int8), scale[:, 0].astype(np.float32)


def base64_of(array: np.ndarray) -> str:
    """The bytes of an array, little-endian, as base64."""
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def _text_encoder(data: MultimodalDataset, model: DRCL) -> dict[str, Any] | None:
    """The trained encoder of a text modality whose features the page can compute itself."""
    for name, encoder in model.encoders_.items():
        texts = data.items.get(name, ())
        if len(texts) and kind_of(texts[0]) == "text":
            weights = sum(weight.numel() for weight in encoder.parameters())
            if weights <= MOST_WEIGHTS and _is_classic(texts, data.test.features[name]):
                return {"modality": name, **_weights(encoder)}
    return None


def _is_classic(texts: Sequence[str], features: np.ndarray) -> bool:
    """Whether the features are those of :func:`drcl_mini.data.features.text_features`."""
    few = [i for i, one in enumerate(texts) if len(one) < 200][:8]
    if not few:
        return False
    again = text_features([str(texts[i]) for i in few])
    there = features[few]
    return again.shape == there.shape and np.allclose(again, there, atol=1e-2)


def _weights(encoder: Any) -> dict[str, Any]:
    layers = []
    for layer in encoder.layers:
        if isinstance(layer, nn.Linear):
            rows, scale = eight_bits(layer.weight.detach().cpu().numpy())
            bias = None if layer.bias is None else layer.bias.detach().cpu().numpy()
            layers.append(
                {
                    "inputs": layer.in_features,
                    "weights": base64_of(rows),
                    "scale": base64_of(scale),
                    "bias": None if bias is None else base64_of(bias),
                }
            )
    statistics = {
        key: None if value is None else base64_of(value.cpu().numpy())
        for key, value in (("mean", encoder.mean), ("deviation", encoder.scale))
    }
    return {"inputs": encoder.widths[0], "longest": LONGEST, "layers": layers, **statistics}

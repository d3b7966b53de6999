"""What a search page holds, for JSON: items, embeddings of eight bits, the text encoder."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..core.checks import warn
from ..data.dataset import MultimodalDataset
from ..data.features.text import text_features
from ..data.items import TITLES
from ..method.estimator import DRCL
from .added import added_to
from .assemble import models_of
from .models import DEFAULT
from .packing import base64_of, eight_bits, encoded, kind_of, weights_of
from .reading import KEPT_LETTERS

MOST_WEIGHTS = 3_000_000
"""Weights of a text encoder that still fits into a page."""

Store = Callable[[str, bytes], str]
"""From a media type and the bytes of an item to its address in the page."""


class Part(NamedTuple):
    """Items of one modality that lie together: those of a split, or added ones."""

    items: Sequence[Any]
    titles: Sequence[str]
    features: Any
    classes: list[list[str]]
    """Names of the classes of each item."""


def gallery(data: MultimodalDataset, model: DRCL, store: Store) -> dict[str, Any]:
    """All items of all splits and the added ones, their embeddings, what embeds words in the page.

    Raises:
        ValueError: no modality has both items and an encoder, or items don't fit their features.
    """
    if tuple(model.class_names_) != data.classes:
        own, there = (
            ", ".join(map(str, names[:5])) for names in (model.class_names_, data.classes)
        )
        warn(f"the model learned other classes ({own}) than {data.name} has ({there})")
    shown = {}
    for name in data.modalities:
        if name not in model.encoders_:
            warn(f"the model has no encoder for {name!r}: its items are not on the page")
            continue
        parts = _parts(data, name)
        if not parts or not kind_of(parts[0].items[0]):
            told = "no pictures, texts or sounds" if parts else "not kept"
            warn(f"{data.name}: items of {name!r} are {told}, so they are not on the page")
            continue
        shown[name] = parts
    if not shown:
        raise ValueError(f"{data.name!r} keeps no items to show: make it with embed")
    every = [
        one for parts in shown.values() for part in parts for own in part.classes for one in own
    ]
    classes = list(dict.fromkeys([*data.classes, *every]))
    return {
        "name": data.name,
        "classes": classes,
        "media": [_medium(parts, classes, model, name, store) for name, parts in shown.items()],
        "encoder": _text_encoder(data, shown, model),
    }


def _parts(data: MultimodalDataset, name: str) -> list[Part]:
    """All that is kept of a modality.

    Raises:
        ValueError: there are more or fewer items than features.
    """
    found = []
    for part, split in data.splits.items():
        own = data.items_of(part)
        items = own.get(name, ())
        if not len(items):
            continue
        many = len(split.features.get(name, ()))
        titles = list(map(str, own.get(name + TITLES, [""] * len(items))))
        for count, what in ((len(items), "items"), (len(titles), "titles")):
            if count != many:
                told = f"{part} has {count} {what} of {name!r} and features of {many}"
                raise ValueError(f"{data.name}: {told}, expected as many")
        member = split.labels[name]
        if member.ndim == 1:
            member = member[:, None] == np.arange(len(data.classes))
        classes = [[data.classes[i] for i in np.flatnonzero(row)] for row in member]
        found.append(Part(items, titles, split.features[name], classes))
    items, titles, features, classes = added_to(data, name)
    if len(items):
        own = [[one] if one else [] for one in classes]
        found.append(Part(items, list(map(str, titles)), features, own))
    return found


def _medium(
    parts: Sequence[Part], classes: Sequence[str], model: DRCL, name: str, store: Store
) -> dict[str, Any]:
    """The items of one modality."""
    items = [item for part in parts for item in part.items]
    kind = kind_of(items[0])
    place = {one: i for i, one in enumerate(classes)}
    vectors = np.concatenate([model.transform({name: part.features})[name] for part in parts])
    return {
        "name": name,
        "kind": kind,
        "labels": [[place[one] for one in own] for part in parts for own in part.classes],
        "titles": [title for part in parts for title in part.titles],
        "shown": [str(item) if kind == "text" else store(*encoded(item)) for item in items],
        "dim": vectors.shape[1],
        "vectors": base64_of(eight_bits(vectors)[0]),
    }


def _text_encoder(
    data: MultimodalDataset, shown: Mapping[str, Sequence[Part]], model: DRCL
) -> dict[str, Any] | None:
    """The trained encoder of a text modality whose features the page can compute itself."""
    models = models_of(data)
    for name, parts in shown.items():
        encoder = model.encoders_[name]
        if kind_of(parts[0].items[0]) == "text":
            weights = sum(weight.numel() for weight in encoder.parameters())
            classic = models[name] == ("text", DEFAULT) if name in models else _is_classic(parts)
            if weights <= MOST_WEIGHTS and classic:
                return {"modality": name, **weights_of(encoder)}
    return None


def _is_classic(parts: Sequence[Part]) -> bool:
    """Whether the features are those of :func:`drcl_mini.data.features.text_features`."""
    pairs = [
        (str(text), part.features[i])
        for part in parts
        for i, text in enumerate(part.items)
        if len(text) < KEPT_LETTERS  # it is whole
    ][:8]
    if not pairs:
        return False
    texts, there = zip(*pairs, strict=True)
    again, there = text_features(texts), np.stack(there)
    return again.shape == there.shape and np.allclose(again, there, atol=1e-2)

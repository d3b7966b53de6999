"""Items added to a data file that is there: a search page shows them, no training or score does.

A data file keeps them among its raw items, beside those of the splits: what training and scores
read stays as it is, to the byte.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..data.dataset import MultimodalDataset
from ..data.items import TITLES
from .assemble import DIGESTS, kept_items
from .partial import Done
from .row import Row, Told

ADDED, FEATURES, CLASSES = "added", "added features", "added classes"
"""Where a data file keeps among its raw items, by modality, the added ones and what they are."""


def add_items(
    data: MultimodalDataset,
    rows: Mapping[str, Sequence[Row]],
    done: Mapping[str, Done],
    told: Told,
) -> MultimodalDataset:
    """The data set with new items beside its splits, which stay as they are.

    Items that are there already, the same in every byte of their text or file, are not added again.

    Raises:
        ValueError: the model gives other features than for the items that are there.
    """
    raw: dict[str, dict[str, Any]] = {part: dict(own) for part, own in data.raw.items()}
    for modality, own in done.items():
        width = data.train.features[modality].shape[1]
        if own.kept and own.features.shape[1] != width:
            told_width = f"{own.features.shape[1]} features, {data.name} has {width}"
            raise ValueError(f"new items of {modality!r} have {told_width}: is it another model?")
        known = set(map(int, raw.get(DIGESTS, {}).get(modality, ())))
        new = [rows[modality][place] for place in own.kept]
        places = []
        for i, digest in enumerate(own.digests):
            if digest in known:
                told(f"{new[i].where}: {data.name} has it already")
            else:
                known.add(digest)
                places.append(i)
        if not places:
            continue
        more = kept_items(modality, new, own.items, places)
        _append(raw, ADDED, modality, more[modality])
        _append(raw, ADDED, modality + TITLES, more[modality + TITLES])
        _append(raw, CLASSES, modality, [new[i].label for i in places])
        _append(raw, FEATURES, modality, own.features[places])
        _append(raw, DIGESTS, modality, np.array(own.digests)[places])
    return replace(data, raw=raw)


def _append(raw: dict[str, dict[str, Any]], part: str, key: str, more: Any) -> None:
    """Put more items behind those that are there."""
    before = raw.setdefault(part, {}).get(key)
    if isinstance(more, np.ndarray):
        raw[part][key] = more if before is None else np.concatenate([before, more])
    else:
        raw[part][key] = [*(() if before is None else before), *more]


def added_to(data: MultimodalDataset, modality: str) -> tuple[Any, Any, np.ndarray, list[str]]:
    """Items, titles, features and classes of what was added; all empty where nothing was."""
    items = data.raw.get(ADDED, {})
    width = data.train.features[modality].shape[1]
    features = data.raw.get(FEATURES, {}).get(modality, np.zeros((0, width), np.float32))
    classes = list(map(str, data.raw.get(CLASSES, {}).get(modality, ())))
    return items.get(modality, ()), items.get(modality + TITLES, ()), features, classes


def count_added(data: MultimodalDataset) -> dict[str, int]:
    """How many items were added, by modality."""
    return {modality: len(own) for modality, own in data.raw.get(CLASSES, {}).items()}

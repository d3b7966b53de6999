"""The shipped file of things: items, features, labels, splits."""

from collections.abc import Callable

import numpy as np

from drcl_mini.data import features
from drcl_mini.data.items import pack

from ..networks import deep_picture_features
from ..shipping import kept
from .media import Item
from .sentences import deep_text_features
from .split import split_concepts
from .tree import LEVELS, concepts

SEED = 0
CLASSIC: dict[str, Callable] = {
    "picture": lambda items: features.picture_features(items),
    "drawing": lambda items: features.picture_features(items, colour=False),
    "text": lambda items: features.text_features(items),
    "shape": lambda items: features.shape_features(items),
    "clip": lambda items: features.clip_features(items),
}
"""Features that a reader computes again from the shipped items."""
DEEP: dict[str, Callable] = {
    "picture": deep_picture_features,
    "drawing": deep_picture_features,
    "text": deep_text_features,
}
"""Features by networks, where they tell more: of drawings, logistic regression tells the class 0.51 : 0.45."""
DECIMALS = {"classic": 3, "picture": 2, "drawing": 2, "text": 3}
"""Decimal places of features that are kept: the rest is the processor's."""


def arrays(media: dict[str, list[Item]], source: str) -> dict[str, np.ndarray]:
    """All arrays of the shipped file."""
    paths = {concept.name: concept.path for concept in concepts()}
    names = [item.concept.name for items in media.values() for item in items]
    count = {name: np.array([sum(i.concept.name == name for i in items) for items in media.values()]) for name in paths}
    parts = split_concepts({name: count[name] for name in paths if name in set(names)}, paths, SEED)
    found = {"levels": np.array(LEVELS), "source": np.array(source)} | levels()
    fine = found["fine/names"].tolist()
    for medium, items in media.items():
        values = [item.value for item in items]
        raw = np.stack(values) if medium == "shape" else values
        own = {
            "labels": np.array([fine.index(item.concept.path[2]) for item in items], np.int16),
            "part": np.array([parts[item.concept.name] for item in items], np.int8),
            "group": np.array([item.concept.name for item in items]),
            "title": np.array([item.title for item in items]),
            "features": kept(CLASSIC[medium](values), DECIMALS["classic"]),
        }
        if medium in DEEP:
            own |= {"classic": own["features"], "features": kept(DEEP[medium](values), DECIMALS[medium])}
        own |= {f"items/{kind}": array for kind, array in pack(raw).items()}
        found |= {f"{medium}/{key}": array for key, array in own.items()}
    return found


def levels() -> dict[str, np.ndarray]:
    """Names at each depth, and which class of the depth above each belongs to."""
    paths = list(dict.fromkeys(concept.path for concept in concepts()))
    names = [list(dict.fromkeys(path[depth] for path in paths)) for depth in range(3)]
    arrays = {f"{level}/names": np.array(own) for level, own in zip(LEVELS, names, strict=True)}
    for depth in (1, 2):
        above = {path[depth]: names[depth - 1].index(path[depth - 1]) for path in paths}
        arrays[f"{LEVELS[depth]}/parents"] = np.array([above[name] for name in names[depth]], np.int16)
    return arrays

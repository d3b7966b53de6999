"""minimedia: a synthetic world of five media, made by code in seconds, the same on every machine.

Read ``world`` (the class tree), ``media`` and ``captions`` (raw items), then ``features``.

By linear probes on the full size, text is the easiest medium, then come image, 3d, audio and video.
(The small size has fewer pictures; there image comes after audio.) The figures are in
``book/results/probe.json``; ``python -m drcl_mini probe minimedia`` computes them.

That relatives look alike holds on average, not for every class. The nearest class mean, of
standardised training features, is that of a class of another branch for 6 of the 20 classes in
pictures, 4 in sounds, 2 in clips, 12 in shapes and none in text (``book/results/real-sets.json``).
And no picture looks like what it is called: use ``numbers`` or ``things`` to judge by eye.
"""

from typing import Any

import numpy as np

from ...core.checks import warn
from ...core.files import data_folder
from ..dataset import MultimodalDataset
from .captions import captions
from .features import EXTRACTORS, caption_extractor
from .media import TRAITS, clips, clouds, pictures, sounds
from .world import KINDS, traits, tree_distance

__all__ = ["KINDS", "minimedia", "tree_distance"]

VERSION = 1
"""Changes whenever the arrays do; a stored file of another version is not used."""
SOURCE = f"synthetic, made by drcl_mini.data.minimedia, version {VERSION}"
SPLITS = ("train", "validation", "test")
SIZES = {
    "minimedia": {
        "image": (4000, 500, 500),
        "text": (4000, 500, 500),
        "audio": (800, 200, 200),
        "video": (800, 200, 200),
        "3d": (400, 100, 100),
    },
    "minimedia-small": {
        "image": (1000, 200, 200),
        "text": (1000, 200, 200),
        "audio": (300, 100, 100),
        "video": (300, 100, 100),
        "3d": (200, 100, 100),
    },
}
"""Items of each medium in training, validation and test."""
DRAW = {"image": pictures, "audio": sounds, "video": clips, "3d": clouds}
SPREAD = {"image": 0.12, "audio": 0.27, "video": 0.37, "3d": 0.22}
"""Standard deviation of items around their class in the trait space; more is harder."""


def minimedia(name: str = "minimedia") -> MultimodalDataset:
    """The data set, read from the data folder if an earlier call stored it there, else generated.

    Args:
        name: ``"minimedia"`` or ``"minimedia-small"``.

    Example:
        >>> data = minimedia("minimedia-small")
        >>> data.train.modalities
        ('image', 'text', 'audio', 'video', '3d')
        >>> print(data.classes[data.test.labels["text"][0]], "|", data.items["text"][0])
        ship | today a big ship sounds by the fields behind a lively crow
    """
    kept = data_folder() / "cache" / f"{name}-{VERSION}.npz"
    try:
        dataset = MultimodalDataset.from_npz(kept)
        if (dataset.name, dataset.source, len(dataset.classes)) == (name, SOURCE, len(KINDS)):
            return dataset
    except (FileNotFoundError, ValueError):
        pass  # none yet, or damaged: generated again
    dataset = generate(name)
    try:
        dataset.to_npz(kept)
    except OSError as error:
        warn(f"{name} can't be kept for the next time: {error}")
    return dataset


def generate(name: str) -> MultimodalDataset:
    """Generate the data set: items, then features. Each medium has its own random sources."""
    parts: dict[str, tuple[dict, dict]] = {part: ({}, {}) for part in SPLITS}
    items: dict[str, Any] = {}
    for number, (medium, sizes) in enumerate(SIZES[name].items()):
        raw = {}
        for part, size in zip(SPLITS, sizes, strict=True):
            source = np.random.default_rng([VERSION, number, SPLITS.index(part)])
            labels = source.permutation(np.arange(size) % len(KINDS))
            parts[part][1][medium] = labels
            raw[part] = _items(medium, number, labels, source)
        extract = caption_extractor(raw["train"]) if medium == "text" else EXTRACTORS[medium]
        for part in SPLITS:
            parts[part][0][medium] = extract(raw[part])
        items[medium] = raw["test"]
    return MultimodalDataset.from_arrays(
        **parts,
        name=name,
        classes=tuple(kind.name for kind in KINDS),
        items=items,
        source=SOURCE,
    )


def _items(medium: str, number: int, labels: np.ndarray, source: np.random.Generator) -> Any:
    """Raw items for class indices; the classes' points are the same for each split and size."""
    if medium == "text":
        return np.array(captions(labels, source))
    points = traits(TRAITS[medium], np.random.default_rng([VERSION, number]))
    z = points[labels] + source.normal(scale=SPREAD[medium], size=(len(labels), TRAITS[medium]))
    blocks = [DRAW[medium](block, source) for block in np.array_split(z, -(-len(z) // 250))]
    return np.concatenate(blocks)

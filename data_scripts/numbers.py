"""Ten digits in five media, all recorded from people: handwriting, pen movement, hand signs, speech, number words.

The file, which the package carries, keeps for each medium ``<medium>/labels``, ``part`` (0 train, 1
validation, 2 test), ``group`` (what must stay in one split), ``title``, ``features``, ``classic`` where the
features are a network's, and the items as :func:`drcl_mini.data.items.pack` gives them; and ``levels``,
``classes/names`` and ``source``.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drcl_mini.data import features
from drcl_mini.data.items import pack

from .about import About
from .networks import deep_picture_features, deep_sound_features
from .numbers_card import card
from .numbers_handwriting import pen, writing
from .numbers_medium import DIGITS, Medium
from .numbers_signs import signs
from .numbers_speech import speech
from .numbers_words import words
from .shipping import kept, write

SEED = 0
MEDIA: dict[str, Callable[[int], Medium]] = {
    "writing": writing,
    "pen": pen,
    "sign": signs,
    "speech": speech,
    "word": words,
}
CLASSIC: dict[str, Callable[[Any], np.ndarray]] = {
    "writing": features.bit_features,
    "pen": features.pen_features,
    "sign": features.picture_features,
    "speech": features.sound_features,
    "word": features.text_features,
}
"""Features that need no network, of the items as they are stored."""
DEEP: dict[str, Callable[[Any], np.ndarray]] = {"sign": deep_picture_features, "speech": deep_sound_features}
"""Features of networks, for the media where they pay."""
DIGITS_KEPT = {"classic": 3, "deep": 2}
"""Decimal places: the rest is the processor's."""

ABOUT = About(
    name="numbers",
    features={
        "writing": ("histograms of gradients", 324),
        "pen": ("points and directions", 30),
        "sign": ("EfficientNet-Lite0", 1280),
        "speech": ("speech embedding", 192),
        "word": ("hashed pieces of words", 1024),
    },
    classes=DIGITS,
    split="600 / 150 / 250 of each, 600 / 140 / 260 recordings, 404 / 105 / 171 words",
    licence="PDDL, CC BY, Apache, CC BY-SA, Unicode",
    origin="openml-datasets, Sign-Language-Digits-Dataset, free-spoken-digit-dataset, cldr-json",
    citation="see the card",
    size=63_182_575,
)


def build(source: Path | None = None, shipped: bool = False) -> Path:
    """Fetch, choose, split, compute features; returns the .npz, beside which its card lies.

    Args:
        source: takes no file; only for the command line's sake.
        shipped: write to the package's own folder instead of the data folder.

    Raises:
        ImportError: onnxruntime isn't installed.
    """
    media = {name: read(SEED) for name, read in MEDIA.items()}
    tables = {name: tables_of(name, medium.items) for name, medium in media.items()}
    widths = {name: {kind: x.shape[1] for kind, x in own.items()} for name, own in tables.items()}
    return write("numbers", arrays(media, tables), card(media, widths, SEED), shipped)


def tables_of(name: str, items: Any) -> dict[str, np.ndarray]:
    """The features of a medium's items as the file keeps them: ``features``, and ``classic`` beside a network's."""
    classic = kept(CLASSIC[name](items), DIGITS_KEPT["classic"])
    if name not in DEEP:
        return {"features": classic}
    return {"features": kept(DEEP[name](items), DIGITS_KEPT["deep"]), "classic": classic}


def arrays(media: Mapping[str, Medium], tables: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Everything that the file keeps, by its key."""
    found = {"levels": np.array(["classes"]), "source": np.array(f"{ABOUT.origin}: see the card")}
    found["classes/names"] = np.array([str(digit) for digit in range(DIGITS)])
    for name, medium in media.items():
        own = {"labels": medium.labels.astype(np.int16), "part": medium.part.astype(np.uint8)}
        own |= {"group": np.array(medium.group), "title": np.array(medium.title)}
        own |= {f"items/{kind}": array for kind, array in pack(medium.items).items()}
        found |= {f"{name}/{key}": array for key, array in {**own, **tables[name]}.items()}
    return found

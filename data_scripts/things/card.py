"""What the card of ``things`` says: where each part comes from, under which terms, what there is of it."""

import importlib.metadata
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np

from .. import networks
from ..identity import blob_id
from . import sentences, sources
from .collection import SEED
from .media import Item
from .tree import LEVELS

MICROSOFT = "Copyright (c) Microsoft Corporation; packed by LobeHub, copyright © 2023"
PARTS: dict[str, dict[str, Any]] = {
    "fluent": {
        "medium": "picture",
        "what": "Fluent emoji in 3-D style, painted by Microsoft's designers",
        "packages": [sources.FLUENT],
        "licence": "MIT",
        "licence_files": ["MIT-Fluent-Emoji.txt"],
        "attribution": f"Fluent Emoji: {MICROSOFT}",
        "changes": "on white, 96 × 96 pixels, WebP",
    },
    "openclipart": {
        "medium": "picture, drawing, text",
        "what": "clip art by many hands, with titles and keywords",
        "packages": [sources.OPENCLIPART],
        "licence": "public domain",
        "licence_files": ["Public-Domain-OpenClipart.txt"],
        "licence_note": "only files whose own metadata name the public domain; three of a concept at most",
        "attribution": "Open Clip Art Library 0.18, as Debian packs it; its authors gave up their rights",
        "changes": "painted on white, 96 × 96 pixels, WebP, or PNG with 16 greys where there is no colour",
    },
    "openmoji": {
        "medium": "drawing",
        "what": "OpenMoji, black line drawings of emoji",
        "packages": [sources.OPENMOJI],
        "licence": "CC-BY-SA-4.0",
        "licence_files": ["CC-BY-SA-4.0.txt"],
        "attribution": "All emojis designed by OpenMoji, the open-source emoji and icon project (openmoji.org). "
        "License: CC BY-SA 4.0",
        "changes": "painted on white, 96 × 96 pixels, PNG with 16 greys; these stay under CC BY-SA 4.0",
    },
    "emojibase": {
        "medium": "text",
        "what": "English names and tags of emoji, from Unicode's CLDR",
        "packages": [sources.EMOJIBASE],
        "licence": "Unicode-3.0 AND MIT",
        "licence_files": ["Unicode-3.0.txt", "MIT-emojibase.txt"],
        "attribution": "Copyright © Unicode, Inc.; emojibase-data, copyright (c) 2017-2019 Miles Johnson",
        "changes": "a name and six tags at most make a text",
    },
    "quaternius": {
        "medium": "shape",
        "what": "low-poly models",
        "source": sources.QUATERNIUS,
        "content_id": "git ids of the files, in data_scripts/things/models.txt",
        "licence": "CC0-1.0",
        "licence_files": ["CC0-1.0.txt"],
        "licence_note": "stated by the author for all packs; the repository that carries them names no terms",
        "attribution": "Quaternius (quaternius.com)",
        "changes": "1024 points of the surface, with normals and colours",
    },
    "fluent-animated": {
        "medium": "clip",
        "what": "animated Fluent emoji",
        "packages": list(sources.ANIMATED),
        "licence": "MIT",
        "licence_files": ["MIT-Fluent-Emoji.txt"],
        "licence_note": "stated by the packages; what moves in them is what Microsoft itself published under MIT later",
        "attribution": f"Fluent Emoji Animated: {MICROSOFT}",
        "changes": "twelve frames, 48 × 48 pixels, 32 colours, GIF",
    },
}
FEATURES = {
    "picture": "EfficientNet-Lite0, 1280 numbers before its classes; classic: gradients and colours",
    "drawing": "EfficientNet-Lite0, as for pictures; classic: gradients",
    "text": "all-MiniLM-L6-v2, 384 numbers; classic: hashed pieces of words",
    "shape": "distances between points, three views, directions, colours",
    "clip": "gradients and colours of the mean frame, motion",
}


def card(media: Mapping[str, list[Item]], arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The card as plain values."""
    parts = {}
    for name, facts in PARTS.items():
        own = dict(facts)
        if "packages" in own:
            own["packages"] = [package._asdict() for package in own["packages"]]
        own["items"] = {medium: sum(item.source == name for item in items) for medium, items in media.items()}
        own["items"] = {medium: count for medium, count in own["items"].items() if count}
        parts[name] = own
    return {
        "name": "things",
        "title": "Things of the world in five media, under a tree of classes",
        "made_by": "python -m data_scripts things",
        "licences": "each part has its own; the texts are in licences/",
        "paired": "no, but several designs of one concept exist, in one medium and in others; all are in one split",
        "seed": SEED,
        "tree_id": f"git blob {blob_id(files(__package__).joinpath('tree.txt').read_bytes())} (tree.txt)",
        "parts": parts,
        "features": FEATURES,
        "networks": {
            "packages": [
                *(package for package in networks.PACKAGES if "wakeword" not in package["package"]),
                {
                    **dict(zip(("registry", "package", "version", "sha256"), sentences.PACKAGE, strict=True)),
                    "registry": "PyPI",
                    "licence": "Apache-2.0",
                },
            ],
            "note": "read for the features of picture, drawing and text; not shipped",
        },
        "counts": counts(arrays, media),
        "tools": tools(),
    }


def counts(arrays: Mapping[str, np.ndarray], media: Mapping[str, Any]) -> dict[str, dict[str, dict[str, list[int]]]]:
    """Items in train, validation and test, by medium, depth and class."""
    found: dict = {}
    for medium in media:
        labels, part = arrays[f"{medium}/labels"], arrays[f"{medium}/part"]
        found[medium] = {}
        for level in LEVELS[::-1]:
            names = arrays[f"{level}/names"].tolist()
            table = np.zeros((len(names), 3), int)
            np.add.at(table, (labels, part), 1)
            found[medium][level] = {name: row.tolist() for name, row in zip(names, table, strict=True) if row.any()}
            labels = arrays[f"{level}/parents"][labels] if level != LEVELS[0] else labels
    return found


def tools() -> dict[str, str]:
    """Versions of what painted and encoded the items: other versions may give other bytes."""
    from PIL import features as pillow

    packages = {name: importlib.metadata.version(name) for name in ("pillow", "numpy", "resvg_py", "DracoPy")}
    return packages | {"libwebp": str(pillow.version("webp")), "zlib": str(pillow.version("zlib"))}

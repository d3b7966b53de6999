"""A data set of what was extracted."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..data.dataset import MultimodalDataset
from ..data.items import TITLES
from .partial import Done
from .row import Row, Told

PARTS = ("train", "validation", "test")
DIGESTS = "digests"
"""Where a data file keeps among its raw items, by modality, what each of its items was."""


def source_line(models: Mapping[str, tuple[str, str]]) -> str:
    """Kind and model of each modality, in the one line that a data set tells of its source."""
    own = [f"{name} ({kind}) by {spec}" for name, (kind, spec) in models.items()]
    return "own items: " + "; ".join(own)


def models_of(data: MultimodalDataset) -> dict[str, tuple[str, str]]:
    """Kind and model of each modality, from the source; empty for a set made in another way.

    Example:
        >>> from drcl_mini import Split
        >>> line = source_line({"text": ("text", "classic")})
        >>> split = Split({"text": [[1.0]]}, {"text": [0]})
        >>> models_of(MultimodalDataset(split, None, split, "mine", ("a",), source=line))
        {'text': ('text', 'classic')}
    """
    head, _, rest = data.source.partition("own items: ")
    if head or not rest:
        return {}
    found = [re.fullmatch(r"(.+) \((\w+)\) by (.+)", own) for own in rest.split("; ")]
    return {own[1]: (own[2], own[3]) for own in found if own}


def assemble(
    name: str,
    rows: Mapping[str, Sequence[Row]],
    done: Mapping[str, Done],
    models: Mapping[str, tuple[str, str]],
    told: Told,
) -> MultimodalDataset:
    """The data set of all items; a class or modality that nothing trains is left out.

    Raises:
        ValueError: nothing is left, or no item for training or testing.
    """
    usable = {
        modality: [rows[modality][place] for place in own.kept] for modality, own in done.items()
    }
    trained = {row.label for own in usable.values() for row in own if row.split == "train"}
    classes = sorted(trained)
    parts: dict[str, tuple[dict, dict]] = {part: ({}, {}) for part in PARTS}
    kept: dict[str, dict[str, Any]] = {part: {} for part in (*PARTS, DIGESTS)}
    for modality, own in usable.items():
        if own and not any(row.split == "train" for row in own):
            told(f"all {len(own)} of {modality}: none is in the training split")
            continue
        for row in own:
            if row.label not in trained:
                told(f"{row.where}: unknown class {row.label!r}: no training item has it")
        for part, (features, labels) in parts.items():
            places = [i for i, row in enumerate(own) if row.split == part and row.label in trained]
            if places:
                features[modality] = np.asarray(done[modality].features[places])
                labels[modality] = np.array([classes.index(own[i].label) for i in places])
                kept[part] |= kept_items(modality, own, done[modality].items, places)
        places = [i for i, row in enumerate(own) if row.label in trained]
        if places:
            kept[DIGESTS][modality] = np.array(done[modality].digests)[places]
    for part in ("train", "test"):
        if not parts[part][0]:
            told_left = f"nothing is left for the {part} split"
            raise ValueError(
                f"{told_left}: give each class four items or more, of which one trains"
            )
    held = parts["validation"]
    return MultimodalDataset.from_arrays(
        parts["train"],
        parts["test"],
        held if held[0] else None,
        name=name,
        classes=classes,
        items=kept.pop("test"),
        raw={part: own for part, own in kept.items() if own},
        source=source_line({modality: models[modality] for modality in parts["train"][0]}),
    )


def kept_items(
    modality: str, rows: Sequence[Row], items: Sequence[bytes], places: Sequence[int]
) -> dict[str, Any]:
    """Items and titles of some rows, as a data set keeps them."""
    chosen: list[Any] = [items[i] for i in places]
    text = rows[0].kind == "text"
    chosen = [x.decode() if text else np.frombuffer(x, np.uint8) for x in chosen]
    titles = [rows[i].title or rows[i].where for i in places]
    return {modality: chosen, modality + TITLES: titles}

"""The items of every medium: gathered from the sources, brought into their shipped form, without doubles."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np

from drcl_mini.data import media

from . import pictures, sources, texts
from .shapes import points
from .tree import Concept, by_emoji

MOST = {"picture": 3, "drawing": 3, "text": 3}
"""OpenClipart's pictures, drawings and texts that a concept has at most, so that cones and cakes don't prevail."""
FEWEST = 8
"""Items that a medium has of a class, if it has the class at all."""
THUMB = 16
NEAR = {"picture": 6.0, "drawing": 6.0, "clip": 3.0}
"""Mean difference of thumbnails, of 255, below which two items are doubles."""


class Item(NamedTuple):
    """An item of one medium: its concept, its caption, its shipped form, its source."""

    concept: Concept
    title: str
    value: Any
    source: str


def gather() -> dict[str, list[Item]]:
    """All media, each in the tree's order."""
    words = sources.emoji_words()
    clipart = [(found, _painted(found)) for found in sources.openclipart()]
    clipart = [(found, image) for found, image in clipart if image is not None]
    inked = [(found, image) for found, image in clipart if pictures.is_drawing(image)]
    inked_names = {found.name for found, _ in inked}
    coloured = [(found, image) for found, image in clipart if found.name not in inked_names]
    found = {
        "picture": [*_emoji_pictures(words), *_clipart(coloured, pictures.picture)],
        "drawing": [*_emoji_drawings(words), *_clipart(inked, pictures.drawing)],
        "text": [*_emoji_texts(words), *_drawing_texts(found for found, _ in clipart)],
        "shape": list(_shapes()),
        "clip": list(_clips(words)),
    }
    return {medium: enough(ordered(single(medium, items))) for medium, items in found.items()}


def enough(items: list[Item]) -> list[Item]:
    """The items of those classes of which there are eight or more."""
    count = Counter(item.concept.path[1] for item in items)
    return [item for item in items if count[item.concept.path[1]] >= FEWEST]


def ordered(items: Iterable[Item]) -> list[Item]:
    """Items by concept, as the tree has them."""
    order = {concept.name: place for place, concept in enumerate(by_emoji().values())}
    return sorted(items, key=lambda item: (item.concept.path, order.get(item.concept.name, -1), item.concept.name))


def single(medium: str, items: list[Item]) -> list[Item]:
    """Items without doubles: of texts the equal ones go, of pictures the near ones, all but the first.

    A text that stands for two concepts goes altogether. Drawings and titles from OpenClipart are
    counted after that: a concept keeps a few of them at most.
    """
    if medium == "text":
        owners: dict[str, set[str]] = {}
        for item in items:
            owners.setdefault(item.value.casefold(), set()).add(item.concept.name)
        firsts = {item.value.casefold(): item for item in reversed(items)}
        kept = [item for item in firsts.values() if len(owners[item.value.casefold()]) == 1][::-1]
    elif medium == "shape":
        kept = items
    else:
        kept, seen = [], np.zeros((0, THUMB * THUMB * 3))
        for item in items:
            thumb = _thumb(item.value)
            if not len(seen) or np.abs(seen - thumb).mean(axis=1).min() >= NEAR[medium]:
                kept.append(item)
                seen = np.concatenate([seen, thumb[None]])
    count: Counter[str] = Counter()
    chosen = []
    for item in kept:
        if item.source == "openclipart":
            count[item.concept.name] += 1
        if item.source != "openclipart" or count[item.concept.name] <= MOST[medium]:
            chosen.append(item)
    return chosen


def _thumb(value: np.ndarray) -> np.ndarray:
    """The mean colours of 16 × 16 fields of a picture, or of a clip's middle frame."""
    frames = media.frames(value)
    frame = frames[len(frames) // 2].astype(float)
    field = len(frame) // THUMB
    return frame.reshape(THUMB, field, THUMB, field, 3).mean(axis=(1, 3)).ravel()


def _painted(found: sources.Found) -> Any:
    """A drawing, or nothing where it is empty or can't be painted."""
    try:
        return pictures.painted(found.content)
    except ValueError:
        return None


def _clipart(drawn: list, encode: Callable) -> Iterator[Item]:
    for found, image in drawn:
        title = texts.drawing_text(found.words).split(":")[0]
        caption = f"{found.concept.name}: {title}" if title else found.concept.name
        value = encode(image)
        if not pictures.is_faint(value):
            yield Item(found.concept, caption, value, "openclipart")


def _emoji_pictures(words: dict) -> Iterator[Item]:
    for key, content in sources.emoji(sources.FLUENT, "package/assets/*.webp").items():
        yield Item(by_emoji()[key], words[key][0], pictures.picture(pictures.opened(content)), "fluent")


def _emoji_drawings(words: dict) -> Iterator[Item]:
    for key, content in sources.emoji(sources.OPENMOJI, "package/black/svg/*.svg").items():
        yield Item(by_emoji()[key], words[key][0], pictures.drawing(pictures.painted(content)), "openmoji")


def _emoji_texts(words: dict) -> Iterator[Item]:
    for key, concept in by_emoji().items():
        text = texts.emoji_text(words[key])
        yield Item(concept, text, text, "emojibase")


def _drawing_texts(found: Iterable[sources.Found]) -> Iterator[Item]:
    for one in found:
        misleads = any(fnmatchcase(one.name, pattern) for pattern in texts.MISLEADING)
        if not misleads and (text := texts.drawing_text(one.words)):
            yield Item(one.concept, text, text, "openclipart")


def _shapes() -> Iterator[Item]:
    for found in sources.models():
        pack, _, name = found.name.replace("_", " ").partition("/")
        seed = zlib.crc32(found.name.encode())
        yield Item(found.concept, f"{found.concept.name}: {name}, {pack}", points(found.content, seed), "quaternius")


def _clips(words: dict) -> Iterator[Item]:
    known = list(by_emoji())
    found = {}
    for package in sources.ANIMATED:
        found |= sources.emoji(package, "package/assets/*.webp")
    for key in sorted(found, key=known.index):
        if b"ANMF" in found[key] and (value := pictures.clip(found[key])) is not None:
            yield Item(by_emoji()[key], words[key][0], value, "fluent-animated")

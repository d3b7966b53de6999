"""Collections: items of several media, what must stay together, and data sets made of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...core.checks import suggest
from ...core.files import read_npz
from ..dataset import MultimodalDataset
from ..items import TITLES, unpack

FOLDER = Path(__file__).parent
PARTS = ("train", "validation", "test")
COLLECTIONS = ("numbers", "things")


@dataclass(frozen=True, eq=False)
class Medium:
    """All n items of one medium.

    Args:
        items: raw items, as :func:`drcl_mini.app.show.show` takes them.
        features: (n, d), those that a data set has.
        classic: (n, d'), features that need no network; the same as ``features`` where those are
            such.
        labels: (n,) index of the finest class.
        part: (n,) split: 0 train, 1 validation, 2 test.
        group: (n,) what must stay in one split: a speaker, a word, a concept.
        title: (n,) a caption for people.
    """

    items: Any
    features: np.ndarray
    classic: np.ndarray
    labels: np.ndarray
    part: np.ndarray
    group: np.ndarray
    title: np.ndarray

    def take(self, rows: np.ndarray) -> Any:
        """The raw items of some rows."""
        whole = isinstance(self.items, np.ndarray)
        return self.items[rows] if whole else [self.items[row] for row in rows]


@dataclass(frozen=True, eq=False)
class Collection:
    """Items of several media under a tree of classes.

    Args:
        name: ``"numbers"`` or ``"things"``.
        media: the media by name.
        names: class names of each level, the coarsest level first.
        above: for each level but the coarsest, the index of each class's class one level up.
        source: one line that says where the items come from.
    """

    name: str
    media: Mapping[str, Medium]
    names: Mapping[str, tuple[str, ...]]
    above: Mapping[str, np.ndarray]
    source: str

    def labels(self, medium: str, level: str | None = None) -> np.ndarray:
        """(n,) class indices of a medium's items at a level; the finest if none is named.

        Raises:
            ValueError: there is no such level.

        Example:
            >>> things = load_collection("things")
            >>> [len(set(things.labels("text", level).tolist())) for level in things.names]
            [5, 12, 49]
        """
        levels = list(self.names)
        level = levels[-1] if level is None else level
        if level not in levels:
            raise ValueError(f"{self.name} has no level {level!r}: {suggest(level, levels)}")
        labels = self.media[medium].labels.astype(int)
        for finer in levels[:0:-1][: len(levels) - 1 - levels.index(level)]:
            labels = self.above[finer][labels]
        return labels

    def dataset(
        self,
        level: str | None = None,
        name: str = "",
        classic: bool = False,
        part: Mapping[str, np.ndarray] | None = None,
    ) -> MultimodalDataset:
        """The data set of all media, with the raw items of every split.

        Args:
            level: depth of the class tree; the finest if none is named.
            name: what to call it; the collection's name if none is given.
            classic: features that need no network, in every medium.
            part: other splits for some media: (n,) of 0 train, 1 validation, 2 test.

        Example:
            >>> load_collection("numbers").dataset(classic=True).modalities
            ('writing', 'pen', 'sign', 'speech', 'word')
        """
        level = list(self.names)[-1] if level is None else level
        arrays: dict[str, tuple[dict, dict]] = {split: ({}, {}) for split in PARTS}
        raw: dict[str, dict] = {split: {} for split in PARTS}
        for medium, own in self.media.items():
            table, labels = own.classic if classic else own.features, self.labels(medium, level)
            where = own.part if part is None else part.get(medium, own.part)
            for number, split in enumerate(PARTS):
                rows = np.flatnonzero(where == number)
                arrays[split][0][medium] = table[rows].astype(np.float32)
                arrays[split][1][medium] = labels[rows]
                raw[split] |= {medium: own.take(rows), medium + TITLES: own.title[rows]}
        items = raw.pop("test")
        given = {"classes": self.names[level], "items": items, "raw": raw, "source": self.source}
        return MultimodalDataset.from_arrays(**arrays, name=name or self.name, **given)

    def leave_out(self, medium: str, **how: Any) -> Iterator[tuple[str, MultimodalDataset]]:
        """Each group of a medium as its test items in turn, the next group for validation.

        With ``"speech"`` of ``numbers``: each speaker is heard once as a stranger. A group that
        other media have too, such as a concept of ``things``, is left out there as well; all else
        of the other media stays in its split.

        Args:
            medium: whose groups.
            how: ``level`` and ``classic`` of :meth:`dataset`.

        Raises:
            ValueError: there is no such medium.

        Example:
            >>> [speaker for speaker, _ in load_collection("numbers").leave_out("speech")][:2]
            ['george', 'jackson']
        """
        if medium not in self.media:
            raise ValueError(f"{self.name} has no medium {medium!r}: {suggest(medium, self.media)}")
        names = np.unique(self.media[medium].group).tolist()
        for name, following in zip(names, names[1:] + names[:1], strict=True):
            part = {}
            for other, own in self.media.items():
                rest = 0 if other == medium else own.part.astype(int)
                part[other] = np.select([own.group == name, own.group == following], [2, 1], rest)
            yield name, self.dataset(part=part, **how)

    def card(self) -> dict[str, Any]:
        """Sources, licences, attributions and content ids of its parts."""
        return json.loads((FOLDER / f"{self.name}.json").read_text(encoding="utf-8"))


@cache
def load_collection(name: str) -> Collection:
    """A real collection of the package by name; read once.

    Args:
        name: ``"numbers"``: ten digits, in handwriting, pen movement, hand signs, speech and words.
            ``"things"``: pictures, drawings, texts, shapes and clips of things of the world.

    Raises:
        ValueError: there is no such collection.

    Example:
        >>> numbers = load_collection("numbers")
        >>> numbers.names["classes"]
        ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
    """
    if name not in COLLECTIONS:
        raise ValueError(f"no collection {name!r}: {suggest(name, COLLECTIONS)}")
    return read_collection(FOLDER / f"{name}.npz")


def read_collection(path: Path) -> Collection:
    """A collection from its file; the build scripts describe its keys.

    Raises:
        ValueError: the file is damaged or lacks something.
    """
    arrays = read_npz(path)
    try:
        levels = arrays["levels"].tolist()
        media = dict.fromkeys(key.split("/")[0] for key in arrays if key.endswith("/features"))
        return Collection(
            name=path.stem,
            media={medium: _medium(arrays, medium) for medium in media},
            names={level: tuple(arrays[f"{level}/names"].tolist()) for level in levels},
            above={level: arrays[f"{level}/parents"].astype(int) for level in levels[1:]},
            source=str(arrays["source"]),
        )
    except KeyError as error:
        raise ValueError(f"{str(path)!r} is no whole collection: it lacks {error}") from None


def _medium(arrays: Mapping[str, np.ndarray], medium: str) -> Medium:
    kinds = ("array", "values", "offsets")
    packed = {kind: arrays.get(f"{medium}/items/{kind}") for kind in kinds}
    fields = ("features", "labels", "part", "group", "title")
    own = {field: arrays[f"{medium}/{field}"] for field in fields}
    return Medium(
        items=unpack(**packed),
        classic=arrays.get(f"{medium}/classic", own["features"]),
        **own,
    )

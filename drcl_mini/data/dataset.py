"""A data set: splits, class names, raw items; from arrays, to and from a file without pickles."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from ..core.checks import suggest, warn
from ..core.classes import check_words, class_names, class_values
from ..core.files import read_npz, replacing, write_npz
from ..core.lazy import LazyTable
from ..core.tables import check_columns
from .items import MOST_NAMES, pack, unpack
from .split import Split, split_off


@dataclass(frozen=True, eq=False)
class MultimodalDataset:
    """Three splits of one data set, its class names, and where it comes from.

    Args:
        train: what the model learns from.
        validation: what choices are made on; ``None`` where a data set has none.
        test: touched once, for the report.
        name: the name that :func:`drcl_mini.load_dataset` takes; also that of its file.
        classes: C class names, in the order of the class indices.
        items: raw items of the test split for people to look at, by modality; may be empty.
        source: one line that says where the data come from.
        raw: raw items of the other splits, by split and modality; may be empty.
    """

    train: Split
    validation: Split | None
    test: Split
    name: str
    classes: tuple[str, ...]
    items: Mapping[str, Any] = field(default_factory=dict, repr=False)
    source: str = ""
    raw: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        readable = isinstance(self.name, str) and self.name.strip() and self.name.isprintable()
        if not readable or any(part in self.name for part in ("/", "\\", "..")):
            expected = "printable words without '/', '\\' or '..'"
            raise ValueError(f"name is {self.name!r}, expected {expected}")
        names = class_names(self.classes)
        object.__setattr__(self, "classes", names)
        widths = {modality: x.shape[1] for modality, x in self.train.features.items()}
        kind = {y.shape[1:] for y in self.train.labels.values()}
        for part, split in self.splits.items():
            if {y.shape[1:] for y in split.labels.values()} != kind:
                told = "differ in kind, or in number of columns, from those of train"
                raise ValueError(f"labels of {part} {told}")
            for name, x in split.features.items():
                if name not in widths:
                    raise ValueError(f"{part} has modality {name!r}: {suggest(name, widths)}")
                if x.shape[1] != widths[name]:
                    told = f"has {x.shape[1]} features, train has {widths[name]}"
                    raise ValueError(f"{part}: {name!r} {told}")
                columns = split.columns.get(name), self.train.columns.get(name)
                check_columns(*columns, name)
            if split.classes != names:
                named = _named(split, names, part)
                object.__setattr__(self, part, named)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in their order."""
        return self.train.modalities

    @property
    def splits(self) -> dict[str, Split]:
        """The splits by name, without a validation split that isn't there."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {part: split for part, split in parts.items() if split is not None}

    def items_of(self, part: str) -> Mapping[str, Any]:
        """Raw items of a split by modality, those of ``items`` for the test split; may be empty.

        Raises:
            ValueError: there is no such split.
        """
        if part not in self.splits:
            raise ValueError(f"no split {part!r}: {suggest(part, self.splits)}")
        return self.items if part == "test" else self.raw.get(part, {})

    @classmethod
    def from_arrays(
        cls,
        train: tuple[Mapping[str, Any], Mapping[str, Any]],
        test: tuple[Mapping[str, Any], Mapping[str, Any]],
        validation: tuple[Mapping[str, Any], Mapping[str, Any]] | float | None = None,
        *,
        name: str,
        classes: Sequence[str] | None = None,
        items: Mapping[str, Any] | None = None,
        source: str = "",
        raw: Mapping[str, Mapping[str, Any]] | None = None,
        seed: int = 0,
    ) -> "MultimodalDataset":
        """A data set of your own features: NumPy arrays, lists, pandas frames or torch tensors.

        Args:
            train: features by modality, and labels by modality, as :class:`Split` takes them.
            test: the same for the test split.
            validation: the same, or the share (0 to 1) of each class of train to split off.
            name: what to call it.
            classes: class names; numbers where there are none.
            items: raw items of the test split, by modality.
            source: one line that says where the data come from.
            raw: raw items of the other splits, by split and modality.
            seed: which samples a share splits off.

        Raises:
            ValueError: arrays that don't fit together, or a share that leaves nothing.

        Example:
            Features of 30 images and 20 texts, three classes:

            >>> import tempfile
            >>> noise, y, z = np.random.default_rng(0).normal, np.arange(30) % 3, np.arange(20) % 3
            >>> x = {"image": noise(size=(30, 8)), "text": noise(size=(20, 5))}
            >>> train = x, {"image": y, "text": z}
            >>> test = {"image": noise(size=(6, 8))}, {"image": y[:6]}
            >>> names = ["a", "b", "c"]
            >>> mine = MultimodalDataset.from_arrays(train, test, 0.2, name="mine", classes=names)
            >>> mine.train
            Split(image: 24 × 8, text: 16 × 5; 3 classes)

            In the data folder, ``load_dataset("mine")`` finds the file:

            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = mine.to_npz(f"{folder}/mine.npz")
            ...     back = MultimodalDataset.from_npz(path)
            >>> back.classes
            ('a', 'b', 'c')
        """
        held = None
        learn = _as_split(train, "train")
        if isinstance(validation, Real):
            learn, held = split_off(learn, validation, seed)
        elif validation is not None:
            held = _as_split(validation, "validation")
        report = _as_split(test, "test")
        if classes is None:
            check_words(learn.labels)
            parts = [split for split in (learn, held, report) if split]
            values, classes = _all_classes(parts)
            learn, report = learn.encoded(values, classes), report.encoded(values, classes)
            held = held and held.encoded(values, classes)
        return cls(learn, held, report, name, classes, items or {}, source, raw or {})

    def to_npz(self, path: str | os.PathLike) -> Path:
        """Write one .npz without pickles, compressed unless nearly empty; whole or not at all.

        Keys: ``<split>/<modality>/features``, ``<split>/<modality>/labels``,
        ``<split>/<modality>/columns`` of frames, ``name``, ``classes``, ``source``. Features that
        are read where they lie are refused: a data file is read whole, so it holds what fits into
        memory. Of ``items``: ``items/<modality>/array`` for arrays of numbers or words, and
        ``items/<modality>/values`` and ``/offsets`` for lists of 1-D arrays; of ``raw`` likewise,
        after ``raw/<split>/``. Other items are left out, with a warning.
        """
        facts = {"name": self.name, "classes": self.classes, "source": self.source}
        arrays = {key: np.array(value) for key, value in facts.items()}
        for part, split in self.splits.items():
            for modality, x in split.features.items():
                if isinstance(x, LazyTable):
                    told = f"{part}: features of {modality!r} are a {x}, a data file holds tables"
                    raise ValueError(f"{told} in memory: keep it where it is, or use Split.dense()")
                arrays[f"{part}/{modality}/features"] = x
                arrays[f"{part}/{modality}/labels"] = split.labels[modality]
                if modality in split.columns:
                    arrays[f"{part}/{modality}/columns"] = np.array(split.columns[modality])
        places = {f"items/{name}": items for name, items in self.items.items()}
        for part, kept in self.raw.items():
            places |= {f"raw/{part}/{name}": items for name, items in kept.items()}
        for place, items in places.items():
            packed = pack(items)
            if not packed:
                expected = "neither an array nor a list of 1-D arrays"
                warn(f"items of {place.split('/', 1)[1]!r} are not stored: {expected}")
            arrays |= {f"{place}/{kind}": array for kind, array in packed.items()}
        with replacing(path) as temporary:
            write_npz(temporary, arrays)
        return Path(path)

    @classmethod
    def from_npz(cls, path: str | os.PathLike) -> "MultimodalDataset":
        """Read what :meth:`to_npz` wrote.

        Raises:
            ValueError: the file is cut off, or is no such file.
            FileNotFoundError: there is none.
        """
        try:
            arrays = read_npz(path)
            parts: dict[str, dict[str, dict[str, np.ndarray]]] = {}
            for key, array in arrays.items():
                if key.count("/") >= 2:
                    part, rest = key.split("/", 1)
                    modality, kind = rest.rsplit("/", 1)
                    parts.setdefault(part, {}).setdefault(modality, {})[kind] = array
            if arrays["classes"].size > MOST_NAMES:
                named = arrays["classes"].size
                raise ValueError(f"it names {named} classes, more than {MOST_NAMES}")
            items = parts.pop("items", {})
            raw: dict[str, dict[str, Any]] = {}
            for place, packed in parts.pop("raw", {}).items():
                part, modality = place.split("/", 1)
                raw.setdefault(part, {})[modality] = unpack(**packed)
            splits = {part: _stored_split(stored) for part, stored in parts.items()}
            return cls(
                train=splits["train"],
                validation=splits.get("validation"),
                test=splits["test"],
                name=str(arrays["name"]),
                classes=tuple(map(str, arrays["classes"])),
                items={modality: unpack(**packed) for modality, packed in items.items()},
                source=str(arrays["source"]),
                raw=raw,
            )
        except (KeyError, ValueError, TypeError) as error:
            reason = f"it lacks {error}" if isinstance(error, KeyError) else error
            told = f"is no whole data file of drcl_mini (to_npz writes one): {reason}"
            raise ValueError(f"{os.fspath(path)!r} {told}") from None


def _stored_split(stored: Mapping[str, Mapping[str, np.ndarray]]) -> Split:
    features = {modality: arrays["features"] for modality, arrays in stored.items()}
    labels = {modality: arrays["labels"] for modality, arrays in stored.items()}
    columns = {name: own["columns"].tolist() for name, own in stored.items() if "columns" in own}
    return Split(features, labels, columns=columns)


def _all_classes(parts: Sequence[Split]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The classes of several splits, as their labels name them, and their names."""
    named = next((split for split in parts if split.classes), None)
    if named is not None:
        return named.values, named.names
    labels = {(i, m): y for i, split in enumerate(parts) for m, y in split.labels.items()}
    kinds = {f"{y.dtype}, {y.ndim}-d" for y in labels.values()}
    if len({(y.dtype.kind, y.ndim) for y in labels.values()}) > 1:
        raise ValueError(f"labels differ in kind between the splits: {sorted(kinds)}")
    values = class_values(labels)
    return values, tuple(map(str, values.tolist()))


def _as_split(given: Any, part: str) -> Split:
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        kind = type(given).__name__
        raise ValueError(f"{part} is {kind}, expected a pair (features, labels) of mappings")
    try:
        return Split(*given)
    except ValueError as error:
        raise ValueError(f"{part}: {error}") from None


def _named(split: Split, names: tuple[str, ...], part: str) -> Split:
    """The split with names for its classes, in their order."""
    try:
        if split.classes is not None:
            split = split.encoded(np.arange(len(names)), names)
        return Split(split.features, split.labels, names, split.columns)
    except ValueError as error:
        raise ValueError(f"{part}: {error}") from None

"""Data: named modalities, unpaired, each with features and labels of its own."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from .checks import check_features, check_labels, check_mapping, nearest, warn
from .files import read_npz, replacing


@dataclass(frozen=True, eq=False)
class Split:
    """Features and labels of several modalities that need not be paired: sizes may differ.

    Args:
        features: for each modality v, X_v of shape (n_v, d_v); kept as float32.
        labels: for each modality, class indices y_v (n_v,) or multi-hot rows Y_v (n_v, C); integers.

    Raises:
        ValueError: bad values, other lengths, or modalities that differ between the two.

    Example:
        >>> split = Split({"image": [[0.0, 1.0], [1.0, 0.0]], "text": [[1.0, 2.0, 3.0]]},
        ...               {"image": [0, 1], "text": [1]})
        >>> split
        Split(image: 2 × 2, text: 1 × 3; 2 classes)
    """

    features: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        features = check_mapping(self.features, "features")
        labels = check_mapping(self.labels, "labels")
        if set(features) != set(labels):
            odd = sorted(set(features) ^ set(labels))[0]
            raise ValueError(f"modality {odd!r} has features or labels, but not both")
        checked = {name: check_features(x, name) for name, x in features.items()}
        tidy = {name: check_labels(labels[name], name, len(x)) for name, x in checked.items()}
        widths = {y.shape[1:] for y in tidy.values()}
        if len(widths) > 1:
            shapes = ", ".join(f"{name} {y.shape}" for name, y in tidy.items())
            raise ValueError(f"labels differ in kind or in number of classes between modalities: {shapes}")
        object.__setattr__(self, "features", checked)
        object.__setattr__(self, "labels", tidy)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in their order."""
        return tuple(self.features)

    @property
    def n_classes(self) -> int:
        """Number of classes C: the width of multi-hot labels, or the largest class index plus one."""
        return max(y.shape[1] if y.ndim == 2 else int(y.max()) + 1 for y in self.labels.values())

    def only(self, *modalities: str) -> "Split":
        """The same split with just the named modalities.

        Example:
            >>> Split({"a": [[1.0]], "b": [[2.0]]}, {"a": [0], "b": [0]}).only("b").modalities
            ('b',)
        """
        for name in modalities:
            if name not in self.features:
                raise ValueError(f"unknown modality {name!r}: {nearest(name, self.features)}")
        return Split({m: self.features[m] for m in modalities}, {m: self.labels[m] for m in modalities})

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {x.shape[0]} × {x.shape[1]}" for name, x in self.features.items())
        return f"Split({sizes}; {self.n_classes} classes)"


@dataclass(frozen=True, eq=False)
class MultimodalDataset:
    """Three splits of one data set, its class names, and where it comes from.

    Args:
        train: what the model learns from.
        validation: what choices are made on; ``None`` where a data set has none.
        test: touched once, for the report.
        name: the name that :func:`drcl_mini.load_dataset` takes.
        classes: C class names, in the order of the class indices.
        items: raw items of the test split for people to look at, by modality; may be empty.
        source: one line that says where the data come from.
    """

    train: Split
    validation: Split | None
    test: Split
    name: str
    classes: tuple[str, ...]
    items: Mapping[str, Any] = field(default_factory=dict, repr=False)
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(map(str, self.classes)))
        kind = {y.shape[1:] for y in self.train.labels.values()}
        for part, split in self._splits():
            if {y.shape[1:] for y in split.labels.values()} != kind:
                raise ValueError(f"labels of {part} differ in kind, or in number of columns, from those of train")
            if split.n_classes > len(self.classes):
                raise ValueError(f"{part} has {split.n_classes} classes, but {len(self.classes)} are named")
            for modality, x in split.features.items():
                if modality not in self.train.features:
                    raise ValueError(f"{part} has modality {modality!r}: {nearest(modality, self.modalities)}")
                if x.shape[1] != self.train.features[modality].shape[1]:
                    wanted = self.train.features[modality].shape[1]
                    raise ValueError(f"{part}: {modality!r} has {x.shape[1]} features, train has {wanted}")

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in their order."""
        return self.train.modalities

    def _splits(self) -> list[tuple[str, Split]]:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return [(part, split) for part, split in parts.items() if split is not None]

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
        seed: int = 0,
    ) -> "MultimodalDataset":
        """A data set from a person's own features: NumPy arrays, lists, pandas frames or torch tensors.

        Args:
            train: features by modality, and labels by modality, as :class:`Split` takes them.
            test: the same for the test split.
            validation: the same, or a share between 0 and 1 to split off from train, class by class.
            name: what to call it.
            classes: class names; numbers where there are none.
            items: raw items of the test split, by modality.
            source: one line that says where the data come from.
            seed: which samples a share splits off.

        Raises:
            ValueError: arrays that don't fit together, or a share that leaves nothing.

        Example:
            Features of 30 images and 20 texts, three classes. Saved in the data folder, the set has a name:

            >>> noise, y, z = np.random.default_rng(0).normal, np.arange(30) % 3, np.arange(20) % 3
            >>> train = {"image": noise(size=(30, 8)), "text": noise(size=(20, 5))}, {"image": y, "text": z}
            >>> test = {"image": noise(size=(6, 8)), "text": noise(size=(4, 5))}, {"image": y[:6], "text": z[:4]}
            >>> mine = MultimodalDataset.from_arrays(train, test, validation=0.2, name="mine", classes="abc")
            >>> mine.train
            Split(image: 24 × 8, text: 16 × 5; 3 classes)
            >>> getfixture("monkeypatch").setenv("DRCL_MINI_DATA", str(getfixture("tmp_path")))
            >>> from drcl_mini import load_dataset
            >>> from drcl_mini.files import data_folder
            >>> path = mine.to_npz(data_folder() / "mine.npz")
            >>> load_dataset("mine").classes
            ('a', 'b', 'c')
        """
        learn, report, check = _as_split(train, "train"), _as_split(test, "test"), None
        if isinstance(validation, (int, float)):
            learn, check = _split_off(learn, validation, seed)
        elif validation is not None:
            check = _as_split(validation, "validation")
        number = max(split.n_classes for split in (learn, check, report) if split is not None)
        return cls(learn, check, report, name, tuple(classes or range(number)), items or {}, source)

    def to_npz(self, path: str | os.PathLike) -> Path:
        """Write one compressed .npz without pickles; whole or not at all.

        Keys: ``<split>/<modality>/features``, ``<split>/<modality>/labels``, ``name``, ``classes``, ``source``;
        and of ``items``, where they are arrays of numbers or words, ``items/<modality>/array``, or where they
        are 1-D arrays of different length, ``items/<modality>/values`` and ``/offsets``. Other items are left
        out, with a warning.
        """
        arrays = {"name": np.array(self.name), "classes": np.array(self.classes), "source": np.array(self.source)}
        for part, split in self._splits():
            for modality in split.modalities:
                arrays[f"{part}/{modality}/features"] = split.features[modality]
                arrays[f"{part}/{modality}/labels"] = split.labels[modality]
        for modality, items in self.items.items():
            packed = _pack(items)
            if not packed:
                warn(f"items of {modality!r} are not stored: neither an array nor a list of 1-D arrays")
            arrays |= {f"items/{modality}/{kind}": array for kind, array in packed.items()}
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)
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
            parts: dict[str, tuple[dict, dict]] = {}
            packed: dict[str, dict[str, np.ndarray]] = {}
            for key, array in arrays.items():
                if key.count("/") >= 2:
                    part, rest = key.split("/", 1)
                    modality, kind = rest.rsplit("/", 1)
                    if part == "items":
                        packed.setdefault(modality, {})[kind] = array
                        continue
                    features, labels = parts.setdefault(part, ({}, {}))
                    (features if kind == "features" else labels)[modality] = array
            splits = {part: Split(*pair) for part, pair in parts.items()}
            return cls(
                train=splits["train"],
                validation=splits.get("validation"),
                test=splits["test"],
                name=str(arrays["name"]),
                classes=tuple(map(str, arrays["classes"])),
                items={modality: _unpack(**kinds) for modality, kinds in packed.items()},
                source=str(arrays["source"]),
            )
        except KeyError as error:
            raise ValueError(f"{os.fspath(path)!r} is no whole data file of drcl_mini: it lacks {error}") from None
        except (ValueError, TypeError) as error:
            raise ValueError(f"{os.fspath(path)!r} is no whole data file of drcl_mini: {error}") from None


def _as_split(given: Any, part: str) -> Split:
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ValueError(f"{part} is {type(given).__name__}, expected a pair (features, labels) of mappings")
    try:
        return Split(*given)
    except ValueError as error:
        raise ValueError(f"{part}: {error}") from None


def _split_off(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Two splits of one, the second with that share of every class, up to rounding."""
    if not 0 < share < 1:
        raise ValueError(f"validation is {share}, expected a share between 0 and 1, or features and labels")
    halves: list[tuple[dict, dict]] = [({}, {}), ({}, {})]
    for modality, x in split.features.items():
        y = split.labels[modality]
        order = np.random.default_rng(seed).permutation(len(x))
        by_class = order[np.argsort((y if y.ndim == 1 else y.argmax(axis=1))[order], kind="stable")]
        taken = np.diff(np.floor(share * np.arange(len(x) + 1) + 1e-9)) > 0  # evenly spread over the sorted classes
        if not taken.any():
            raise ValueError(f"validation: a share of {share} of {len(x)} samples of {modality!r} leaves none")
        for half, chosen in zip(halves, (by_class[~taken], by_class[taken]), strict=True):
            rows = np.sort(chosen)
            half[0][modality], half[1][modality] = x[rows], y[rows]
    return Split(*halves[0]), Split(*halves[1])


def _pack(items: Any) -> dict[str, np.ndarray]:
    """Items as arrays that need no pickle; empty if they can't be."""
    if isinstance(items, np.ndarray) and items.dtype.kind in "fiubU":
        return {"array": items}
    if not isinstance(items, Sequence) or not items:
        return {}
    if all(isinstance(item, str) for item in items):
        return {"array": np.array(items)}
    plain = [item for item in items if isinstance(item, np.ndarray) and item.ndim == 1 and item.dtype.kind in "fiub"]
    if len(plain) < len(items) or len({item.dtype for item in plain}) > 1:
        return {}
    return {"values": np.concatenate(plain), "offsets": np.cumsum([0, *map(len, plain)])}


def _unpack(array: np.ndarray | None = None, values: Any = None, offsets: Any = None) -> Any:
    """What :func:`_pack` was given."""
    if array is not None:
        return array
    if values is None or offsets is None or offsets.ndim != 1 or offsets.dtype.kind != "i" or values.ndim != 1:
        raise ValueError("items have no values or no offsets")
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(values) or (np.diff(offsets) < 0).any():
        raise ValueError("offsets of items don't fit their values")
    return [values[start:stop] for start, stop in pairwise(offsets.tolist())]

"""Data: named modalities, unpaired, each with features and labels of its own."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .checks import check_features, check_labels, check_mapping, nearest
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

    def to_npz(self, path: str | os.PathLike) -> Path:
        """Write everything but ``items`` to one compressed .npz without pickles; whole or not at all.

        Keys: ``<split>/<modality>/features``, ``<split>/<modality>/labels``, ``name``, ``classes``, ``source``.
        """
        arrays = {"name": np.array(self.name), "classes": np.array(self.classes), "source": np.array(self.source)}
        for part, split in self._splits():
            for modality in split.modalities:
                arrays[f"{part}/{modality}/features"] = split.features[modality]
                arrays[f"{part}/{modality}/labels"] = split.labels[modality]
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
            for key, array in arrays.items():
                if key.count("/") >= 2:
                    part, rest = key.split("/", 1)
                    modality, kind = rest.rsplit("/", 1)
                    features, labels = parts.setdefault(part, ({}, {}))
                    (features if kind == "features" else labels)[modality] = array
            splits = {part: Split(*pair) for part, pair in parts.items()}
            return cls(
                train=splits["train"],
                validation=splits.get("validation"),
                test=splits["test"],
                name=str(arrays["name"]),
                classes=tuple(map(str, arrays["classes"])),
                source=str(arrays["source"]),
            )
        except KeyError as error:
            raise ValueError(f"{os.fspath(path)!r} is no whole data file of drcl_mini: it lacks {error}") from None
        except ValueError as error:
            raise ValueError(f"{os.fspath(path)!r} is no whole data file of drcl_mini: {error}") from None

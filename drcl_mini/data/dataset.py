"""A data set: three splits, class names, raw items; from arrays, to and from one file without pickles."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from ..core.checks import nearest, warn
from ..core.files import read_npz, replacing, write_npz
from .items import MOST_NAMES, pack, unpack
from .split import Split, split_off


@dataclass(frozen=True, eq=False)
class MultimodalDataset:
    """Three splits of one data set, its class names, and where it comes from.

    Args:
        train: what the model learns from.
        validation: what choices are made on; ``None`` where a data set has none.
        test: touched once, for the report.
        name: the name that :func:`drcl_mini.load_dataset` takes; one that can be a file's.
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
        words = isinstance(self.name, str) and self.name.strip() and self.name.isprintable()
        if not words or any(part in self.name for part in ("/", "\\", "..")):
            raise ValueError(
                f"name is {self.name!r}, expected printable words without '/', '\\' or '..'"
            )
        object.__setattr__(self, "classes", tuple(map(str, self.classes)))
        kind = {y.shape[1:] for y in self.train.labels.values()}
        for part, split in self._splits():
            if {y.shape[1:] for y in split.labels.values()} != kind:
                raise ValueError(
                    f"labels of {part} differ in kind, or in number of columns, from those of train"
                )
            if split.n_classes > len(self.classes):
                raise ValueError(
                    f"{part} has {split.n_classes} classes, but {len(self.classes)} are named"
                )
            for modality, x in split.features.items():
                if modality not in self.train.features:
                    raise ValueError(
                        f"{part} has modality {modality!r}: {nearest(modality, self.modalities)}"
                    )
                if x.shape[1] != self.train.features[modality].shape[1]:
                    wanted = self.train.features[modality].shape[1]
                    raise ValueError(
                        f"{part}: {modality!r} has {x.shape[1]} features, train has {wanted}"
                    )

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
            Features of 30 images and 20 texts, three classes:

            >>> import tempfile
            >>> noise, y, z = np.random.default_rng(0).normal, np.arange(30) % 3, np.arange(20) % 3
            >>> train = {"image": noise(size=(30, 8)), "text": noise(size=(20, 5))}, {"image": y, "text": z}
            >>> test = {"image": noise(size=(6, 8)), "text": noise(size=(4, 5))}, {"image": y[:6], "text": z[:4]}
            >>> mine = MultimodalDataset.from_arrays(train, test, validation=0.2, name="mine", classes="abc")
            >>> mine.train
            Split(image: 24 × 8, text: 16 × 5; 3 classes)
            >>> with tempfile.TemporaryDirectory() as folder:  # in the data folder, load_dataset("mine") finds it
            ...     path = mine.to_npz(f"{folder}/mine.npz")
            ...     back = MultimodalDataset.from_npz(path)
            >>> back.classes
            ('a', 'b', 'c')
        """
        learn, report, check = _as_split(train, "train"), _as_split(test, "test"), None
        if isinstance(validation, Real):
            learn, check = split_off(learn, validation, seed)
        elif validation is not None:
            check = _as_split(validation, "validation")
        number = max(split.n_classes for split in (learn, check, report) if split is not None)
        return cls(
            learn,
            check,
            report,
            name,
            tuple(range(number) if classes is None else classes),
            items or {},
            source,
        )

    def to_npz(self, path: str | os.PathLike) -> Path:
        """Write one .npz without pickles, compressed unless it is nearly empty; whole or not at all.

        Keys: ``<split>/<modality>/features``, ``<split>/<modality>/labels``, ``name``, ``classes``, ``source``;
        and of ``items``, where they are arrays of numbers or words, ``items/<modality>/array``, or where they
        are 1-D arrays of different length, ``items/<modality>/values`` and ``/offsets``. Other items are left
        out, with a warning.
        """
        arrays = {
            "name": np.array(self.name),
            "classes": np.array(self.classes),
            "source": np.array(self.source),
        }
        for part, split in self._splits():
            for modality in split.modalities:
                arrays[f"{part}/{modality}/features"] = split.features[modality]
                arrays[f"{part}/{modality}/labels"] = split.labels[modality]
        for modality, items in self.items.items():
            packed = pack(items)
            if not packed:
                warn(
                    f"items of {modality!r} are not stored: neither an array nor a list of 1-D arrays"
                )
            arrays |= {f"items/{modality}/{kind}": array for kind, array in packed.items()}
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
            if arrays["classes"].size > MOST_NAMES:
                raise ValueError(
                    f"it names {arrays['classes'].size} classes, more than {MOST_NAMES}"
                )
            splits = {part: Split(*pair) for part, pair in parts.items()}
            return cls(
                train=splits["train"],
                validation=splits.get("validation"),
                test=splits["test"],
                name=str(arrays["name"]),
                classes=tuple(map(str, arrays["classes"])),
                items={modality: unpack(**kinds) for modality, kinds in packed.items()},
                source=str(arrays["source"]),
            )
        except KeyError as error:
            raise ValueError(
                f"{os.fspath(path)!r} is no whole data file of drcl_mini: it lacks {error}"
            ) from None
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"{os.fspath(path)!r} is no whole data file of drcl_mini: {error}"
            ) from None


def _as_split(given: Any, part: str) -> Split:
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ValueError(
            f"{part} is {type(given).__name__}, expected a pair (features, labels) of mappings"
        )
    try:
        return Split(*given)
    except ValueError as error:
        raise ValueError(f"{part}: {error}") from None

"""What every compared method has in common: settings, ``fit``, ``transform``, ``evaluate``."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.special import softmax

from ..core.checks import suggest, to_builtin
from ..core.lazy import LazyTable, as_features
from ..core.tables import check_columns
from ..data.split import Split, features_of
from ..retrieval.evaluation import Evaluation, evaluate
from ..training import settings
from ..training.preflight import prepare
from ..training.settings import SIZE, WEIGHT, is_integer, is_number
from ..training.space import Space
from .pairing import check_pairs

DEEP = ("hidden", "dim", "standardise", "batch_size", "epochs", "patience", "label_noise")
DEEP += ("learning_rate", "weight_decay", "prior_epochs", "prior_learning_rate", "q_rate")
"""Settings of the deep methods that may be what they may be in DRCL."""

RULES = {
    **{name: settings.RULES[name] for name in ("seed", "device", *DEEP)},
    "variance": (lambda v: v is None or is_number(v, 1e-9, 1), "None or a share in (0, 1]"),
    "components": (lambda v: v is None or is_integer(v, 1), "None or an integer of at least 1"),
    "iterations": SIZE,
    "C": (lambda v: is_number(v, 1e-12), "a positive number"),
}
"""For each setting: whether a value is allowed, and in words what is. Others are weights."""


@dataclass(eq=False)
class Baseline(ABC):
    """A method that DRCL is compared with. Each is a dataclass; its fields are its settings.

    Args:
        seed: all randomness.
        device: where to compute, for methods that train networks.
    """

    title: ClassVar[str]
    """Its name in tables."""
    needs_pairs: ClassVar[bool] = False
    """Whether row i of each modality must show the same thing."""
    needs_single_label: ClassVar[bool] = False
    """Whether each item must have exactly one class."""
    space: ClassVar[Space] = {}
    """What a search may choose on validation data."""

    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        for field in fields(self):
            name = field.name
            value = getattr(self, name)
            allowed, expected = RULES.get(name, WEIGHT)
            if (name in RULES or field.type is float) and not allowed(to_builtin(value)):
                told = f"{self.title}: setting {name!r} is {value!r}"
                raise ValueError(f"{told}, expected {expected}")

    def fit(self, train: Split, validation: Split | None = None) -> "Baseline":
        """Learn from a training split.

        Raises:
            ValueError: modalities, labels or pairs that the method can't use; says what to do.
        """
        data = prepare(train, validation)
        train = data.train.dense()
        validation = data.validation and data.validation.dense()
        if len(train.modalities) < 2:
            given = f"the split has {train.modalities}"
            raise ValueError(f"{self.title} needs at least two modalities, {given}")
        if self.needs_single_label and any(y.ndim == 2 for y in train.labels.values()):
            raise ValueError(f"{self.title} needs one class an item, the labels are multi-hot")
        if self.needs_pairs:
            check_pairs(train, self.title)
        before = dict(vars(self))
        self.n_classes_ = data.classes
        self.columns_ = dict(train.columns)
        self.widths_ = {name: x.shape[1] for name, x in train.features.items()}
        try:
            with torch.inference_mode(False), torch.enable_grad():
                self._learn(train, validation)
        except BaseException:
            self.__dict__ = before  # half learned is not fitted
            raise
        return self

    def transform(self, data: Split | Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Embeddings of each modality in the common space: float32 unit rows (n, D)."""
        if not hasattr(self, "widths_"):
            raise ValueError(f"this {self.title} has not been fitted: call fit first")
        features, columns = features_of(data)
        embeddings = {}
        for name, x in features.items():
            if name not in self.widths_:
                known = suggest(name, self.widths_)
                raise ValueError(f"{self.title} knows no modality {name!r}: {known}")
            check_columns(columns.get(name), self.columns_.get(name), name)
            x = as_features(x, name, self.widths_[name])
            x = x[:] if isinstance(x, LazyTable) else x
            rows = np.asarray(self._embed(name, x), dtype=np.float64)
            lengths = np.linalg.norm(rows, axis=1, keepdims=True)
            embeddings[name] = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return embeddings

    def posteriors(self, rows: Mapping[str, np.ndarray]) -> dict[str, np.ndarray] | None:
        """Class probabilities (n, C) by modality, of rows that :meth:`transform` gave.

        ``None`` for a method that has none beside what it compares items by.
        """
        logits = {name: self._class_logits(name, np.asarray(x)) for name, x in rows.items()}
        if any(z is None for z in logits.values()):
            return None
        return {name: softmax(z, axis=1) for name, z in logits.items()}

    def evaluate(self, split: Split, k: Sequence[int | None] = (None, 50)) -> Evaluation:
        """mAP of every ordered pair of modalities; see :func:`drcl_mini.evaluate`."""
        return evaluate(self, split, k)

    @abstractmethod
    def _learn(self, train: Split, validation: Split | None) -> None:
        """Learn whatever :meth:`_embed` needs."""

    def _class_logits(self, name: str, rows: np.ndarray) -> np.ndarray | None:
        """Class logits (n, C) of unit rows (n, D), for methods that have both."""
        return None

    @abstractmethod
    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        """Features of one modality (n, d), float32 → rows (n, D) of any length."""

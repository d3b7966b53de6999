"""What every compared method has in common: settings, ``fit``, ``transform``, ``evaluate``, and its checks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..core.checks import check_features, check_mapping, nearest
from ..data.split import Split
from ..retrieval.evaluation import Evaluation, evaluate
from ..training.preflight import check_against, check_splits
from .pairing import check_pairs


@dataclass(eq=False)
class Baseline(ABC):
    """A method that DRCL is compared with. Subclasses are dataclasses: their fields are their settings.

    Args:
        seed: all randomness.
        device: where to compute, for methods that train networks.
    """

    title: ClassVar[str]
    """Its name in tables."""
    needs_pairs: ClassVar[bool] = False
    """Whether row i of each modality must show the same thing."""
    two_only: ClassVar[bool] = False
    """Whether it is defined for two modalities only."""
    needs_single_label: ClassVar[bool] = False
    """Whether each item must have exactly one class."""

    seed: int = 0
    device: str = "auto"

    def fit(self, train: Split, validation: Split | None = None) -> "Baseline":
        """Learn from a training split.

        Raises:
            ValueError: modalities, labels or pairs that the method can't work with; says what to do.
        """
        check_splits(train, validation)
        check_against(train, validation, train.n_classes, set(range(train.n_classes)))
        if len(train.modalities) < 2 or (self.two_only and len(train.modalities) > 2):
            wanted = "two modalities" if self.two_only else "at least two modalities"
            raise ValueError(
                f"{self.title} needs {wanted}, the split has {train.modalities}: use split.only(…)"
            )
        if self.needs_single_label and any(y.ndim == 2 for y in train.labels.values()):
            raise ValueError(f"{self.title} needs one class an item, the labels are multi-hot")
        if self.needs_pairs:
            check_pairs(train, self.title)
        self.n_classes_ = train.n_classes
        self.widths_ = {name: x.shape[1] for name, x in train.features.items()}
        try:
            self._learn(train, validation)
        except BaseException:
            del self.widths_  # half learned is not fitted
            raise
        return self

    def transform(self, data: Split | Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Embeddings of each modality in the common space: float32 unit rows (n, D)."""
        if not hasattr(self, "widths_"):
            raise ValueError(f"this {self.title} has not been fitted: call fit first")
        features = data.features if isinstance(data, Split) else check_mapping(data, "features")
        embeddings = {}
        for name, x in features.items():
            if name not in self.widths_:
                raise ValueError(
                    f"{self.title} knows no modality {name!r}: {nearest(name, self.widths_)}"
                )
            rows = np.asarray(
                self._embed(name, check_features(x, name, self.widths_[name])), dtype=np.float64
            )
            lengths = np.linalg.norm(rows, axis=1, keepdims=True)
            embeddings[name] = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return embeddings

    def evaluate(self, split: Split, k: Sequence[int | None] = (None, 50)) -> Evaluation:
        """mAP of every ordered pair of modalities; see :func:`drcl_mini.evaluate`."""
        return evaluate(self, split, k)

    @abstractmethod
    def _learn(self, train: Split, validation: Split | None) -> None:
        """Learn whatever :meth:`_embed` needs."""

    @abstractmethod
    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        """Features of one modality (n, d), float32 → rows (n, D) of any length."""

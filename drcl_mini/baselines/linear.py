"""What the linear methods share: standardised features, PCA, the generalised eigenproblem."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, block_diag, eigh

from ..data.split import Split
from ..training.space import Choice, Space
from .base import Baseline

Views = Mapping[str, np.ndarray]
"""By modality: prepared features X_v (n_v, p_v), each column with mean 0."""

Matrices = tuple[np.ndarray, np.ndarray]
"""A and B of a generalised eigenproblem A w = λ B w."""

REDUCED: Space = {"variance": Choice(0.99, 0.9, 0.95, None)}
"""What every method after a PCA may choose: the share of the variance that it keeps."""


class Preparation(NamedTuple):
    """Standardise, then project on the principal components: (x − mean) / scale @ rotation."""

    mean: np.ndarray
    """(d,)."""
    scale: np.ndarray
    """(d,), standard deviations; 1 for a constant feature."""
    rotation: np.ndarray | None
    """(d, p), orthonormal columns; ``None`` leaves the features as they are."""

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Features (n, d) → float64 (n, p), or (n, d) without a rotation."""
        z = (x - self.mean) / self.scale
        return z if self.rotation is None else z @ self.rotation


def prepare(x: np.ndarray, variance: float | None, name: str) -> Preparation:
    """Learn a preparation from training features (n, d).

    Args:
        x: features.
        variance: share of the variance that the principal components keep; ``None``: no PCA.
        name: of the modality, for the error.

    Raises:
        ValueError: every feature is constant.

    Example:
        >>> x = np.array([[0.0, 0.0, 5], [1, 2, 5], [2, 4, 5]])  # a twin and a constant
        >>> prepare(x, 1.0, "toy").apply(x).shape
        (3, 1)
    """
    x = x.astype(np.float64)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    still = scale <= 1e-7 * np.abs(mean)  # float32 features: what is left is rounding
    if still.all():
        told = f"all {x.shape[1]} features are constant: there is nothing to learn from"
        raise ValueError(f"modality {name!r}: {told}")
    scale[still] = 1
    z = (x - mean) / scale
    if variance is None:
        return Preparation(mean, scale, None)
    wide = z.shape[1] > z.shape[0]  # the smaller of the two Gram matrices has all that is needed
    gram = z @ z.T if wide else z.T @ z
    values, vectors = (np.flip(part, axis=-1) for part in eigh(gram))  # the greatest first
    share = np.cumsum(values) / values.sum()
    kept = min(np.searchsorted(share, variance - 1e-12) + 1, (values > 1e-10 * values[0]).sum())
    rotation = vectors[:, :kept]
    if wide:
        rotation = z.T @ rotation / np.sqrt(values[:kept])
    return Preparation(mean, scale, rotation)


def ridged(matrix: np.ndarray, regularisation: float) -> np.ndarray:
    """B + r · (trace B / d) · I: a ridge in units of B's mean eigenvalue, whatever the data."""
    return matrix + regularisation * np.trace(matrix) / len(matrix) * np.eye(len(matrix))


def solve(a: np.ndarray, b: np.ndarray, components: int, views: Views) -> dict[str, np.ndarray]:
    """The generalised eigenproblem A w = λ B w, w cut into one piece for each view.

    Args:
        a: (d, d), symmetric, d = d_1 + … + d_V.
        b: (d, d), symmetric, positive definite.
        components: how many eigenvectors, those of the greatest λ, at most. Those with λ ≤ 0 are
            left out: along them the modalities disagree, or nothing varies.
        views: prepared features (n_v, d_v), for their names and widths.

    Returns:
        By name, (d_v, components).

    Raises:
        ValueError: B is not positive definite.

    Example:
        >>> views = {"a": np.ones((5, 1)), "b": np.ones((5, 1))}
        >>> solve(np.diag([1.0, 3.0]), np.eye(2), 1, views)["b"].round().tolist()
        [[1.0]]
    """
    count = min(components, len(a))
    try:
        values, vectors = eigh(a, b, subset_by_index=[len(a) - count, len(a) - 1])
    except LinAlgError:
        advice = "use a greater regularisation, or a lesser variance"
        raise ValueError(f"the scatter matrix is singular: {advice}") from None
    useful = max((values > 1e-9 * abs(values[-1])).sum(), 1)
    ends = np.cumsum([x.shape[1] for x in views.values()])[:-1]
    return dict(zip(views, np.split(vectors[:, ::-1][:, :useful], ends), strict=True))


def between_views(views: Views) -> np.ndarray:
    """The covariances of paired, centred views: blocks X_vᵀ X_u / n for v ≠ u, else 0."""
    joint = np.hstack(list(views.values()))
    return joint.T @ joint / len(joint) - block_diag(*(x.T @ x / len(x) for x in views.values()))


def class_sums(x: np.ndarray, y: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum of the items of each class, (C, p), and how many they are, (C, 1)."""
    one_hot = np.eye(classes)[y]
    return one_hot.T @ x, one_hot.sum(axis=0)[:, None]


@dataclass(eq=False)
class Linear(Baseline):
    """A method with one matrix for each modality: z = W_vᵀ x of prepared features x.

    Args:
        variance: share of the variance that PCA keeps before the method; ``None``: no PCA.
    """

    variance: float | None = 0.99

    def prepared(self, train: Split) -> dict[str, np.ndarray]:
        """Learn how to prepare features, and do so: {modality: X_v}, float64 (n_v, p_v)."""
        self.preparations_ = {v: prepare(x, self.variance, v) for v, x in train.features.items()}
        return {v: self.preparations_[v].apply(x) for v, x in train.features.items()}

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        return self.preparations_[name].apply(x) @ self.weights_[name]


@dataclass(eq=False)
class Eigen(Linear):
    """A linear method whose W are eigenvectors, A w = λ B w, cut into one W_v for each modality.

    Args:
        components: D, at most; ``None``: C − 1 where classes link the modalities, else the smallest
            p_v.
    """

    components: int | None = None

    @abstractmethod
    def matrices(self, views: Views, labels: Views) -> Matrices:
        """A and B, both (p, p), p = Σ p_v."""

    def _learn(self, train: Split, validation: Split | None) -> None:
        views = self.prepared(train)
        most = min(x.shape[1] for x in views.values())
        if self.needs_single_label:
            most = self.n_classes_ - 1
        A, B = self.matrices(views, train.labels)
        self.weights_ = solve(A, B, self.components or most, views)

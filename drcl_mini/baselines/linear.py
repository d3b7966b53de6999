"""What the linear methods share: features standardised and rotated by PCA, and the generalised eigenproblem."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from scipy.linalg import LinAlgError, block_diag, eigh

from ..data.split import Split
from .base import Baseline

Views = Mapping[str, np.ndarray]

RULES: Mapping[str, tuple[type, float, float, str]] = {
    "variance": (Real, 1e-9, 1, "a share above 0 and at most 1, or None"),
    "components": (Integral, 1, sys.maxsize, "a whole number of at least 1, or None"),
    "iterations": (Integral, 1, sys.maxsize, "a whole number of at least 1"),
    "C": (Real, 1e-12, sys.float_info.max, "a number above 0"),
}
"""Kind, least and greatest value of the settings that aren't simply numbers of at least 0, and how to say so."""


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
        >>> x = np.array([[0.0, 0.0, 5.0], [1.0, 2.0, 5.0], [2.0, 4.0, 5.0]])  # a twin and a constant
        >>> prepare(x, 1.0, "toy").apply(x).shape
        (3, 1)
    """
    x = x.astype(np.float64)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    still = scale <= 1e-7 * np.abs(mean)  # float32 features: what is left is rounding
    if still.all():
        raise ValueError(
            f"modality {name!r}: all {x.shape[1]} features are constant: there is nothing to learn from"
        )
    z = (x - mean) / np.where(still, 1, scale)
    if variance is None:
        return Preparation(mean, np.where(still, 1, scale), None)
    wide = z.shape[1] > z.shape[0]  # the smaller of the two Gram matrices has all that is needed
    values, vectors = eigh(z @ z.T if wide else z.T @ z)
    values, vectors = values[::-1], vectors[:, ::-1]
    share = np.cumsum(values) / values.sum()
    kept = min(np.searchsorted(share, variance - 1e-12) + 1, (values > 1e-10 * values[0]).sum())
    rotation = z.T @ vectors[:, :kept] / np.sqrt(values[:kept]) if wide else vectors[:, :kept]
    return Preparation(mean, np.where(still, 1, scale), rotation)


def ridged(matrix: np.ndarray, regularisation: float) -> np.ndarray:
    """B + r · (trace B / d) · I: the ridge is in units of B's mean eigenvalue, so it means the same for any data."""
    return matrix + regularisation * np.trace(matrix) / len(matrix) * np.eye(len(matrix))


def solve(a: np.ndarray, b: np.ndarray, components: int, views: Views) -> dict[str, np.ndarray]:
    """The generalised eigenproblem A w = λ B w, w cut into one piece for each view.

    Args:
        a: (d, d), symmetric, d = d_1 + … + d_V.
        b: (d, d), symmetric, positive definite.
        components: how many eigenvectors, those of the greatest λ, at most. Those with λ ≤ 0 are left out: along
            them the modalities disagree, or nothing varies.
        views: prepared features (n_v, d_v), for their names and widths.

    Returns:
        By name, (d_v, components).

    Raises:
        ValueError: B is not positive definite.

    Example:
        >>> solve(np.diag([1.0, 3.0]), np.eye(2), 1, {"a": np.ones((5, 1)), "b": np.ones((5, 1))})["b"].round().tolist()
        [[1.0]]
    """
    count = min(components, len(a))
    try:
        values, vectors = eigh(a, b, subset_by_index=[len(a) - count, len(a) - 1])
    except LinAlgError:
        raise ValueError(
            "the scatter matrix is singular: use a greater regularisation, or a lesser variance"
        ) from None
    useful = max((values > 1e-9 * abs(values[-1])).sum(), 1)
    ends = np.cumsum([x.shape[1] for x in views.values()])[:-1]
    return dict(zip(views, np.split(vectors[:, ::-1][:, :useful], ends), strict=True))


def between_views(views: Views) -> np.ndarray:
    """The covariance of paired, centred views with itself, less its diagonal blocks: X_vᵀ X_u / n for v ≠ u."""
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

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            kind, least, most, wanted = RULES.get(
                name, (Real, 0, sys.float_info.max, "a number of at least 0")
            )
            if name in ("seed", "device") or (value is None and "None" in str(field.type)):
                continue
            if not isinstance(value, kind) or isinstance(value, bool) or not least <= value <= most:
                raise ValueError(f"{self.title}: setting {name!r} is {value!r}, expected {wanted}")

    def _prepare(self, train: Split) -> dict[str, np.ndarray]:
        """Learn the preparations, and apply them: {modality: float64 (n_v, p_v)}, each column with mean 0."""
        self.preparations_ = {
            name: prepare(x, self.variance, name) for name, x in train.features.items()
        }
        return {name: self.preparations_[name].apply(x) for name, x in train.features.items()}

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        return self.preparations_[name].apply(x) @ self.weights_[name]

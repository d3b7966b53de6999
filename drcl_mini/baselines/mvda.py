"""MvDA: one discriminant analysis over all modalities, and MvDA-VC, with consistency between paired views."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import block_diag

from ..data.split import Split
from .linear import Linear, Views, class_sums, ridged, solve


@dataclass(eq=False)
class MvDA(Linear):
    r"""Multi-view discriminant analysis: projections that make one linear discriminant analysis of all modalities.

    .. math:: \max_W \frac{\operatorname{tr} W^\top S^b W}{\operatorname{tr} W^\top S^w W}, \qquad
        S^b = \sum_c n_c m_c m_c^\top, \qquad S^w = \sum_v \sum_{x \in v} \tilde x \tilde x^\top - S^b

    Seen as rows that are zero but for their own modality's columns, the items :math:`\tilde x` of all modalities form
    one table of width p = Σ p_v, and MvDA is LDA on it: :math:`m_c` (p,) is the mean of all :math:`n_c` items of class
    c, of whatever modality, so scatter within a class counts between modalities too. The overall mean is 0, as each
    modality's is. Classes are what links the modalities: **no pairs** needed, any number of modalities.

    Args:
        components: D, at most; ``None``: C − 1.
        regularisation: ridge on S^w, in units of its mean eigenvalue.

    Source: Kan, Shan, Zhang, Lao and Chen, "Multi-View Discriminant Analysis", ECCV 2012, and under the same title IEEE
    Transactions on Pattern Analysis and Machine Intelligence 38(1), 2016.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = MvDA().fit(data.train)
        >>> model.transform(data.test)["top"].shape, model.evaluate(data.test).mean() > 0.5
        ((250, 9), True)
    """

    title: ClassVar[str] = "MvDA"
    needs_single_label: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {"variance": [0.95, 0.99], "regularisation": [0.1, 1.0, 10.0]}

    components: int | None = None
    regularisation: float = 0.1

    def _learn(self, train: Split, validation: Split | None) -> None:
        views = self._prepare(train)
        sums, counts = zip(
            *(class_sums(x, train.labels[m], self.n_classes_) for m, x in views.items()),
            strict=True,
        )
        joint = np.hstack(sums)
        between = (joint / np.sum(counts, axis=0).clip(min=1)).T @ joint
        within = self._within(block_diag(*(x.T @ x for x in views.values())) - between, views)
        count = self.components or self.n_classes_ - 1
        self.weights_ = solve(between, ridged(within, self.regularisation), count, views)

    def _within(self, scatter: np.ndarray, views: Views) -> np.ndarray:
        return scatter


@dataclass(eq=False)
class MvDAVC(MvDA):
    r"""MvDA with view consistency: paired views of an item should have an equal say in the projections.

    A projection can be written as a sum of its training items, :math:`W_v = X_v^\top \beta_v`, :math:`\beta_v` (n, D).
    If the views show the same things in the same way, so should the betas; S^w gains a penalty:

    .. math:: \lambda \frac{\operatorname{tr} S^w}{\operatorname{tr} M} M, \quad
        \operatorname{tr} W^\top M W = \sum_{v < u} \lVert \beta_v - \beta_u \rVert^2, \quad
        \beta_v = (X_v X_v^\top)^{-1} X_v W_v = X_v (X_v^\top X_v)^{-1} W_v

    Row i of every β is the same item, so unlike MvDA it **needs pairs**. The inverse is of p_v × p_v matrices, with
    the ridge of the authors' code, 1e-4 of the trace; so is the ratio of traces, which makes λ free of scale.

    Args:
        consistency: λ.

    Source: Kan, Shan, Zhang, Lao and Chen, "Multi-View Discriminant Analysis", IEEE Transactions on Pattern Analysis
    and Machine Intelligence 38(1), 2016.

    Example:
        >>> import drcl_mini
        >>> from drcl_mini.baselines import class_pairs
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> MvDAVC().fit(class_pairs(data.train)).transform(data.test)["top"].shape
        (250, 9)
    """

    title: ClassVar[str] = "MvDA-VC"
    needs_pairs: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {
        "consistency": [0.01, 0.1, 1.0],
        "regularisation": [0.1, 1.0],
    }

    consistency: float = 0.1

    def _within(self, scatter: np.ndarray, views: Views) -> np.ndarray:
        grams = [x.T @ x for x in views.values()]
        inverses = [np.linalg.inv(g + 1e-4 * np.trace(g) * np.eye(len(g))) for g in grams]
        betas = [
            x @ inverse for x, inverse in zip(views.values(), inverses, strict=True)
        ]  # (n, p_v): times W_v, β_v
        joint = np.hstack(betas)
        m = len(views) * block_diag(*(beta.T @ beta for beta in betas)) - joint.T @ joint
        return scatter + self.consistency * np.trace(scatter) / np.trace(m) * m

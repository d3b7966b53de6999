"""MvDA: one discriminant analysis over all modalities; MvDA-VC: paired views, consistent."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import block_diag

from ..training.space import Log
from .linear import REDUCED, Eigen, Matrices, Views, class_sums, ridged


@dataclass(eq=False)
class MvDA(Eigen):
    r"""Multi-view discriminant analysis: one linear discriminant analysis of all modalities.

    .. math:: \max_W \frac{\operatorname{tr} W^\top S^b W}{\operatorname{tr} W^\top S^w W}, \qquad
        S^b = \sum_c n_c m_c m_c^\top, \qquad
        S^w = \sum_v \sum_{x \in v} \tilde x \tilde x^\top - S^b

    Seen as rows that are zero but for their own modality's columns, the items :math:`\tilde x` of
    all modalities form one table of width p = Σ p_v, and MvDA is LDA on it: :math:`m_c` (p,) is the
    mean of all :math:`n_c` items of class c, of whatever modality, so scatter within a class counts
    between modalities too. The overall mean is 0, as each modality's is. Classes are what links the
    modalities: **no pairs** needed, any number of modalities.

    Args:
        components: D, at most; ``None``: C − 1.
        regularisation: ridge on S^w, in units of its mean eigenvalue.

    Source: Kan, Shan, Zhang, Lao and Chen, "Multi-View Discriminant Analysis", ECCV 2012, and under
    the same title IEEE Transactions on Pattern Analysis and Machine Intelligence 38(1), 2016.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = MvDA().fit(data.train)
        >>> model.transform(data.test)["top"].shape, model.evaluate(data.test).mean() > 0.5
        ((250, 9), True)
    """

    title = "MvDA"
    needs_single_label = True
    space: ClassVar = REDUCED | {"regularisation": Log(1e-2, 100)}

    regularisation: float = 0.1

    def matrices(self, views: Views, labels: Views) -> Matrices:
        pairs = [class_sums(x, labels[v], self.n_classes_) for v, x in views.items()]
        sums = np.hstack([s for s, _ in pairs])
        counts = sum(n for _, n in pairs)
        S_b = (sums / counts.clip(min=1)).T @ sums
        S_w = self.within(block_diag(*(x.T @ x for x in views.values())) - S_b, views)
        return S_b, ridged(S_w, self.regularisation)

    def within(self, scatter: np.ndarray, views: Views) -> np.ndarray:
        """S^w, from the scatter within classes (p, p)."""
        return scatter


@dataclass(eq=False)
class MvDAVC(MvDA):
    r"""MvDA with view consistency: paired views of an item should weigh alike in the projections.

    A projection can be written as a sum of its training items, :math:`W_v = X_v^\top \beta_v`,
    :math:`\beta_v` (n, D). If the views show the same things in the same way, so should the betas;
    S^w gains a penalty:

    .. math:: \lambda \frac{\operatorname{tr} S^w}{\operatorname{tr} M} M, \quad
        \operatorname{tr} W^\top M W = \sum_{v < u} \lVert \beta_v - \beta_u \rVert^2, \quad
        \beta_v = (X_v X_v^\top)^{-1} X_v W_v = X_v (X_v^\top X_v)^{-1} W_v

    Row i of every β is the same item, so unlike MvDA it **needs pairs**. The inverse is of p_v ×
    p_v matrices, with the ridge of the authors' code, 1e-4 of the trace; so is the ratio of traces,
    which makes λ free of scale.

    Args:
        consistency: λ.

    Source: Kan, Shan, Zhang, Lao and Chen, "Multi-View Discriminant Analysis", IEEE Transactions on
    Pattern Analysis and Machine Intelligence 38(1), 2016.

    Example:
        >>> import drcl_mini
        >>> from drcl_mini.baselines import class_pairs
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> MvDAVC().fit(class_pairs(data.train)).transform(data.test)["top"].shape
        (250, 9)
    """

    title = "MvDA-VC"
    needs_pairs = True
    space: ClassVar = MvDA.space | {"consistency": Log(1e-3, 10)}

    consistency: float = 0.1

    def within(self, scatter: np.ndarray, views: Views) -> np.ndarray:
        """S^w with its penalty, from the scatter within classes (p, p)."""
        betas = []  # (n, p_v) each: times W_v, β_v
        for x in views.values():
            gram = x.T @ x
            betas.append(x @ np.linalg.inv(gram + 1e-4 * np.trace(gram) * np.eye(len(gram))))
        joint = np.hstack(betas)
        M = len(views) * block_diag(*(beta.T @ beta for beta in betas)) - joint.T @ joint
        return scatter + self.consistency * np.trace(scatter) / np.trace(M) * M

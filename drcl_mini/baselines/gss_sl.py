"""GSS-SL: regression to labels, smoothed by a graph of labels, with whole features left out."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.linalg import solve

from ..data.split import Split
from ..training.space import Log
from .linear import Linear

EPSILON = 1e-8
"""Added to squared row lengths: the l2,1 norm has no derivative at 0."""


@dataclass(eq=False)
class GSSSL(Linear):
    r"""The supervised core of generalised semi-supervised structured subspace learning.

    .. math:: \min_{P, F} \sum_v \Big( \lVert X_v P_v - F_v \rVert^2 + \mu \lVert F_v - Y_v \rVert^2
        + \lambda n_v \lVert P_v \rVert_{2,1} \Big) + \gamma \operatorname{tr} F^\top L F

    :math:`P_v` (d_v, C) takes items to soft labels :math:`F_v` (n_v, C), which stay near the labels
    :math:`Y_v` and, by the Laplacian :math:`L = I - D^{-1/2} S D^{-1/2}` of the graph :math:`S_{ij}
    = y_i^\top y_j` over the items of *all* modalities, near each other where labels are shared:
    that is the link between modalities. The l2,1 norm, the sum of P's row lengths, switches whole
    features off, so by default there is no PCA. Two closed forms alternate: P given F (reweighted
    ridge regression), F given P. **No pairs** needed; multi-hot labels too.

    Left out is the semi-supervised part, which guesses labels of unlabelled items over the same
    graph: here every training item has labels. The objective is put together from the paper's
    description (its full text and code are not at hand), so constants may differ from the authors'.

    Args:
        fidelity: μ, how close soft labels stay to the labels.
        smoothness: γ, how close those of equal labels stay to each other.
        sparsity: λ, how many features are switched off.
        iterations: alternations.

    Attributes:
        objective_: its value after each of them; it never grows.

    Source: Zhang, Ma, Li, Huang and Tian, "Generalized Semi-supervised and Structured Subspace
    Learning for Cross-Modal Retrieval", IEEE Transactions on Multimedia 20(1), 2018.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = GSSSL().fit(data.train)
        >>> model.transform(data.test)["top"].shape, model.evaluate(data.test).mean() > 0.5
        ((250, 10), True)
    """

    title = "GSS-SL"
    space: ClassVar = {
        "sparsity": Log(1e-3, 1),
        "fidelity": Log(0.1, 100),
        "smoothness": Log(1e-2, 10),
    }

    variance: float | None = None
    fidelity: float = 1.0
    smoothness: float = 1.0
    sparsity: float = 0.01
    iterations: int = 10

    def _learn(self, train: Split, validation: Split | None) -> None:
        views = self.prepared(train)
        one_hot = np.eye(self.n_classes_)
        Y = np.vstack([one_hot[y] if y.ndim == 1 else y for y in train.labels.values()])
        G = Y / np.sqrt(Y @ Y.sum(axis=0))[:, None]  # (n, C): L = I − G Gᵀ, never formed
        whole = 1 + self.fidelity + self.smoothness
        inner = np.linalg.inv(whole * np.eye(Y.shape[1]) - self.smoothness * G.T @ G)
        ends = np.cumsum([len(x) for x in views.values()])[:-1]
        grams = {v: x.T @ x for v, x in views.items()}
        # A constant feature has no ridge without sparsity.
        least = {v: 1e-9 * max(np.trace(gram), 1e-9) for v, gram in grams.items()}
        norms = {v: np.ones(x.shape[1]) for v, x in views.items()}
        F = Y
        self.weights_ = {}
        self.objective_ = []
        for _ in range(self.iterations):
            for (v, x), f in zip(views.items(), np.split(F, ends), strict=True):
                ridge = np.diag(0.5 * self.sparsity * len(x) / norms[v] + least[v])
                P = solve(grams[v] + ridge, x.T @ f, assume_a="pos")
                self.weights_[v] = P
                norms[v] = np.sqrt((P**2).sum(axis=1) + EPSILON)
            fitted = np.vstack([x @ self.weights_[v] for v, x in views.items()])
            pull = fitted + self.fidelity * Y
            # Woodbury: no matrix is n × n.
            F = (pull + self.smoothness * G @ (inner @ (G.T @ pull))) / whole
            self.objective_.append(
                ((fitted - F) ** 2).sum()
                + self.fidelity * ((F - Y) ** 2).sum()
                + self.sparsity * sum(len(x) * norms[v].sum() for v, x in views.items())
                + self.smoothness * ((F**2).sum() - ((G.T @ F) ** 2).sum())
            )

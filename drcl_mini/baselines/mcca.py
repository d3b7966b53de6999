"""MCCA: canonical correlation analysis of two or more modalities."""

from dataclasses import dataclass
from typing import ClassVar

from scipy.linalg import block_diag

from ..training.space import Choice, Log
from .linear import REDUCED, Eigen, Matrices, Views, between_views, ridged


def covariances(views: Views, ridge: float) -> Matrices:
    """A, the covariances between paired and centred views, and B, those within, with a ridge."""
    within = [ridged(x.T @ x / len(x), ridge) for x in views.values()]
    return between_views(views), block_diag(*within)


@dataclass(eq=False)
class MCCA(Eigen):
    r"""Multi-set canonical correlation analysis: directions along which paired modalities agree.

    .. math:: \max_W \sum_{v \ne u} \operatorname{tr} W_v^\top C_{vu} W_u
        \quad\text{s.t.}\quad \sum_v W_v^\top C_{vv}^{(r)} W_v = I

    with :math:`C_{vu} = X_v^\top X_u / n` (p_v, p_u) and :math:`C^{(r)} = C +
    r\,\tfrac{\operatorname{tr} C}{p} I`. It is one generalised eigenproblem, A w = λ B w, A with
    the blocks off the diagonal and B with those on it; for two modalities it is CCA, and λ are the
    canonical correlations. It uses pairs and no labels; but pairs that :func:`class_pairs` makes
    are made from labels, so on such data it does learn from them.

    Args:
        components: D, at most; ``None``: the smallest p_v.
        regularisation: r, in units of the mean variance of each modality.

    Source: Kettenring, "Canonical Analysis of Several Sets of Variables", Biometrika 58(3), 1971;
    Rupnik and Shawe-Taylor, "Multi-View Canonical Correlation Analysis", SiKDD 2010; two views:
    Hotelling, "Relations Between Two Sets of Variates", Biometrika 28, 1936.

    Example:
        >>> import drcl_mini
        >>> from drcl_mini.baselines import class_pairs
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> MCCA(components=9).fit(class_pairs(data.train)).transform(data.test)["top"].shape
        (250, 9)
    """

    title = "MCCA"
    needs_pairs = True
    space: ClassVar = REDUCED | {
        "components": Choice(10, 20, 40, None),
        "regularisation": Log(1e-2, 100),
    }

    regularisation: float = 0.1

    def matrices(self, views: Views, labels: Views) -> Matrices:
        return covariances(views, self.regularisation)

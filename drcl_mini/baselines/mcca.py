"""MCCA: canonical correlation analysis of two or more modalities."""

from dataclasses import dataclass
from typing import ClassVar

from scipy.linalg import block_diag

from ..data.split import Split
from .linear import Linear, between_views, ridged, solve


@dataclass(eq=False)
class MCCA(Linear):
    r"""Multi-set canonical correlation analysis: directions along which the paired modalities agree most.

    .. math:: \max_W \sum_{v \ne u} \operatorname{tr} W_v^\top C_{vu} W_u
        \quad\text{s.t.}\quad \sum_v W_v^\top C_{vv}^{(r)} W_v = I

    with :math:`C_{vu} = X_v^\top X_u / n` (p_v, p_u) and :math:`C^{(r)} = C + r\,\tfrac{\operatorname{tr} C}{p} I`.
    It is one generalised eigenproblem, A w = λ B w, A with the blocks off the diagonal and B with those on it; for
    two modalities it is CCA, and λ are the canonical correlations. It uses pairs and no labels; but pairs that
    :func:`class_pairs` makes are made from labels, so on such data it does learn from them.

    Args:
        components: D, at most; ``None``: the smallest p_v.
        regularisation: r, in units of the mean variance of each modality.

    Source: Kettenring, "Canonical Analysis of Several Sets of Variables", Biometrika 58(3), 1971; Rupnik and
    Shawe-Taylor, "Multi-View Canonical Correlation Analysis", SiKDD 2010; two views: Hotelling, "Relations Between Two
    Sets of Variates", Biometrika 28, 1936.

    Example:
        >>> import drcl_mini
        >>> from drcl_mini.baselines import class_pairs
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> MCCA(components=9).fit(class_pairs(data.train)).transform(data.test)["top"].shape
        (250, 9)
    """

    title: ClassVar[str] = "MCCA"
    needs_pairs: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {"components": [10, 20, None], "regularisation": [0.1, 1.0]}

    components: int | None = None
    regularisation: float = 0.1

    def _learn(self, train: Split, validation: Split | None) -> None:
        views = self._prepare(train)
        within = block_diag(
            *(ridged(x.T @ x / len(x), self.regularisation) for x in views.values())
        )
        count = self.components or min(x.shape[1] for x in views.values())
        self.weights_ = solve(between_views(views), within, count, views)

"""Deep canonical correlation analysis (DCCA): networks whose outputs correlate most."""

from dataclasses import dataclass
from functools import partial
from itertools import combinations

import torch
from torch import Tensor

from ..training.fitting import Tensors
from ..training.rows import in_pieces
from ..training.space import Choice, Log
from .joint import TOGETHER, DeepBaseline, Named
from .linear import solve
from .mcca import covariances
from .parts import Network, regularised


def correlation(a: Tensor, b: Tensor, ridge: float) -> Tensor:
    r"""Total correlation of two views: the sum of their canonical correlations.

    .. math:: \big\| \Sigma_{aa}^{-1/2}\, \Sigma_{ab}\, \Sigma_{bb}^{-1/2} \big\|_*, \qquad
        \Sigma_{aa} = S_{aa} + r\, \tfrac{\operatorname{tr} S_{aa}}{k} I, \quad
        S_{aa} = \tfrac{1}{n-1} \bar A^\top \bar A, \quad
        \Sigma_{ab} = \tfrac{1}{n-1} \bar A^\top \bar B

    Args:
        a: A, (n, k); centred here to :math:`\bar A`.
        b: B, (n, l), row by row the same items.
        ridge: r, in units of the mean variance of each view.

    Returns:
        A scalar in float64, at most min(k, l).

    Example:
        >>> a = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
        >>> round(correlation(a, 5 * a.flip(1), 1e-9).item(), 4)
        2.0
    """
    a, b = (view.double() - view.double().mean(dim=0) for view in (a, b))
    n = len(a) - 1
    left, right = (torch.linalg.cholesky(regularised(view.T @ view / n, ridge)) for view in (a, b))
    # L⁻¹ is a rotation of Σ^(-1/2): the same singular values, and its gradient is stable.
    half = torch.linalg.solve_triangular(left, a.T @ b / n, upper=False)
    return torch.linalg.svdvals(torch.linalg.solve_triangular(right, half.T, upper=False)).sum()


@dataclass(eq=False)
class DCCA(DeepBaseline):
    r"""Networks whose outputs correlate most, pair by pair of modalities; then linear CCA of them.

    .. math:: \max_{f} \sum_{v < u} \mathrm{corr}\big(f_v(X_v), f_u(X_u)\big)

    The loss itself uses no labels, only pairs. Where data bring their pairs, labels serve to pick
    the epoch and nothing else; pairs that :func:`class_pairs` makes are made from labels, so on
    such data DCCA does learn from them. The correlation doesn't change when a view is mixed
    linearly, so CCA on the training outputs, with the same ridge, makes the axes agree: z = A_vᵀ
    (f_v(x) − mean).

    Departs from the paper: Adam on batches in place of pre-training and L-BFGS on the whole set; a
    ridge in units of the outputs' variance; the sum over pairs and the linear CCA of many views
    (SUMCOR) extend it to more than two modalities.

    Args:
        dim: k, the width of the outputs. Each axis counts as much as any other in a cosine, so axes
            that correlate in training only do harm: about as many as there are classes do best,
            unless items are many.
        batch_size: large, since a batch must tell the correlation of k dimensions; an epoch makes
            as many steps as other methods' epochs do with batches of 128, so it passes over the
            data four times.
        ridge: r, in units of the mean variance of each view.

    Source: Andrew, Arora, Bilmes and Livescu, "Deep Canonical Correlation Analysis", ICML 2013.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> DCCA(epochs=2).fit(pairs, data.validation).transform(data.test)["top"].shape
        (250, 10)
    """

    title = "DCCA"
    needs_pairs = True
    unit_rows = False
    space = TOGETHER | {"dim": Choice(10, 20, 40), "ridge": Log(1e-2, 100)}

    dim: int = 10
    learning_rate: float = 3e-3
    batch_size: int = 512
    ridge: float = 3.0

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        pairs = [correlation(a, b, self.ridge) for a, b in combinations(F.values(), 2)]
        return {"correlation": -torch.stack(pairs).sum()}

    @torch.no_grad()
    def _settle(self, network: Network, data: Tensors) -> None:
        F = {v: in_pieces(partial(network, v), x).double() for v, (x, _) in data.items()}
        self.means_ = {v: f.mean(dim=0) for v, f in F.items()}
        views = {v: (f - self.means_[v]).cpu().numpy() for v, f in F.items()}
        axes = solve(*covariances(views, self.ridge), self.dim, views)
        self.axes_ = {v: torch.from_numpy(a.copy()).to(self.means_[v]) for v, a in axes.items()}

    def _rows(self, network: Network, name: str, F: Tensor) -> Tensor:
        return (F.double() - self.means_[name]) @ self.axes_[name]

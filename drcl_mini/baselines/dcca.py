"""Deep canonical correlation analysis (DCCA): one network for each modality, outputs as correlated as can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import torch
from scipy.linalg import block_diag
from torch import Tensor

from ..batch import Tensors
from ..encoder import in_pieces
from ..stack import Terms
from .joint import Batch, DeepBaseline, Network
from .linear import between_views, ridged, solve


def correlation(a: Tensor, b: Tensor, ridge: float) -> Tensor:
    r"""Total correlation of two views: the sum of their canonical correlations.

    .. math:: \big\| \Sigma_{aa}^{-1/2}\, \Sigma_{ab}\, \Sigma_{bb}^{-1/2} \big\|_*, \qquad
        \Sigma_{aa} = \tfrac{1}{n-1} \bar A^\top \bar A + r I, \quad \Sigma_{ab} = \tfrac{1}{n-1} \bar A^\top \bar B

    Args:
        a: A, (n, k); centred here to :math:`\bar A`.
        b: B, (n, l), row by row the same items.
        ridge: r.

    Returns:
        A scalar in float64, at most min(k, l).

    Example:
        >>> a = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
        >>> round(correlation(a, 5 * a.flip(1), 1e-9).item(), 4)
        2.0
    """
    a, b = (view.double() - view.double().mean(dim=0) for view in (a, b))
    n = len(a) - 1
    left, right = (
        torch.linalg.cholesky(view.T @ view / n + ridge * torch.eye(view.shape[1]).to(view)) for view in (a, b)
    )
    # L⁻¹ in place of Σ^(-1/2): a rotation of it, so the singular values are the same, and its gradient is stable.
    half = torch.linalg.solve_triangular(left, a.T @ b / n, upper=False)
    return torch.linalg.svdvals(torch.linalg.solve_triangular(right, half.T, upper=False)).sum()


@dataclass(eq=False)
class DCCA(DeepBaseline):
    r"""Networks whose outputs correlate most, pair by pair of modalities, and linear CCA on top of them.

    .. math:: \max_{f} \sum_{v < u} \mathrm{corr}\big(f_v(X_v), f_u(X_u)\big)

    No labels are used, but to pick the epoch. The correlation doesn't change when a view is mixed linearly, so
    CCA on the training outputs makes the axes agree: z = A_vᵀ (f_v(x) − mean).

    Departs from the paper: Adam on batches in place of pre-training and L-BFGS on the whole set; the sum over pairs
    and the linear CCA of many views (SUMCOR) extend it to more than two modalities.

    Args:
        dim: k, the width of the outputs. Each axis counts as much as any other in a cosine, so axes that correlate in
            training only do harm: about as many as there are classes do best, unless items are many.
        batch_size: large, since a batch must tell the correlation of k dimensions.
        ridge: r of the training objective.

    Source: Andrew, Arora, Bilmes and Livescu, ICML 2013.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> DCCA(epochs=2).fit(pairs, data.validation).transform(data.test)["top"].shape
        (250, 10)
    """

    title: ClassVar[str] = "DCCA"
    needs_pairs: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {"dim": [8, 16, 64], "ridge": [1e-2, 1.0]}

    dim: int = 10
    batch_size: int = 2048
    ridge: float = 0.1

    def _losses(self, network: Network, batch: Batch) -> Terms:
        outputs = {name: network.outputs(name, x) for name, (x, _) in batch.items()}
        return {"correlation": self._correlation(outputs)}

    def _correlation(self, outputs: Mapping[str, Tensor]) -> Tensor:
        pairs = combinations(outputs.values(), 2)
        return -torch.stack([correlation(a, b, self.ridge) for a, b in pairs]).sum()

    def _settle(self, network: Network, data: Tensors) -> None:
        with torch.no_grad():
            outputs = {
                name: in_pieces(lambda part, name=name: network.outputs(name, network.standard(name, part)), x).double()
                for name, (x, _) in data.items()
            }
        self.means_ = {name: rows.mean(dim=0) for name, rows in outputs.items()}
        views = {name: (rows - self.means_[name]).cpu().numpy() for name, rows in outputs.items()}
        within = block_diag(*(ridged(view.T @ view / len(view), 1e-6) for view in views.values()))
        axes = solve(between_views(views), within, self.dim, views)
        self.axes_ = {name: torch.from_numpy(a.copy()).to(self.means_[name]) for name, a in axes.items()}

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return (network.outputs(name, x).double() - self.means_[name]) @ self.axes_[name]

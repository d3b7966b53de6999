"""SMLN's supervised core: outputs of all modalities as one graph of classes, by a ratio trace criterion."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ..batch import Tensors
from ..stack import Terms
from .joint import Batch, DeepBaseline, Network


def graph_scatter(features: Tensor, labels: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    r"""The two matrices of the ratio trace, (k, k) each, in float64.

    .. math:: A = \tfrac1n \bar F^\top S \bar F, \qquad B = \tfrac1n \bar F^\top \bar F + r I, \qquad
        S = \tilde Y\, \mathrm{diag}(n_c)^{-1}\, \tilde Y^\top

    :math:`\tilde Y` are labels whose rows add up to one, n_c its column sums, so S links items of one class, of any
    modality; each row of S adds up to one, so its degree matrix is I.

    Args:
        features: F, (n, k), of all modalities; centred here.
        labels: Y, (n, C).
        ridge: r.
    """
    f = features.double() - features.double().mean(dim=0)
    y = (labels / labels.sum(dim=1, keepdim=True)).double()
    sums = y.T @ f / y.sum(dim=0).clamp(min=1e-12).sqrt()[:, None]
    eye = torch.eye(f.shape[1]).to(f)
    return sums.T @ sums / len(f), f.T @ f / len(f) + ridge * eye


def ratio_trace(features: Tensor, labels: Tensor, ridge: float) -> Tensor:
    r"""tr(B⁻¹ A): the sum of the generalised eigenvalues of A w = λ B w, each in [0, 1], each with weight one.

    Example:
        >>> y = torch.eye(3).repeat(4, 1)
        >>> round(ratio_trace(y @ torch.randn(3, 2, generator=torch.Generator().manual_seed(0)), y, 1e-9).item(), 4)
        2.0
    """
    between, total = graph_scatter(features, labels, ridge)
    return torch.cholesky_solve(between, torch.linalg.cholesky(total)).trace()


@dataclass(eq=False)
class SMLN(DeepBaseline):
    r"""Networks whose outputs, of all modalities together, follow one class graph.

    .. math:: \max_f\; \mathrm{tr}\big(B^{-1} A\big) = \sum_i \lambda_i

    with A, B of :func:`graph_scatter` over a batch of all modalities: between two items of a class there is an edge,
    within modalities and across. Needs no pairs. The criterion doesn't change when all outputs are mixed
    linearly, so its eigenvectors U (k, k) from the training set give the common space: z = Uᵀ (f(x) − mean).

    Departs from the paper, of which this is the supervised core: no unlabelled items, so no neighbourhood graph
    within modalities. The paper weighs eigenvalues by a function h that balances them; here all weigh the same.

    Args:
        dim: k, the width of the outputs; more than C − 1 add eigenvalues of about 0.
        batch_size: large, since the matrices are those of a batch.
        ridge: r.

    Source: Hu, Zhu, Peng and Lin, AAAI 2020, "Semi-supervised multi-modal learning with balanced spectral
    decomposition".

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> SMLN(epochs=2).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title: ClassVar[str] = "SMLN"
    grid: ClassVar[dict[str, list]] = {"dim": [64, 256], "ridge": [0.1, 1.0, 10.0]}

    batch_size: int = 1024
    ridge: float = 1.0

    def _losses(self, network: Network, batch: Batch) -> Terms:
        rows = torch.cat([network.outputs(name, x) for name, (x, _) in batch.items()])
        labels = torch.cat([y for _, y in batch.values()])
        return {"ratio_trace": -ratio_trace(rows, labels, self.ridge)}

    def _settle(self, network: Network, data: Tensors) -> None:
        with torch.no_grad():
            rows = torch.cat([network.outputs(name, network.standard(name, x)) for name, (x, _) in data.items()])
            between, total = graph_scatter(rows, torch.cat([y for _, y in data.values()]), self.ridge)
            lower = torch.linalg.cholesky(total)
            half = torch.linalg.solve_triangular(lower, between, upper=False)
            values, vectors = torch.linalg.eigh(torch.linalg.solve_triangular(lower, half.T, upper=False))
            self.mean_ = rows.double().mean(dim=0)
            # scaled by the eigenvalues: axes that don't tell classes shouldn't count as much as those that do
            self.axes_ = torch.linalg.solve_triangular(lower.T, vectors, upper=True) * values.clamp(min=0)

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return (network.outputs(name, x).double() - self.mean_) @ self.axes_

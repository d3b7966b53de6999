"""SMLN's supervised core: outputs of all modalities as one graph of classes, by a ratio trace criterion."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ..training.fitting import Tensors
from ..training.watch import Terms
from .joint import RATES, Batch, DeepBaseline
from .parts import Network, regularised


def graph_scatter(features: Tensor, labels: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    r"""The two matrices of the ratio trace, (k, k) each, in float64.

    .. math:: A = \tfrac1n \bar F^\top S \bar F, \qquad B = T + r\, \tfrac{\operatorname{tr} T}{k} I, \quad
        T = \tfrac1n \bar F^\top \bar F, \qquad S = \tilde Y\, \mathrm{diag}(n_c)^{-1}\, \tilde Y^\top

    :math:`\tilde Y` are labels whose rows add up to one, n_c its column sums, so S links items of one class, of any
    modality; each row of S adds up to one, so its degree matrix is I.

    Args:
        features: F, (n, k), of all modalities; centred here.
        labels: Y, (n, C).
        ridge: r, in units of the mean variance.
    """
    f = features.double() - features.double().mean(dim=0)
    y = (labels / labels.sum(dim=1, keepdim=True)).double()
    sums = y.T @ f / y.sum(dim=0).clamp(min=1e-12).sqrt()[:, None]
    return sums.T @ sums / len(f), regularised(f.T @ f / len(f), ridge)


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
    r"""The supervised core of SMLN: outputs of all modalities together follow one class graph.

    .. math:: \max_f\; \mathrm{tr}\big(B^{-1} A\big) = \sum_i \lambda_i, \qquad A u_i = \lambda_i B u_i, \qquad
        z = \mathrm{diag}(\lambda)\, U^\top (f(x) - \mathrm{mean})

    with A, B of :func:`.graph_scatter` over a batch of all modalities: between two items of a class there is an edge,
    within modalities and across. Needs no pairs. The criterion doesn't change when all outputs are mixed linearly, so
    its eigenvectors U (k, k) from the training set, with :math:`U^\top B U = I`, give the common space. The factors λ
    (ours) make axes that don't tell classes count less than those that do.

    Departs from the paper: no unlabelled items, so no neighbourhood graph within modalities and nothing of what makes
    the method semi-supervised. The paper weighs eigenvalues by a function h that balances them; in the loss here all
    weigh the same. No code of the authors is at hand.

    Args:
        dim: k, the width of the outputs; more than C − 1 add eigenvalues of about 0.
        batch_size: large, since the matrices are those of a batch; an epoch makes as many steps as other methods'
            epochs do with batches of 128, so it passes over the data four times.
        ridge: r, in units of the mean variance of the outputs.

    Source: Hu, Zhu, Peng and Lin, "Semi-Supervised Multi-Modal Learning with Balanced Spectral Decomposition", AAAI
    2020.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> SMLN(epochs=2).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title: ClassVar[str] = "SMLN"
    unit_rows: ClassVar[bool] = False
    grid: ClassVar[dict[str, list]] = {"learning_rate": RATES, "ridge": [0.1, 1.0]}

    batch_size: int = 512
    ridge: float = 1.0

    def _losses(self, network: Network, batch: Batch) -> Terms:
        rows = torch.cat([network.outputs(name, x) for name, (x, _) in batch.items()])
        labels = torch.cat([y for _, y in batch.values()])
        return {"ratio_trace": -ratio_trace(rows, labels, self.ridge)}

    def _settle(self, network: Network, data: Tensors) -> None:
        with torch.no_grad():
            rows = torch.cat(
                [network.outputs(name, network.standard(name, x)) for name, (x, _) in data.items()]
            )
            between, total = graph_scatter(
                rows, torch.cat([y for _, y in data.values()]), self.ridge
            )
            lower = torch.linalg.cholesky(total)
            half = torch.linalg.solve_triangular(lower, between, upper=False)
            values, vectors = torch.linalg.eigh(
                torch.linalg.solve_triangular(lower, half.T, upper=False)
            )
            self.mean_ = rows.double().mean(dim=0)
            self.axes_ = torch.linalg.solve_triangular(lower.T, vectors, upper=True) * values.clamp(
                min=0
            )

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return (network.outputs(name, x).double() - self.mean_) @ self.axes_

"""SMLN's supervised core: outputs of all modalities as one graph of classes, by a ratio trace."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..training.fitting import Tensors
from ..training.space import Log
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network, regularised, shares


def graph_scatter(features: Tensor, labels: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    r"""The two matrices of the ratio trace, (k, k) each, in float64.

    .. math:: A = \tfrac1n \bar F^\top S \bar F, \quad
        B = T + r\, \tfrac{\operatorname{tr} T}{k} I, \quad
        T = \tfrac1n \bar F^\top \bar F, \quad
        S = \tilde Y\, \mathrm{diag}(n_c)^{-1}\, \tilde Y^\top

    :math:`\tilde Y` are labels whose rows add up to one, n_c its column sums, so S links items of
    one class, of any modality; each row of S adds up to one, so its degree matrix is I.

    Args:
        features: F, (n, k), of all modalities; centred here.
        labels: Y, (n, C).
        ridge: r, in units of the mean variance.
    """
    f = features.double() - features.double().mean(dim=0)
    y = shares(labels).double()
    sums = y.T @ f / y.sum(dim=0).clamp(min=1e-12).sqrt()[:, None]
    return sums.T @ sums / len(f), regularised(f.T @ f / len(f), ridge)


def ratio_trace(features: Tensor, labels: Tensor, ridge: float) -> Tensor:
    r"""tr(B⁻¹ A): the sum of the generalised eigenvalues of A w = λ B w, each in [0, 1].

    Example:
        >>> y = torch.eye(3).repeat(4, 1)
        >>> f = y @ torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
        >>> round(ratio_trace(f, y, 1e-9).item(), 4)
        2.0
    """
    between, total = graph_scatter(features, labels, ridge)
    return torch.cholesky_solve(between, torch.linalg.cholesky(total)).trace()


@dataclass(eq=False)
class SMLN(DeepBaseline):
    r"""The supervised core of SMLN: outputs of all modalities together follow one class graph.

    .. math:: \max_f\; \mathrm{tr}\big(B^{-1} A\big) = \sum_i \lambda_i, \qquad
        A u_i = \lambda_i B u_i, \qquad
        z = \mathrm{diag}(\lambda)\, U^\top (f(x) - \mathrm{mean})

    with A, B of :func:`.graph_scatter` over a batch of all modalities: between two items of a class
    there is an edge, within modalities and across. Needs no pairs. The criterion doesn't change
    when all outputs are mixed linearly, so its eigenvectors U (k, k) from the training set, with
    :math:`U^\top B U = I`, give the common space. The factors λ (ours) make axes that don't tell
    classes count less than those that do.

    Departs from the paper: no unlabelled items, so no neighbourhood graph within modalities and
    nothing of what makes the method semi-supervised. The paper weighs eigenvalues by a function h
    that balances them; in the loss here all weigh the same. No code of the authors is at hand.

    Args:
        dim: k, the width of the outputs; more than C − 1 add eigenvalues of about 0.
        batch_size: large, since the matrices are those of a batch; an epoch makes as many steps as
            other methods' epochs do with batches of 128, so it passes over the data four times.
        ridge: r, in units of the mean variance of the outputs.

    Source: Hu, Zhu, Peng and Lin, "Semi-Supervised Multi-Modal Learning with Balanced Spectral
    Decomposition", AAAI 2020.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> SMLN(epochs=2).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "SMLN"
    unit_rows = False
    space = TOGETHER | {"ridge": Log(1e-2, 10)}

    batch_size: int = 512
    ridge: float = 1.0

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        features = torch.cat(list(F.values()))
        labels = torch.cat(list(Y.values()))
        return {"ratio_trace": -ratio_trace(features, labels, self.ridge)}

    @torch.no_grad()
    def _settle(self, network: Network, data: Tensors) -> None:
        F = torch.cat([network(v, x) for v, (x, _) in data.items()])
        Y = torch.cat([y for _, y in data.values()])
        A, B = graph_scatter(F, Y, self.ridge)
        L = torch.linalg.cholesky(B)
        half = torch.linalg.solve_triangular(L, A, upper=False)
        whole = torch.linalg.solve_triangular(L, half.T, upper=False)  # L⁻¹ A L⁻ᵀ
        values, vectors = torch.linalg.eigh(whole)
        U = torch.linalg.solve_triangular(L.T, vectors, upper=True)
        self.mean_ = F.double().mean(dim=0)
        self.axes_ = U * values.clamp(min=0)

    def _rows(self, network: Network, name: str, F: Tensor) -> Tensor:
        return (F.double() - self.mean_) @ self.axes_

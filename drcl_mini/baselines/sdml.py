"""Scalable deep multimodal learning (SDML): each modality alone learns its way into a space fixed beforehand."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..prior import orthogonal_prior
from ..stack import Terms
from ..training import generator
from .joint import Batch, DeepBaseline, Network, mlp


def subspace_loss(features: Tensor, labels: Tensor, projection: Tensor) -> Tensor:
    r"""Projected features should be the labels, :math:`\frac1n \|F P - Y\|_F^2`.

    Args:
        features: F, (n, D).
        labels: Y, (n, C).
        projection: P, (D, C), fixed, with orthonormal columns.

    Example:
        >>> subspace_loss(torch.eye(2), torch.eye(2), torch.tensor([[0.0, 1.0], [1.0, 0.0]])).item()
        2.0
    """
    return (features @ projection - labels).square().sum(dim=1).mean()


@dataclass(eq=False)
class SDML(DeepBaseline):
    r"""A supervised autoencoder for each modality, all towards one random orthogonal projection P (D, C).

    .. math:: \min_{f_v, g_v}\; \alpha\, \frac1n \big\| f_v(X_v) P - Y_v \big\|_F^2
        + (1 - \alpha)\, \frac{1}{n d_v} \big\| g_v(f_v(X_v)) - X_v \big\|_F^2, \qquad z = f_v(x) P

    f_v: (n, d_v) → unit rows (n, D), g_v back. P is drawn once and never learned, so modalities train alone, and more
    can follow.

    Departs from the paper where its exact terms aren't at hand: squared errors for both, the second a mean over
    features, α, and outputs of unit length (of any length they did worse on validation data). Items are compared
    inside the subspace, by F P: what is outside of it serves reconstruction.

    Args:
        alpha: α.

    Source: Hu, Zhen, Peng and Liu, SIGIR 2019.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> SDML(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 10)
    """

    title: ClassVar[str] = "SDML"
    together: ClassVar[bool] = False
    grid: ClassVar[dict[str, list]] = {"alpha": [0.5, 0.9, 0.99], "learning_rate": [3e-4, 1e-3]}

    alpha: float = 0.9

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        start = generator(self.seed, "start")  # the same for every modality
        self.projection_ = orthogonal_prior(self.dim, self.n_classes_, start).to(self._device)
        return {"decoder": mlp(self.dim, self.hidden[::-1], self.widths_[names[0]], source)}

    def _losses(self, network: Network, batch: Batch) -> Terms:
        ((name, (x, y)),) = batch.items()
        rows = network.unit(name, x)
        reconstruction = nnf.mse_loss(network.parts["decoder"](rows), x)
        return {
            "subspace": self.alpha * subspace_loss(rows, y, self.projection_),
            "reconstruction": (1 - self.alpha) * reconstruction,
        }

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return network.unit(name, x) @ self.projection_

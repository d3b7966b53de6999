"""Scalable deep multimodal learning (SDML): each modality alone learns a space fixed beforehand."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..method.prior import orthogonal_prior
from ..training.batches import generator
from ..training.space import Log
from .joint import ALONE, DeepBaseline, Named
from .parts import Network, distances, mlp


@dataclass(eq=False)
class SDML(DeepBaseline):
    r"""A supervised autoencoder for each modality, with one random orthogonal projection P (D, C).

    .. math:: \min_{f_v, g_v}\; \alpha\, \frac1n \sum_i \big\| g_v(f_v(x_i)) - x_i \big\|_2
        + (1 - \alpha)\, \frac1n \sum_i \big\| f_v(x_i) P - y_i \big\|_2

    f_v: (n, d_v) → unit rows (n, D), g_v back; lengths, not their squares. P is drawn once and
    never learned, so modalities train alone, and more can follow. Items are compared by F = f_v(x),
    as in the authors' code; what of it lies outside the span of P serves the reconstruction alone.

    Departs from the authors' code: g_v's outputs are free (there they have unit rows, too), as x
    are the standardised features; the epoch is picked by
    :func:`drcl_mini.training.monitor.target_map`, not by the second term on validation data; every
    item has labels.

    Args:
        alpha: α, the share of the reconstruction; 0.5 is the authors'.

    Source: Hu, Zhen, Peng and Liu, "Scalable Deep Multimodal Learning for Cross-Modal Retrieval",
    SIGIR 2019; the two terms, α, unit rows, P and what is ranked: their code,
    github.com/penghu-cs/SDML, ``SDML.py`` and ``model.py``.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> SDML(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "SDML"
    together = False
    space = ALONE | {"alpha": Log(1e-2, 0.9, most=0.9)}

    alpha: float = 0.5

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        start = generator(self.seed, "start")  # the same for every modality
        self.projection_ = orthogonal_prior(self.dim, self.n_classes_, start).to(self._device)
        return {"decoder": mlp(self.dim, self.hidden[::-1], self.widths_[names[0]], source)}

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        ((v, f),) = F.items()
        predicted = f @ self.projection_
        recovered = network.parts["decoder"](f)
        return {
            "subspace": (1 - self.alpha) * distances(predicted, Y[v]).mean(),
            "reconstruction": self.alpha * distances(recovered, X[v]).mean(),
        }

    def _class_logits(self, name: str, rows: np.ndarray) -> np.ndarray:
        return rows @ self.projection_.cpu().numpy()

    def targets(self) -> Tensor:
        return self.projection_.T

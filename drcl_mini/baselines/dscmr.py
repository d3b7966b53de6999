"""Deep supervised cross-modal retrieval (DSCMR): labels in the common space, classes apart, pairs together."""

from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..stack import Terms
from .joint import Batch, DeepBaseline, Network, mlp, related


def likelihood_loss(a: Tensor, b: Tensor, same: Tensor) -> Tensor:
    r"""Negative log-likelihood of "same class", of which half the cosine is the logit.

    .. math:: \frac{1}{nm} \sum_{ij} \log\big(1 + e^{\Gamma_{ij}}\big) - S_{ij} \Gamma_{ij}, \qquad
        \Gamma_{ij} = \tfrac12 \cos(A_i, B_j)

    Args:
        a: A, (n, D).
        b: B, (m, D).
        same: S, (n, m), 1 where row and column share a class.

    Example:
        >>> round(likelihood_loss(torch.eye(2), torch.eye(2), torch.eye(2)).item(), 4)
        0.5836
    """
    half = nnf.normalize(a, dim=1) @ nnf.normalize(b, dim=1).T / 2
    return nnf.binary_cross_entropy_with_logits(half, same)


def regression_loss(features: Tensor, labels: Tensor, projection: nn.Module) -> Tensor:
    r"""Labels as linear predictions, :math:`\frac1n \|F P - Y\|_F`; F (n, D), Y (n, C), P: (n, D) → (n, C).

    Example:
        >>> regression_loss(torch.eye(4), torch.zeros(4, 4), nn.Identity()).item()
        0.5
    """
    return torch.linalg.matrix_norm(projection(features) - labels) / len(labels)


def invariance_loss(a: Tensor, b: Tensor) -> Tensor:
    r"""Two views of an item are one, :math:`\frac1n \|A - B\|_F`, both (n, D).

    Example:
        >>> invariance_loss(torch.eye(4), torch.zeros(4, 4)).item()
        0.5
    """
    return torch.linalg.matrix_norm(a - b) / len(a)


@dataclass(eq=False)
class DSCMR(DeepBaseline):
    r"""Three losses on the outputs F_v (n, D) of paired items, added up over modalities and their pairs.

    .. math:: \min\; \sum_v \tfrac1n \|F_v P - Y\|_F + \lambda \sum_{v \le u} \mathrm{likelihood}(F_v, F_u)
        + \eta \sum_{v < u} \tfrac1n \|F_v - F_u\|_F

    The encoders' last layer is shared by all modalities, as in the paper.

    Departs from the paper: P (D, C) is learned by the same steps in place of its closed form, and more than two
    modalities add up over pairs. Where pairs have unlike labels (noise), each modality keeps its own.

    Args:
        likelihood_weight: λ.
        invariance_weight: η.

    Source: Zhen, Hu, Wang and Peng, CVPR 2019.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> DSCMR(epochs=5).fit(pairs, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title: ClassVar[str] = "DSCMR"
    needs_pairs: ClassVar[bool] = True
    shares_last: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {"likelihood_weight": [1e-3, 1e-1, 1.0], "invariance_weight": [1e-2, 1e-1]}

    likelihood_weight: float = 1.0
    invariance_weight: float = 1e-2

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        return {"labels": mlp(self.dim, (), self.n_classes_, source)}

    def _losses(self, network: Network, batch: Batch) -> Terms:
        seen = [(network.outputs(name, x), y) for name, (x, y) in batch.items()]
        pairs = list(combinations(seen, 2))
        alike = [likelihood_loss(a, b, related(y, z)) for (a, y), (b, z) in [*pairs, *zip(seen, seen, strict=True)]]
        return {
            "regression": sum(regression_loss(f, y, network.parts["labels"]) for f, y in seen),
            "likelihood": self.likelihood_weight * sum(alike),
            "invariance": self.invariance_weight * sum(invariance_loss(a, b) for (a, _), (b, _) in pairs),
        }

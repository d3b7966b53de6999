"""FGCrossNet's losses: one head for all media; logits that tell classes, are compact in them, and keep apart."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..training.batches import generator
from ..training.watch import Terms
from .deep_sm import label_loss
from .joint import RATES, Batch, DeepBaseline
from .parts import Network, mlp, related


def center_loss(features: Tensor, centers: Tensor) -> Tensor:
    r"""Squared distance to the centre of the class, :math:`\frac1n \sum_i \|Z_i - c_{y_i}\|^2`.

    Args:
        features: Z, (n, C).
        centers: for each row that of its class, (n, C).

    Example:
        >>> center_loss(torch.zeros(2, 2), torch.eye(2)).item()
        1.0
    """
    return (features - centers).square().sum(dim=1).mean()


def quadruplet_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, other: Tensor, margins: tuple[float, float]
) -> Tensor:
    r"""Items of a class nearer than items of two classes, whether the anchor is one of them or not.

    .. math:: \frac1m \sum \big[(d_{ap} - d_{an} + \alpha_1) + (d_{ap} - d_{no} + \alpha_2)\big]_+

    d are Euclidean distances, m counts the quadruplets that are above 0.

    Args:
        anchor: a, (n, C).
        positive: p, (n, C), of the anchor's class.
        negative: n, (n, C), of another class.
        other: o, (n, C), of a class that neither has.
        margins: α₁, α₂.

    Example:
        >>> a, n, o = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
        >>> quadruplet_loss(a, a, n, n, (1.0, 0.5)).item(), quadruplet_loss(a, a, 3 * n, o, (1.0, 0.5)).item()
        (0.5, 0.0)
    """

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return torch.linalg.vector_norm(a - b, dim=1)

    apart = distance(anchor, negative) + distance(negative, other)
    losses = nnf.relu(2 * distance(anchor, positive) - apart + sum(margins))
    return losses.sum() / (losses > 0).sum().clamp(min=1)


def draw_quadruplets(labels: Tensor, source: torch.Generator) -> Tensor:
    """For each item a random positive, negative and other, of any modality: indices (4, m), m ≤ n.

    Items that lack one of the three are left out.

    Example:
        >>> y = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
        >>> draw_quadruplets(y, torch.Generator().manual_seed(0)).T.tolist() in (
        ...     [[0, 1, 2, 3], [1, 0, 2, 3]], [[0, 1, 3, 2], [1, 0, 3, 2]],
        ...     [[0, 1, 2, 3], [1, 0, 3, 2]], [[0, 1, 3, 2], [1, 0, 2, 3]])
        True
    """
    n, same = len(labels), related(labels, labels) > 0
    keys = torch.rand(3, n, n, generator=source).to(
        labels.device
    )  # drawn on the CPU: the same on every device

    def pick(allowed: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        return (key * allowed).argmax(dim=1), allowed.any(dim=1)

    positive, found = pick(same & ~torch.eye(n, dtype=torch.bool, device=labels.device), keys[0])
    negative, known = pick(~same, keys[1])
    other, free = pick(~same & ~same[negative], keys[2])
    chosen = torch.stack([torch.arange(n, device=labels.device), positive, negative, other])
    return chosen[:, found & known & free]


@dataclass(eq=False)
class FGCrossNet(DeepBaseline):
    r"""All media through one head, under three constraints on its logits; items are compared by class posteriors.

    .. math:: \min\; \sum_v \mathrm{CE}(Z_v, Y_v) + \lambda_c\, \mathrm{center}(Z) + \lambda_r\, \mathrm{quadruplet}(Z),
        \qquad z = \mathrm{softmax}(Z)

    Z_v (n, C) are the logits of medium v, Z those of all media in a batch. The centres (C, C) are learned with the
    rest. Needs no pairs.

    Departs from the paper and its code: their uniform network (a ResNet) reads raw media as pictures, all of it shared;
    here an encoder for each modality brings given features to one width, and the two layers after it, up to the logits,
    are shared. Quadruplets are drawn at random, one for each item, where the code takes all of a batch of 16; all three
    constraints work from the start, where the code adds the third in a second training. (The code also gives the
    centres a learning rate of their own, by rescaled gradients, which Adam doesn't notice.)

    Args:
        center_weight: λ_c; 0.001 is the authors'.
        ranking_weight: λ_r; 0.1 is the authors'.
        margins: α₁, α₂; 1 and 0.5 are the authors'.

    Source: He, Peng and Xie, "A New Benchmark and Approach for Fine-grained Cross-media Retrieval", ACM Multimedia
    2019; losses, weights, margins and what is ranked: their code, github.com/PKU-ICST-MIPL/FGCrossNet_ACMMM2019,
    ``train.py``, ``rankingloss.py``, ``centerloss.py`` and ``test.py``.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> FGCrossNet(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 10)
    """

    title: ClassVar[str] = "FGCrossNet"
    shares_last: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {"learning_rate": RATES, "center_weight": [1e-3, 1e-2]}

    center_weight: float = 1e-3
    ranking_weight: float = 0.1
    margins: tuple[float, float] = (1.0, 0.5)

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        self._draws = generator(self.seed, "quadruplets")
        centers = torch.randn(
            self.n_classes_, self.n_classes_, generator=source, dtype=torch.float32
        )
        return {
            "labels": mlp(self.dim, (), self.n_classes_, source),
            "centers": nn.ParameterList([nn.Parameter(centers)]),
        }

    def _logits(self, network: Network, name: str, x: Tensor) -> Tensor:
        return network.parts["labels"](nnf.relu(network.outputs(name, x)))

    def _losses(self, network: Network, batch: Batch) -> Terms:
        seen = [(self._logits(network, name, x), y) for name, (x, y) in batch.items()]
        logits, labels = (torch.cat(rows) for rows in zip(*seen, strict=True))
        (centers,) = network.parts["centers"]
        quadruplets = logits[draw_quadruplets(labels, self._draws)]
        return {
            "label": sum(label_loss(z, y) for z, y in seen),
            "center": self.center_weight
            * center_loss(logits, labels / labels.sum(dim=1, keepdim=True) @ centers),
            "ranking": self.ranking_weight * quadruplet_loss(*quadruplets, self.margins),
        }

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return self._logits(network, name, x).softmax(dim=1)

"""FGCrossNet's losses: one head for all media; features that tell classes, are compact in them, and keep apart."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..stack import Terms
from ..training import generator
from .deep_sm import label_loss
from .joint import Batch, DeepBaseline, Network, mlp, related


def center_loss(features: Tensor, centers: Tensor) -> Tensor:
    r"""Half the squared distance to the centre of the class, :math:`\frac{1}{2n} \sum_i \|F_i - c_{y_i}\|^2`.

    Args:
        features: F, (n, D).
        centers: for each row that of its class, (n, D).

    Example:
        >>> center_loss(torch.zeros(2, 2), torch.eye(2)).item()
        0.5
    """
    return (features - centers).square().sum(dim=1).mean() / 2


def quadruplet_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, other: Tensor, margins: tuple[float, float]
) -> Tensor:
    r"""Items of a class nearer than items of two classes, whether the anchor is one of them or not.

    .. math:: \frac1n \sum \big[d_{ap}^2 - d_{an}^2 + \alpha_1\big]_+ + \big[d_{ap}^2 - d_{on}^2 + \alpha_2\big]_+

    Args:
        anchor: a, (n, D).
        positive: p, (n, D), of the anchor's class.
        negative: n, (n, D), of another class.
        other: o, (n, D), of a class that neither has.
        margins: α₁, α₂.

    Example:
        >>> a, n, o = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
        >>> quadruplet_loss(a, a, n, o, (1.0, 0.5)).item(), quadruplet_loss(a, n, a, a, (1.0, 0.5)).item()
        (0.0, 3.5)
    """
    together = (anchor - positive).square().sum(dim=1)
    for_anchor = nnf.relu(together - (anchor - negative).square().sum(dim=1) + margins[0])
    for_other = nnf.relu(together - (other - negative).square().sum(dim=1) + margins[1])
    return (for_anchor + for_other).mean()


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
    keys = torch.rand(3, n, n, generator=source).to(labels.device)  # drawn on the CPU: the same on every device

    def pick(allowed: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        return (key * allowed).argmax(dim=1), allowed.any(dim=1)

    positive, found = pick(same & ~torch.eye(n, dtype=torch.bool, device=labels.device), keys[0])
    negative, known = pick(~same, keys[1])
    other, free = pick(~same & ~same[negative], keys[2])
    chosen = torch.stack([torch.arange(n, device=labels.device), positive, negative, other])
    return chosen[:, found & known & free]


@dataclass(eq=False)
class FGCrossNet(DeepBaseline):
    r"""All media through one head, under three constraints on its features and logits.

    .. math:: \min\; \mathrm{CE}(F W, Y) + \lambda_c\, \mathrm{center}(F) + \lambda_r\, \mathrm{quadruplet}(F)

    over the items of all media in a batch, F (n, D). Needs no pairs.

    Departs from the paper: its uniform network reads raw media as pictures; here an encoder for each modality brings
    features to one width, and the last layer, the classifier W and the class centres are shared. Features have unit
    length, so that one margin fits all data, and quadruplets are drawn at random. Weights and margins are ours.

    Args:
        center_weight: λ_c.
        ranking_weight: λ_r.
        margins: α₁, α₂.

    Source: He, Peng and Xie, ACM Multimedia 2019.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> FGCrossNet(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title: ClassVar[str] = "FGCrossNet"
    shares_last: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {"center_weight": [0.1, 1.0], "ranking_weight": [0.01, 0.1, 1.0]}

    center_weight: float = 0.1
    ranking_weight: float = 0.1
    margins: tuple[float, float] = (1.0, 0.5)

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        self._draws = generator(self.seed, "quadruplets")
        return {
            "labels": mlp(self.dim, (), self.n_classes_, source),
            "centers": mlp(self.n_classes_, (), self.dim, source),
        }

    def _losses(self, network: Network, batch: Batch) -> Terms:
        rows = torch.cat([network.unit(name, x) for name, (x, _) in batch.items()])
        labels = torch.cat([y for _, y in batch.values()])
        centers = network.parts["centers"](labels / labels.sum(dim=1, keepdim=True))
        a, p, n, o = rows[draw_quadruplets(labels, self._draws)]
        ranking = quadruplet_loss(a, p, n, o, self.margins) if len(a) else 0 * rows.sum()
        return {
            "label": label_loss(network.parts["labels"](rows), labels),
            "center": self.center_weight * center_loss(rows, centers),
            "ranking": self.ranking_weight * ranking,
        }

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return network.unit(name, x)

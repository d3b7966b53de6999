"""FGCrossNet: one head for all media; its logits tell classes, are compact in them, keep apart."""

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..training.batches import generator
from ..training.space import HIDDEN, Log
from .deep_sm import label_loss
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network, distances, mlp, related, shares


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


def quadruplet_loss(a: Tensor, p: Tensor, n: Tensor, o: Tensor, margin: float) -> Tensor:
    r"""Items of a class nearer than items of two classes, whether the anchor is one of them or not.

    .. math:: \frac1m \sum \big[(d_{ap} - d_{an} + \alpha_1) + (d_{ap} - d_{no} + \alpha_2)\big]_+

    d are Euclidean distances, m counts the quadruplets that are above 0.

    Args:
        a: anchors, (n, C).
        p: positives, (n, C), of the anchor's class.
        n: negatives, (n, C), of another class.
        o: others, (n, C), of a class that neither has.
        margin: α₁ + α₂.

    Example:
        >>> a, n, o = torch.zeros(1, 2), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
        >>> quadruplet_loss(a, a, n, n, 1.5).item(), quadruplet_loss(a, a, 3 * n, o, 1.5).item()
        (0.5, 0.0)
    """
    losses = nnf.relu(2 * distances(a, p) - (distances(a, n) + distances(n, o)) + margin)
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
    n = len(labels)
    same = related(labels, labels) > 0
    keys = torch.rand(3, n, n, generator=source).to(labels.device)  # the same on every device

    def pick(allowed: Tensor, key: Tensor) -> tuple[Tensor, Tensor]:
        return (key * allowed).argmax(dim=1), allowed.any(dim=1)

    positive, found = pick(same & ~torch.eye(n, dtype=torch.bool, device=labels.device), keys[0])
    negative, known = pick(~same, keys[1])
    other, free = pick(~same & ~same[negative], keys[2])
    chosen = torch.stack([torch.arange(n, device=labels.device), positive, negative, other])
    return chosen[:, found & known & free]


@dataclass(eq=False)
class FGCrossNet(DeepBaseline):
    r"""All media through one head, with three losses on its logits; class posteriors are compared.

    .. math:: \min\; \sum_v \mathrm{CE}(Z_v, Y_v) + \lambda_c\, \mathrm{center}(Z)
        + \lambda_r\, \mathrm{quadruplet}(Z), \qquad z = \mathrm{softmax}(Z)

    Z_v (n, C) are the logits of medium v, Z those of all media in a batch. The centres (C, C) are
    learned with the rest. Needs no pairs.

    Departs from the paper and its code: their uniform network (a ResNet) reads raw media as
    pictures, all of it shared; here an encoder for each modality brings given features to one
    width, and the two layers after it, up to the logits, are shared. Quadruplets are drawn at
    random, one for each item, where the code takes all of a batch of 16; all three constraints work
    from the start, where the code adds the third in a second training. (The code also gives the
    centres a learning rate of their own, by rescaled gradients, which Adam doesn't notice.)

    Args:
        center_weight: λ_c; 0.001 is the authors'.
        ranking_weight: λ_r; 0.1 is the authors'.
        margins: α₁, α₂; 1 and 0.5 are the authors'.

    Source: He, Peng and Xie, "A New Benchmark and Approach for Fine-grained Cross-media Retrieval",
    ACM Multimedia 2019; losses, weights, margins and what is ranked: their code,
    github.com/PKU-ICST-MIPL/FGCrossNet_ACMMM2019, ``train.py``, ``rankingloss.py``,
    ``centerloss.py`` and ``test.py``.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> FGCrossNet(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 10)
    """

    title = "FGCrossNet"
    unit_rows = False
    shares_last = True
    space = TOGETHER | {
        "hidden": HIDDEN,
        "center_weight": Log(1e-4, 1),
        "ranking_weight": Log(1e-2, 10),
    }

    center_weight: float = 1e-3
    ranking_weight: float = 0.1
    margins: tuple[float, float] = (1.0, 0.5)

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        self._draws = generator(self.seed, "quadruplets")
        classes = self.n_classes_
        centers = torch.randn(classes, classes, generator=source, dtype=torch.float32)
        labels = mlp(self.dim, (), classes, source)
        return {"labels": labels, "centers": nn.ParameterList([centers])}

    def _logits(self, network: Network, F: Tensor) -> Tensor:
        return network.parts["labels"](nnf.relu(F))

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        Z = [self._logits(network, f) for f in F.values()]
        logits = torch.cat(Z)
        labels = torch.cat(list(Y.values()))
        a, p, n, o = logits[draw_quadruplets(labels, self._draws)]
        ranking = quadruplet_loss(a, p, n, o, sum(self.margins))
        (centers,) = network.parts["centers"]
        center = center_loss(logits, shares(labels) @ centers)
        return {
            "label": sum(map(label_loss, Z, Y.values())),
            "center": self.center_weight * center,
            "ranking": self.ranking_weight * ranking,
        }

    def _rows(self, network: Network, name: str, F: Tensor) -> Tensor:
        return self._logits(network, F).softmax(dim=1)

"""Multimodal robust learning (MRL): clusters that trust likely labels, and pairs that need none."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..stack import Terms
from .joint import Batch, DeepBaseline, Network, mlp


def robust_clustering(logits: Tensor, labels: Tensor) -> Tensor:
    r"""RC loss: the log-probability that an item is *not* of its class.

    .. math:: \frac1n \sum_i \log\big(1 - p(y_i \mid x_i)\big), \qquad p = \mathrm{softmax}(Z_i)

    Its gradient by the label's logit is −p, that of cross entropy −(1 − p): likely items lead, where cross entropy
    follows the unlikely ones, which label noise makes.

    Args:
        logits: Z, (n, C).
        labels: Y, (n, C); where an item has several classes, p is the sum over them. Items of all
            classes tell nothing and count as 0.

    Example:
        >>> round(robust_clustering(torch.zeros(1, 4), torch.eye(4)[:1]).item(), 4)  # log(3 / 4)
        -0.2877
    """
    mine = labels > 0
    wrong = logits.masked_fill(mine & ~mine.all(dim=1, keepdim=True), -torch.inf)
    return (wrong.logsumexp(dim=1) - logits.logsumexp(dim=1)).mean()


def contrastive_loss(views: list[Tensor], temperature: float) -> Tensor:
    r"""MC loss: an item's views find each other among all items of a batch.

    .. math:: -\frac1n \sum_{vi} \log \frac{\sum_u \exp(F_{u,i} \cdot F_{v,i} / \tau)}
        {\sum_{uj} \exp(F_{u,j} \cdot F_{v,i} / \tau)}

    Args:
        views: F_v, V unit-row matrices (n, D), row by row the same items.
        temperature: τ.

    Example:
        >>> views = [torch.eye(2), torch.eye(2)]
        >>> round(contrastive_loss(views, 1.0).item(), 4)  # 2 · log(1 + 1 / e)
        0.6265
    """
    n, rows = len(views[0]), torch.cat(views)
    scores = (rows @ rows.T / temperature).unflatten(1, (len(views), n))  # (V n, V, n): of row i, view u, item j
    items = torch.arange(n, device=rows.device).repeat(len(views))
    hits = scores[torch.arange(len(rows), device=rows.device), :, items].logsumexp(dim=1)
    return (scores.flatten(1).logsumexp(dim=1) - hits).sum() / n


@dataclass(eq=False)
class MRL(DeepBaseline):
    r"""Learning with noisy labels: robust clusters and multimodal contrast on unit rows F_v (n, D).

    .. math:: \min\; \beta \sum_v \mathrm{RC}(F_v C^\top / \tau_1, Y_v) + (1 - \beta)\, \mathrm{MC}(F_1, …, F_V)

    The class centres C (C, D) are unit rows, learned, and shared by the modalities. MC needs pairs, no labels.

    Departs from the paper in Adam's rate and in batches, which all compared methods share.

    Args:
        beta: β.
        cluster_temperature: τ₁.
        contrast_temperature: τ₂.

    Source: Hu, Peng, Zhu, Zhen and Lin, CVPR 2021.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> model = MRL(epochs=5, label_noise=0.4).fit(pairs, data.validation)
        >>> model.transform(data.test)["top"].shape
        (250, 256)
    """

    title: ClassVar[str] = "MRL"
    needs_pairs: ClassVar[bool] = True
    grid: ClassVar[dict[str, list]] = {"beta": [0.5, 0.7, 0.9], "cluster_temperature": [0.3, 1.0]}

    beta: float = 0.9
    cluster_temperature: float = 1.0
    contrast_temperature: float = 1.0

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        return {"centers": mlp(self.dim, (), self.n_classes_, source)}

    def _losses(self, network: Network, batch: Batch) -> Terms:
        centers = nnf.normalize(network.parts["centers"][0].weight, dim=1) / self.cluster_temperature
        rows = {name: network.unit(name, x) for name, (x, _) in batch.items()}
        clusters = [robust_clustering(rows[name] @ centers.T, y) for name, (_, y) in batch.items()]
        contrast = contrastive_loss(list(rows.values()), self.contrast_temperature)
        return {"clusters": self.beta * sum(clusters), "contrast": (1 - self.beta) * contrast}

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return network.unit(name, x)

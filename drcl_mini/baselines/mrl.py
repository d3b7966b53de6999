"""Multimodal robust learning (MRL): clusters that trust likely labels, and pairs that need none."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..method.prior import orthogonal_prior
from ..training.space import Choice, Log
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network


def robust_clustering(logits: Tensor, labels: Tensor) -> Tensor:
    r"""RC loss: the log-probability that an item is *not* of its class.

    .. math:: \frac1n \sum_i \log\big(1 - p(y_i \mid x_i)\big), \qquad p = \mathrm{softmax}(Z_i)

    Its gradient by the label's logit is −p, that of cross entropy −(1 − p): likely items lead,
    where cross entropy follows the unlikely ones, which label noise makes.

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
    r"""MC loss: an item's views find each other among all other rows of a batch.

    .. math:: -\frac{2}{V n} \sum_{vi} \log \frac{\sum_{u \ne v} \exp(F_{u,i} \cdot F_{v,i} / \tau)}
        {\sum_{uj \ne vi} \exp(F_{u,j} \cdot F_{v,i} / \tau)}

    No row is compared with itself. For two views the factor is 1/n.

    Args:
        views: F_v, V unit-row matrices (n, D), row by row the same items.
        temperature: τ.

    Example:
        >>> views = [torch.eye(2), torch.eye(2)]
        >>> round(contrastive_loss(views, 1.0).item(), 4)  # 2 · log(1 + 2 / e)
        1.1029
    """
    n = len(views[0])
    rows = torch.cat(views)
    own = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    scores = (rows @ rows.T / temperature).masked_fill(own, -torch.inf)
    scores = scores.unflatten(1, (len(views), n))  # (V n, V, n): of row i, view u, item j
    items = torch.arange(n, device=rows.device).repeat(len(views))
    hits = scores[torch.arange(len(rows), device=rows.device), :, items].logsumexp(dim=1)
    return 2 * (scores.flatten(1).logsumexp(dim=1) - hits).mean()


@dataclass(eq=False)
class MRL(DeepBaseline):
    r"""Learning with noisy labels: robust clusters and multimodal contrast on unit rows F_v (n, D).

    .. math:: \min\; \beta \sum_v \mathrm{RC}(F_v C / \tau_1, Y_v)
        + (1 - \beta)\, \mathrm{MC}(F_1, …, F_V)

    The class centres C (D, C) are unit columns, start orthonormal, are learned, and shared by the
    modalities. MC needs pairs, no labels.

    Follows the authors' code in what the contrast leaves out (a row's similarity to itself) and in
    its factor, 2/(V n). Departs from it: no cosine schedule (the learning rate stays what it is),
    batches and rate are those of all compared methods, the centres are brought to unit length
    inside the loss instead of between steps, and there is a temperature for each loss.

    Args:
        beta: β; the authors' command for Wikipedia has 0.7.
        cluster_temperature: τ₁; 1 is the authors'.
        contrast_temperature: τ; 1 is the authors'.

    Source: Hu, Peng, Zhu, Zhen and Lin, "Learning Cross-Modal Retrieval with Noisy Labels", CVPR
    2021; the contrast, the centres, temperatures and the schedule: their code,
    github.com/penghu-cs/MRL, ``main_noisy.py``, ``src/utils.py`` and README.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> model = MRL(epochs=5, label_noise=0.4).fit(pairs, data.validation)
        >>> model.transform(data.test)["top"].shape
        (250, 256)
    """

    title = "MRL"
    needs_pairs = True
    space = TOGETHER | {"beta": Choice(0.5, 0.7, 0.9, 1.0), "contrast_temperature": Log(0.05, 2)}

    beta: float = 0.9
    cluster_temperature: float = 1.0
    contrast_temperature: float = 1.0

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        start = orthogonal_prior(self.dim, self.n_classes_, source)
        return {"centers": nn.ParameterList([start])}

    def _scaled_centers(self, network: Network) -> Tensor:
        """C / τ₁, with unit columns: (D, C)."""
        (centers,) = network.parts["centers"]
        return nnf.normalize(centers, dim=0) / self.cluster_temperature

    @torch.no_grad()
    def _class_logits(self, name: str, rows: np.ndarray) -> np.ndarray:
        return rows @ self._scaled_centers(self.networks_[name]).cpu().numpy()

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        C = self._scaled_centers(network)
        clusters = [robust_clustering(F[v] @ C, Y[v]) for v in F]
        contrast = contrastive_loss(list(F.values()), self.contrast_temperature)
        return {"clusters": self.beta * sum(clusters), "contrast": (1 - self.beta) * contrast}

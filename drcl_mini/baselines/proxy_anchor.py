"""Proxy-Anchor: one learned proxy for each class, shared by all modalities."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..training.space import Log
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network


def proxy_anchor_loss(
    features: Tensor, labels: Tensor, proxies: Tensor, scale: float, margin: float
) -> Tensor:
    r"""Every proxy pulls the items of its class and pushes all others, the hardest ones most.

    .. math:: \frac{1}{|P^+|} \sum_{p \in P^+} \log\Big(1 + \sum_{x \in p} e^{-\alpha (s_{xp} -
        \delta)}\Big) + \frac1C \sum_p \log\Big(1 + \sum_{x \notin p} e^{\alpha (s_{xp} +
        \delta)}\Big)

    :math:`s_{xp}` is the cosine of item and proxy, :math:`P^+` the proxies with items in the batch.

    Args:
        features: F, (n, D).
        labels: Y, (n, C), one-hot or multi-hot.
        proxies: (C, D).
        scale: α, the inverse temperature.
        margin: δ.

    Example:
        >>> round(proxy_anchor_loss(torch.eye(2), torch.eye(2), torch.eye(2), 1.0, 0.0).item(), 4)
        1.0064
    """
    cosines = nnf.normalize(features, dim=1) @ nnf.normalize(proxies, dim=1).T
    own = labels > 0
    pull = (-scale * (cosines - margin)).masked_fill(~own, -torch.inf)
    push = (scale * (cosines + margin)).masked_fill(own, -torch.inf)
    nothing = cosines.new_zeros(1, cosines.shape[1])  # the 1 of log(1 + …)
    pulled, pushed = (torch.cat([nothing, s]).logsumexp(dim=0) for s in (pull, push))
    return pulled.sum() / own.any(dim=0).sum() + pushed.mean()


@dataclass(eq=False)
class ProxyAnchor(DeepBaseline):
    r"""All modalities learn at once, towards the same proxies (C, D), which learn with them.

    The loss is :func:`proxy_anchor_loss` of a batch of all modalities. Needs no pairs.

    Departs from the paper, which has one modality: the batch holds items of all, and the proxies
    have the encoders' learning rate (there it is a hundred times theirs, which were pre-trained).

    Args:
        scale: α; 32 is the paper's.
        margin: δ; 0.1 is the paper's.

    Source: Kim, Kim, Cho and Kwak, "Proxy Anchor Loss for Deep Metric Learning", CVPR 2020.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> ProxyAnchor(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "Proxy-Anchor"
    space = TOGETHER | {"scale": Log(1, 100)}

    scale: float = 32.0
    margin: float = 0.1

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        proxies = torch.randn(self.n_classes_, self.dim, generator=source)
        return {"proxies": nn.ParameterList([nn.Parameter(proxies)])}

    def _class_logits(self, name: str, rows: np.ndarray) -> np.ndarray:
        (proxies,) = self.networks_[name].parts["proxies"]
        directions = nnf.normalize(proxies.detach(), dim=1).cpu().numpy()
        return self.scale * rows @ directions.T

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        features, labels = torch.cat(list(F.values())), torch.cat(list(Y.values()))
        (proxies,) = network.parts["proxies"]
        return {"anchor": proxy_anchor_loss(features, labels, proxies, self.scale, self.margin)}

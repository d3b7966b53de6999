"""Supervised contrastive learning (SupCon) over all modalities at once."""

from dataclasses import dataclass

import torch
import torch.nn.functional as nnf
from torch import Tensor

from ..training.space import Log
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network, related


def supervised_contrast(features: Tensor, labels: Tensor, temperature: float) -> Tensor:
    r"""Each item should find the others of its class among all items of the batch.

    .. math:: \frac{1}{|I|} \sum_{i \in I} \frac{-1}{|P_i|} \sum_{p \in P_i} \log
        \frac{e^{\cos(F_i, F_p) / \tau}}{\sum_{a \ne i} e^{\cos(F_i, F_a) / \tau}}

    :math:`P_i` are the other items that share a class with i, I those that have any.

    Args:
        features: F, (n, D), of one modality or several.
        labels: Y, (n, C), one-hot or multi-hot.
        temperature: τ.

    Example:
        >>> F = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> Y = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
        >>> round(supervised_contrast(F, Y, 1.0).item(), 4)  # log(1 + 1/e)
        0.3133
    """
    rows = nnf.normalize(features, dim=1)
    itself = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    logits = (rows @ rows.T / temperature).masked_fill(itself, -torch.inf)
    same = related(labels, labels).masked_fill(itself, 0)
    found = logits.log_softmax(dim=1).masked_fill(itself, 0)
    counts = same.sum(dim=1)
    means = (same * found).sum(dim=1) / counts.clamp(min=1)
    return -means.sum() / (counts > 0).sum().clamp(min=1)


@dataclass(eq=False)
class SupCon(DeepBaseline):
    r"""All modalities learn at once: items of a class come together, whatever their modality.

    The loss is :func:`supervised_contrast` of a batch of all modalities, so an item's positives are
    those of its own modality and of the others. Needs no pairs.

    Departs from the paper, which has one modality: two views of a picture are not made, and no
    projection head is thrown away after training.

    Args:
        temperature: τ; 0.1 is the paper's.

    Source: Khosla, Teterwak, Wang, Sarna, Tian, Isola, Maschinot, Liu and Krishnan, "Supervised
    Contrastive Learning", NeurIPS 2020.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> SupCon(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "SupCon"
    space = TOGETHER | {"temperature": Log(0.02, 1)}

    temperature: float = 0.1

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        features, labels = torch.cat(list(F.values())), torch.cat(list(Y.values()))
        return {"contrast": supervised_contrast(features, labels, self.temperature)}

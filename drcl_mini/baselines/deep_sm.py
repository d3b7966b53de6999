"""Deep semantic matching (deep-SM): a classifier for each modality; posteriors are compared."""

from dataclasses import dataclass

import torch.nn.functional as nnf
from torch import Tensor

from .joint import ALONE, DeepBaseline, Named
from .parts import Network, shares


def label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Cross entropy of the labels; an item of several classes belongs to each in equal shares.

    .. math:: -\frac1n \sum_{ic} \frac{Y_{ic}}{\sum_k Y_{ik}} \log \mathrm{softmax}(Z_i)_c

    Args:
        logits: Z, (n, C).
        labels: Y, (n, C), one-hot or multi-hot.

    Example:
        >>> import torch
        >>> y = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
        >>> round(label_loss(torch.zeros(1, 4), y).item(), 4)  # log 4
        1.3863
    """
    return nnf.cross_entropy(logits, shares(labels))


@dataclass(eq=False)
class DeepSM(DeepBaseline):
    r"""Each modality learns, alone, to classify; items are compared by their class posteriors.

    .. math:: \min_{f_v} \mathrm{CE}(f_v(X_v), Y_v), \qquad z = \mathrm{softmax}(f_v(x))

    with f_v: (n, d_v) → (n, C). Needs no pairs: posteriors of all modalities mean the same classes.

    It has no weight of its own to choose, so its grid tries one and two hidden layers.

    Departs from the paper in the networks: features are given, so its convolutional network isn't
    fine-tuned.

    Source: Wei, Zhao, Lu, Wei, Liu, Zhu and Yan, "Cross-Modal Retrieval With CNN Visual Features: A
    New Baseline", IEEE Transactions on Cybernetics 47(2), 2017.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> DeepSM(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 10)
    """

    title = "deep-SM"
    together = False
    unit_rows = False
    space = ALONE

    def _width(self) -> int:
        return self.n_classes_

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        ((v, f),) = F.items()
        return {"label": label_loss(f, Y[v])}

    def _rows(self, network: Network, name: str, F: Tensor) -> Tensor:
        return F.softmax(dim=1)

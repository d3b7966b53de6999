"""MARS: labels as a modality of their own, which the modalities then learn to agree with, one after another."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..stack import Terms
from .deep_sm import label_loss
from .joint import Batch, DeepBaseline, Network, mlp, related


def agreement_loss(features: Tensor, targets: Tensor, same: Tensor, scale: float) -> Tensor:
    r"""Items and labels are alike where they share a class: negative log-likelihood of S.

    .. math:: \frac{1}{nm} \sum_{ij} \log\big(1 + e^{\Gamma_{ij}}\big) - S_{ij} \Gamma_{ij}, \qquad
        \Gamma = s\, F H^\top

    Args:
        features: F, (n, D), unit rows of items.
        targets: H, (m, D), unit rows of labels.
        same: S, (n, m), 1 where row and column share a class.
        scale: s.

    Example:
        >>> round(agreement_loss(torch.eye(2), torch.eye(2), torch.eye(2), 1.0).item(), 4)
        0.5032
    """
    return nnf.binary_cross_entropy_with_logits(scale * features @ targets.T, same)


@dataclass(eq=False)
class MARS(DeepBaseline):
    r"""LabNet h: labels → unit rows (C, D), learned with the first modality; then it guides the others.

    .. math:: \min_{f_v, h, W}\; \mathrm{agreement}(F_v, H) + \mathrm{CE}(F_v W, Y_v) + \mathrm{CE}(H W, Y_v),
        \qquad H = h(Y_v)

    For the first modality all of it is learned; later modalities find h and the classifier W (D, C) frozen, so each
    trains alone and needs no pairs.

    Departs from the paper where its exact terms aren't at hand, and leaves out its modality-exclusive branch: what
    is modelled is LabNet, the shared representation and the classifier.

    Args:
        scale: s, what cosines are multiplied by before the likelihood.

    Source: Wang and Peng, IEEE Transactions on Circuits and Systems for Video Technology, 2021.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> MARS(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title: ClassVar[str] = "MARS"
    together: ClassVar[bool] = False
    grid: ClassVar[dict[str, list]] = {"scale": [1.0, 2.0, 5.0], "learning_rate": [3e-4, 1e-3]}

    scale: float = 1.0

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        if len(self.networks_):
            return {}
        self._guide = nn.ModuleDict(
            {
                "labels": mlp(self.n_classes_, self.hidden, self.dim, source),
                "classes": mlp(self.dim, (), self.n_classes_, source),
            }
        )
        return {"guide": self._guide}

    def _label_rows(self, labels: Tensor) -> Tensor:
        """H = h(Y): (m, C) → unit rows (m, D)."""
        return nnf.normalize(self._guide["labels"](labels), dim=1)

    def _losses(self, network: Network, batch: Batch) -> Terms:
        ((name, (x, y)),) = batch.items()
        rows, targets = network.unit(name, x), self._label_rows(y)
        terms = {
            "agreement": agreement_loss(rows, targets, related(y, y), self.scale),
            "label": label_loss(self._guide["classes"](rows), y),
        }
        if "guide" in network.parts:
            terms["guide"] = label_loss(self._guide["classes"](targets), y)
        return terms

    def _targets(self) -> Tensor:
        with torch.no_grad():
            return self._label_rows(torch.eye(self.n_classes_, device=self._device))

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return network.unit(name, x)

"""MARS: labels as a modality of their own, which the modalities then learn to agree with, one after another."""

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..method.prior import orthogonal_prior
from ..training.batches import generator
from ..training.watch import Terms
from .deep_sm import label_loss
from .dscmr import likelihood_loss
from .joint import RATES, Batch, DeepBaseline
from .parts import Network, mlp, related


@dataclass(eq=False)
class MARS(DeepBaseline):
    r"""LabNet h: labels → rows (C, D), learned with the first modality; then it guides the others.

    .. math:: \min_{f_v, h}\; \ell(H, F_v) + \ell(F_v, F_v) + \ell(H, H) + \alpha\, \mathrm{CE}(F_v W, Y_v),
        \qquad H = h(Y_v)

    ℓ is :func:`drcl_mini.baselines.dscmr.likelihood_loss` with twice the cosine as the logit, F_v (n, D) are unit rows,
    and W (D, C) is a random orthogonal prior that is never trained, one for all. Later modalities find h frozen, so
    ℓ(H, H) is no term of theirs; each trains alone and needs no pairs. Items are compared by F_v.

    Departs from the authors' code, which this follows else: its modality-exclusive branch (a second last layer, whose
    confidence under W is held down with a weight of 0.5, later 0.2) is left out; H are the labels of the same batch,
    not of another one drawn beside it; LabNet is that of the first modality's best epoch, not its last, and has the
    encoders' hidden widths.

    Args:
        alpha: α; 1 is the authors'.

    Source: Wang and Peng, "MARS: Learning Modality-Agnostic Representation for Scalable Cross-Media Retrieval", IEEE
    Transactions on Circuits and Systems for Video Technology, 2021; the terms, their weights and W: their code,
    github.com/PKU-ICST-MIPL/MARS_TCSVT2021, ``MARS.py``, ``model.py`` and ``main_MARS.py``.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> MARS(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title: ClassVar[str] = "MARS"
    together: ClassVar[bool] = False
    grid: ClassVar[dict[str, list]] = {"learning_rate": RATES, "alpha": [1.0, 10.0]}

    alpha: float = 1.0

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        if len(self.networks_):
            return {}
        start = generator(self.seed, "start")
        self.prior_ = orthogonal_prior(self.dim, self.n_classes_, start).to(self._device)
        self._guide = mlp(self.n_classes_, self.hidden, self.dim, source)
        return {"guide": self._guide}

    def _label_rows(self, labels: Tensor) -> Tensor:
        """H = h(Y): (m, C) → unit rows (m, D)."""
        return nnf.normalize(self._guide(labels), dim=1)

    def _losses(self, network: Network, batch: Batch) -> Terms:
        ((name, (x, y)),) = batch.items()
        rows, targets, same = network.unit(name, x), self._label_rows(y), related(y, y)
        terms = {
            "agreement": likelihood_loss(targets, rows, same, 2.0)
            + likelihood_loss(rows, rows, same, 2.0),
            "label": self.alpha * label_loss(rows @ self.prior_, y),
        }
        if "guide" in network.parts:
            terms["guide"] = likelihood_loss(targets, targets, same, 2.0)
        return terms

    def _targets(self) -> Tensor:
        with torch.no_grad():
            return self._label_rows(
                torch.eye(self.n_classes_, dtype=torch.float32, device=self._device)
            )

    def _rows(self, network: Network, name: str, x: Tensor) -> Tensor:
        return network.unit(name, x)

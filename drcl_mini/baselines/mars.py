"""MARS: labels as a modality of their own, with which the modalities learn to agree, one by one."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..method.prior import orthogonal_prior
from ..training.batches import generator
from ..training.space import Log
from .deep_sm import label_loss
from .dscmr import likelihood_loss
from .joint import ALONE, DeepBaseline, Named
from .parts import Network, mlp, related


@dataclass(eq=False)
class MARS(DeepBaseline):
    r"""LabNet h: labels → rows (C, D), learned with the first modality; then it guides the others.

    .. math:: \min_{f_v, h}\; \ell(H, F_v) + \ell(F_v, F_v) + \ell(H, H)
        + \alpha\, \mathrm{CE}(F_v W, Y_v), \qquad H = h(Y_v)

    ℓ is :func:`drcl_mini.baselines.dscmr.likelihood_loss` with twice the cosine as the logit, F_v
    (n, D) are unit rows, and W (D, C) is a random orthogonal prior that is never trained, one for
    all. Later modalities find h frozen, so ℓ(H, H) is no term of theirs; each trains alone and
    needs no pairs. Items are compared by F_v.

    Departs from the authors' code, which this follows else: its modality-exclusive branch (a second
    last layer, whose confidence under W is held down with a weight of 0.5, later 0.2) is left out;
    H are the labels of the same batch, not of another one drawn beside it; LabNet is that of the
    first modality's best epoch, not its last, and has the encoders' hidden widths.

    Args:
        alpha: α; 1 is the authors'.

    Source: Wang and Peng, "MARS: Learning Modality-Agnostic Representation for Scalable Cross-Media
    Retrieval", IEEE Transactions on Circuits and Systems for Video Technology, 2021; the terms,
    their weights and W: their code, github.com/PKU-ICST-MIPL/MARS_TCSVT2021, ``MARS.py``,
    ``model.py`` and ``main_MARS.py``.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> MARS(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "MARS"
    together = False
    space = ALONE | {"alpha": Log(0.1, 100)}

    alpha: float = 1.0

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        if self.networks_:
            return {}
        start = generator(self.seed, "start")
        self.prior_ = orthogonal_prior(self.dim, self.n_classes_, start).to(self._device)
        self.guide_ = mlp(self.n_classes_, self.hidden, self.dim, source)
        return {"guide": self.guide_}

    def _label_rows(self, labels: Tensor) -> Tensor:
        """H = h(Y): (m, C) → unit rows (m, D)."""
        return nnf.normalize(self.guide_(labels), dim=1)

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        ((v, f),) = F.items()
        y = Y[v]
        h = self._label_rows(y)
        same = related(y, y)
        agreement = likelihood_loss(h, f, same, 2.0) + likelihood_loss(f, f, same, 2.0)
        terms = {"agreement": agreement, "label": self.alpha * label_loss(f @ self.prior_, y)}
        if "guide" in network.parts:
            terms["guide"] = likelihood_loss(h, h, same, 2.0)
        return terms

    def _class_logits(self, name: str, rows: np.ndarray) -> np.ndarray:
        return rows @ self.prior_.cpu().numpy()

    @torch.no_grad()
    def targets(self) -> Tensor:
        return self._label_rows(super().targets())

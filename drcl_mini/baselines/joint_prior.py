"""One W that all modalities learn together: normalised softmax (NormSoftmax)."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..method.prior import orthogonal_prior
from ..training.space import Log
from .deep_sm import label_loss
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network


@dataclass(eq=False)
class JointPrior(DeepBaseline):
    r"""What DRCL's prior would be if all modalities learned it at once, by their labels alone.

    .. math:: \min_{f, W} \sum_v \mathrm{CE}\big(F_v \hat W / \tau, Y_v\big)

    F_v (n, D) are unit rows, Ŵ is W (D, C) with unit columns. W starts as DRCL's does, with
    orthonormal columns. It is the simplest method in which modalities share a learned W: no
    selection, no recasting, no augmentation. Needs no pairs, but all modalities at once.

    Departs from the paper, which has one modality and balances the classes of a batch.

    Args:
        temperature: τ; 0.05 is the paper's.

    Source: Zhai and Wu, "Classification is a Strong Baseline for Deep Metric Learning", BMVC 2019.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> JointPrior(epochs=5).fit(data.train, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "joint W"
    space = TOGETHER | {"temperature": Log(0.02, 1)}

    temperature: float = 0.05

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        start = orthogonal_prior(self.dim, self.n_classes_, source)
        return {"prior": nn.ParameterList([nn.Parameter(start)])}

    def logits(self, network: Network, features: Tensor) -> Tensor:
        """Unit rows F (n, D) → F Ŵ / τ, (n, C)."""
        (prior,) = network.parts["prior"]
        return features @ nnf.normalize(prior, dim=0) / self.temperature

    @torch.no_grad()
    def _class_logits(self, name: str, rows: np.ndarray) -> np.ndarray:
        features = torch.from_numpy(rows).to(self._device)
        return self.logits(self.networks_[name], features).cpu().numpy()

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        return {f"label of {v}": label_loss(self.logits(network, f), Y[v]) for v, f in F.items()}

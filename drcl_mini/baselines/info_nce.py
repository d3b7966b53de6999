"""InfoNCE with a learned temperature, as CLIP trains pictures and texts, on pairs."""

import math
from dataclasses import dataclass
from itertools import combinations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..training.space import Log
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network

MOST = math.log(100.0)
"""The logarithm of the greatest inverse temperature, as in CLIP."""


def pair_contrast(a: Tensor, b: Tensor, scale: Tensor) -> Tensor:
    r"""Each row should find its partner among all rows of the other side, and the other way round.

    .. math:: \frac12 \big(\mathrm{CE}(s\,\hat A \hat B^\top, I) +
        \mathrm{CE}(s\,\hat B \hat A^\top, I)\big)

    Args:
        a: A, (n, D), and its rows' partners
        b: B, (n, D); both are brought to unit rows.
        scale: s, the inverse temperature.

    Example:
        >>> round(pair_contrast(torch.eye(2), torch.eye(2), torch.tensor(1.0)).item(), 4)
        0.3133
    """
    logits = scale * nnf.normalize(a, dim=1) @ nnf.normalize(b, dim=1).T
    partner = torch.arange(len(a), device=a.device)
    return (nnf.cross_entropy(logits, partner) + nnf.cross_entropy(logits.T, partner)) / 2


@dataclass(eq=False)
class InfoNCE(DeepBaseline):
    r"""Partners come together, all else in the batch apart; the temperature is learned.

    The sum of :func:`pair_contrast` over pairs of modalities. Labels play no part but in making
    pairs, where a data set has none: then a partner is a random item of the class, and other items
    of that class in the batch are pushed away.

    Departs from the paper: encoders of given features, batches of 128 instead of 32,768.

    Args:
        temperature: 1/s at the start; 0.07 is the paper's.

    Source: van den Oord, Li and Vinyals, "Representation Learning with Contrastive Predictive
    Coding", 2018; the learned temperature, its limit and both directions: Radford et al., "Learning
    Transferable Visual Models From Natural Language Supervision", ICML 2021.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> InfoNCE(epochs=5).fit(pairs, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "InfoNCE"
    needs_pairs = True
    space = TOGETHER | {"temperature": Log(0.02, 1)}

    temperature: float = 0.07

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        start = torch.tensor(-math.log(self.temperature))
        return {"scale": nn.ParameterList([nn.Parameter(start)])}

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        (scale,) = network.parts["scale"]
        with torch.no_grad():  # the parameter itself, so that it can come back
            scale.clamp_(max=MOST)
        s = scale.exp()
        return {"contrast": sum(pair_contrast(F[v], F[u], s) for v, u in combinations(F, 2))}

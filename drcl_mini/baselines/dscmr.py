"""Deep supervised cross-modal retrieval (DSCMR): labels from the common space, pairs together."""

from dataclasses import dataclass
from itertools import combinations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..training.space import HIDDEN, Log
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network, distances, mlp, related


def likelihood_loss(a: Tensor, b: Tensor, same: Tensor, scale: float) -> Tensor:
    r"""Negative log-likelihood of "same class", of which a multiple of the cosine is the logit.

    .. math:: \frac{1}{nm} \sum_{ij} \log\big(1 + e^{\Gamma_{ij}}\big) - S_{ij} \Gamma_{ij}, \qquad
        \Gamma_{ij} = s\, \cos(A_i, B_j)

    Args:
        a: A, (n, D).
        b: B, (m, D).
        same: S, (n, m), 1 where row and column share a class.
        scale: s, what a cosine is multiplied by.

    Example:
        >>> round(likelihood_loss(torch.eye(2), torch.eye(2), torch.eye(2), 0.5).item(), 4)
        0.5836
    """
    cosines = nnf.normalize(a, dim=1) @ nnf.normalize(b, dim=1).T
    return nnf.binary_cross_entropy_with_logits(scale * cosines, same)


@dataclass(eq=False)
class DSCMR(DeepBaseline):
    r"""Three losses on the outputs F_v (n, D) of paired items, added up over modalities and pairs.

    .. math:: \min\; \sum_v \tfrac1n \sum_i \|P^\top F_{v,i} + b - Y_i\|_2
        + \lambda \sum_{v \le u} \mathrm{likelihood}(F_v, F_u)
        + \eta \sum_{v < u} \tfrac1n \sum_i \|F_{v,i} - F_{u,i}\|_2

    The likelihood's logits are half the cosines. The encoders' last layer is shared by all
    modalities, as are P (D, C) and b (C,), which are learned with the rest.

    Follows the authors' code, where the first and the third term are mean lengths of rows, as here;
    the paper writes them as Frobenius norms over n, :math:`\tfrac1n \|\cdot\|_F`, which weigh them
    less by a factor of about √n. Departs from both: more than two modalities add up over pairs;
    where pairs have unlike labels (noise), each modality keeps its own; items of several classes
    are alike or not (the code counts the classes they share).

    Args:
        likelihood_weight: λ; 1e-3 is the authors'.
        invariance_weight: η; 1e-1 is the authors'.

    Source: Zhen, Hu, Wang and Peng, "Deep Supervised Cross-Modal Retrieval", CVPR 2019; the terms
    and their weights: their code, github.com/penghu-cs/DSCMR, ``train_model.py``, ``main.py`` and
    ``model.py``.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> DSCMR(epochs=5).fit(pairs, data.validation).transform(data.test)["top"].shape
        (250, 256)
    """

    title = "DSCMR"
    needs_pairs = True
    unit_rows = False
    shares_last = True
    space = TOGETHER | {
        "hidden": HIDDEN,
        "likelihood_weight": Log(1e-4, 10),
        "invariance_weight": Log(1e-3, 10),
    }

    likelihood_weight: float = 1e-3
    invariance_weight: float = 1e-1

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        return {"labels": mlp(self.dim, (), self.n_classes_, source)}

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        labels = network.parts["labels"]
        pairs = list(combinations(F, 2))
        every = pairs + [(v, v) for v in F]
        alike = [likelihood_loss(F[v], F[u], related(Y[v], Y[u]), 0.5) for v, u in every]
        errors = [distances(labels(F[v]), Y[v]).mean() for v in F]
        gaps = [distances(F[v], F[u]).mean() for v, u in pairs]
        return {
            "regression": sum(errors),
            "likelihood": self.likelihood_weight * sum(alike),
            "invariance": self.invariance_weight * sum(gaps),
        }

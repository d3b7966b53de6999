"""Adversarial cross-modal retrieval (ACMR): embeddings that tell the class but not the modality."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..training.space import Log
from .deep_sm import label_loss
from .joint import TOGETHER, DeepBaseline, Named
from .parts import Network, mlp, related


def reverse(features: Tensor, strength: float) -> Tensor:
    """The features as they are, but gradients through them are multiplied by −strength.

    What comes after learns as usual; what comes before learns the opposite.

    Example:
        >>> x = torch.tensor([2.0], requires_grad=True)
        >>> y = reverse(x, 0.5)
        >>> (3 * y).backward()
        >>> y.item(), x.grad.item()
        (2.0, -1.5)
    """
    return features.detach() * (1 + strength) - strength * features


def triplet_loss(a: Tensor, b: Tensor, same: Tensor, margin: float) -> Tensor:
    r"""Items of the anchor's class come near, items of other classes keep away.

    .. math:: \frac{1}{|P|} \sum_{ij \in P} d(a_i, b_j)
        + \frac{1}{|N|} \sum_{ik \in N} \max\big(0, \mu - d(a_i, b_k)\big), \quad
        d(a, b) = \|a - b\|_2

    with P the pairs that share a class and N the others. A triplet (i, j, k) adds its two
    distances, so the sum over triplets of a batch falls apart into these two.

    Args:
        a: A, anchors (n, D).
        b: B, items (m, D) of another modality.
        same: (n, m), 1 where row and column share a class.
        margin: μ.

    Example:
        >>> a = torch.eye(2)
        >>> round(triplet_loss(a, a, a, 2.0).item(), 4)  # 2 − √2
        0.5858
    """
    squares = a.square().sum(dim=1, keepdim=True) + b.square().sum(dim=1)
    d = (squares - 2 * a @ b.T).clamp(min=1e-12).sqrt()  # the root has no slope at 0
    near = (d * same).sum() / same.sum().clamp(min=1)
    far = (nnf.relu(margin - d) * (1 - same)).sum() / (1 - same).sum().clamp(min=1)
    return near + far


@dataclass(eq=False)
class ACMR(DeepBaseline):
    r"""Encoders against a modality classifier D, which they mislead while it learns.

    .. math:: \min_{f, W} \max_D\; \alpha \sum_{v \ne u} \mathrm{triplet}(F_v, F_u)
        + \beta \sum_v \mathrm{CE}(F_v W, Y_v) - \gamma \sum_v \mathrm{CE}(D(F_v), v)

    F_v (n, D) are unit rows, W (D, C) is shared. One step serves both sides: D's gradient is turned
    around where it reaches the encoders. The paper pairs an image with its text, but its triplets
    ask for the class alone, so here positives and negatives are all items of a batch by class, and
    no pairs are needed.

    Departs from the paper and its code: F_v are unit rows of ReLU networks with D = ``dim`` (there
    outputs of tanh networks, of any length, D = 40); the triplets are all of a batch, and near and
    far weigh alike (there a paired positive, a weight λ, and in the code the negative most like the
    anchor and 5 on the positive distance); the label loss has weight β = 1 (there 100); γ is
    constant (there it grows from 0 to 1 over the epochs); both sides take each step together; no
    weight decay; and more than two modalities make the classifier of modalities one of V.

    Args:
        alpha: α, weight of the triplets.
        beta: β, weight of the labels.
        gamma: γ, weight of the adversary.
        margin: μ.

    Source: Wang, Yang, Xu, Hanjalic and Shen, "Adversarial Cross-Modal Retrieval", ACM Multimedia
    2017; what departs is as seen in their code, github.com/sunpeng981712364/ACMR_demo,
    ``models/adv_crossmodal_triplet_wiki.py``.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = ACMR(epochs=5).fit(data.train, data.validation)
        >>> sorted(model.history_[0])
        ['adversary', 'epoch', 'label', 'total', 'triplet', 'validation_map']
    """

    title = "ACMR"
    space = TOGETHER | {"alpha": Log(1e-2, 10), "gamma": Log(1e-2, 10)}

    alpha: float = 0.1
    beta: float = 1.0
    gamma: float = 0.1
    margin: float = 1.0

    def _parts(self, names: tuple[str, ...], source: torch.Generator) -> dict[str, nn.Module]:
        return {
            "labels": mlp(self.dim, (), self.n_classes_, source),
            "modality": mlp(self.dim, (64,), len(names), source),
        }

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        labels = network.parts["labels"]
        modality = network.parts["modality"]
        pairs = permutations(F, 2)
        triplets = [triplet_loss(F[v], F[u], related(Y[v], Y[u]), self.margin) for v, u in pairs]
        classes = [label_loss(labels(F[v]), Y[v]) for v in F]
        guesses = [modality(reverse(f, self.gamma)) for f in F.values()]
        truth = [torch.full((len(z),), v, device=z.device) for v, z in enumerate(guesses)]
        return {
            "triplet": self.alpha * sum(triplets),
            "label": self.beta * sum(classes),
            # γ is in the reversal: the classifier itself learns at full weight
            "adversary": sum(map(nnf.cross_entropy, guesses, truth)),
        }

    @torch.no_grad()
    def _class_logits(self, name: str, rows: np.ndarray) -> np.ndarray:
        features = torch.from_numpy(rows).to(self._device)
        return self.networks_[name].parts["labels"](features).cpu().numpy()

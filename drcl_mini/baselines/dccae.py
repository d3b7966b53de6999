"""Deep canonically correlated autoencoders (DCCAE): DCCA whose outputs restore the inputs."""

from dataclasses import dataclass

import torch.nn.functional as nnf
from torch import Generator, nn

from ..training.space import Log
from .dcca import DCCA
from .joint import Named
from .parts import Network, mlp


@dataclass(eq=False)
class DCCAE(DCCA):
    r"""DCCA with a decoder g_v for each modality, (n, k) → (n, d_v), its encoder's mirror image.

    .. math:: \min_{f, g} -\sum_{v < u} \mathrm{corr}\big(f_v(X_v), f_u(X_u)\big)
        + \lambda \sum_v \frac{1}{n d_v} \big\| g_v(f_v(X_v)) - X_v \big\|_F^2

    As with DCCA, the loss uses pairs and no labels; pairs that :func:`class_pairs` makes are made
    from labels.

    Departs from the paper: the error is a mean over features too, so that λ means the same for any
    d_v; X_v are the standardised features; a ridge in units of the outputs' variance; no
    pre-training, no weight decay.

    Args:
        weight: λ.

    Source: Wang, Arora, Livescu and Bilmes, "On Deep Multi-View Representation Learning", ICML
    2015.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> model = DCCAE(epochs=2).fit(pairs, data.validation)
        >>> sorted(model.history_[0])
        ['correlation', 'epoch', 'reconstruction', 'total', 'validation_map']
    """

    title = "DCCAE"
    space = DCCA.space | {"weight": Log(1e-2, 10)}

    weight: float = 1.0

    def _parts(self, names: tuple[str, ...], source: Generator) -> dict[str, nn.Module]:
        decoders = [mlp(self.dim, self.hidden[::-1], self.widths_[v], source) for v in names]
        return {"decoders": nn.ModuleList(decoders)}

    def losses(self, network: Network, X: Named, Y: Named, F: Named) -> Named:
        decoders = zip(network.parts["decoders"], X, strict=True)
        errors = [nnf.mse_loss(g(F[v]), X[v]) for g, v in decoders]
        correlation = super().losses(network, X, Y, F)
        return {**correlation, "reconstruction": self.weight * sum(errors)}

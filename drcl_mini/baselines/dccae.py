"""Deep canonically correlated autoencoders (DCCAE): DCCA whose outputs must also tell the inputs."""

from dataclasses import dataclass
from typing import ClassVar

import torch.nn.functional as nnf
from torch import Generator, nn

from ..training.watch import Terms
from .dcca import DCCA
from .joint import RATES, Batch
from .parts import Network, mlp


@dataclass(eq=False)
class DCCAE(DCCA):
    r"""DCCA with a decoder g_v for each modality, (n, k) → (n, d_v), shaped like its encoder turned around.

    .. math:: \min_{f, g} -\sum_{v < u} \mathrm{corr}\big(f_v(X_v), f_u(X_u)\big)
        + \lambda \sum_v \frac{1}{n d_v} \big\| g_v(f_v(X_v)) - X_v \big\|_F^2

    As with DCCA, the loss uses pairs and no labels; pairs that :func:`class_pairs` makes are made from labels.

    Departs from the paper: the error is a mean over features too, so that λ means the same for any d_v; X_v are the
    standardised features; a ridge in units of the outputs' variance; no pre-training, no weight decay.

    Args:
        weight: λ.

    Source: Wang, Arora, Livescu and Bilmes, "On Deep Multi-View Representation Learning", ICML 2015.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> pairs = drcl_mini.baselines.class_pairs(data.train)
        >>> model = DCCAE(epochs=2).fit(pairs, data.validation)
        >>> sorted(model.history_[0])
        ['correlation', 'epoch', 'reconstruction', 'total', 'validation_map']
    """

    title: ClassVar[str] = "DCCAE"
    grid: ClassVar[dict[str, list]] = {"learning_rate": RATES, "weight": [0.1, 1.0]}

    weight: float = 1.0

    def _parts(self, names: tuple[str, ...], source: Generator) -> dict[str, nn.Module]:
        decoders = [mlp(self.dim, self.hidden[::-1], self.widths_[name], source) for name in names]
        return {"decoders": nn.ModuleList(decoders)}

    def _losses(self, network: Network, batch: Batch) -> Terms:
        outputs = {name: network.outputs(name, x) for name, (x, _) in batch.items()}
        decoded = zip(network.parts["decoders"], batch.items(), strict=True)
        errors = [nnf.mse_loss(decoder(outputs[name]), x) for decoder, (name, (x, _)) in decoded]
        return {
            "correlation": self._correlation(outputs),
            "reconstruction": self.weight * sum(errors),
        }

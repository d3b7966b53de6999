"""One encoder per modality: an MLP onto the unit sphere of the common space."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..training.rows import LazyRows, lazy_statistics, standardised
from ..training.settings import Settings


class Encoder(nn.Module):
    r"""f_v: features (n, d_v) → unit rows (n, D).

    Linear – ReLU for each hidden width, a last Linear without bias, then L2 normalisation. The last
    weight starts uniform in :math:`\pm 1/\sqrt{d_v}`, the others as PyTorch's default, :math:`\pm
    1/\sqrt{\text{fan in}}`. All numbers are drawn from ``source`` on the CPU, so a seed means the
    same encoder on every device.

    Args:
        d: feature dimension d_v.
        hidden: hidden widths.
        dim: D, the dimension of the common space.
        source: where to draw the random start.
        mean: (d_v,) to subtract from the input; ``None`` leaves it raw.
        scale: (d_v,) to divide it by.

    Example:
        >>> encoder = Encoder(3, (8,), 4, torch.Generator().manual_seed(0))
        >>> encoder(torch.ones(2, 3)).norm(dim=1).round(decimals=4).tolist()
        [1.0, 1.0]
    """

    def __init__(
        self,
        d: int,
        hidden: tuple[int, ...],
        dim: int,
        source: torch.Generator,
        mean: Tensor | None = None,
        scale: Tensor | None = None,
    ) -> None:
        super().__init__()
        widths = [d, *hidden, dim]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            last = len(layers) == 2 * len(hidden)
            # skip_init keeps the global random state untouched.
            layer = nn.utils.skip_init(
                nn.Linear, fan_in, fan_out, bias=not last, dtype=torch.float32
            )
            for parameter in layer.parameters():
                bound = 1 / math.sqrt(d if last else fan_in)
                nn.init.uniform_(parameter, -bound, bound, generator=source)
            layers += [layer] if last else [layer, nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        # Compute the layers in bfloat16 where gradients are wanted, that is in training.
        self.bfloat16 = False
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    @property
    def widths(self) -> list[int]:
        """d, the hidden widths, D."""
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        return [linear[0].in_features, *(layer.out_features for layer in linear)]

    def forward(self, x: Tensor) -> Tensor:
        x = standardised(x, self.mean, self.scale)
        halved = self.bfloat16 and torch.is_grad_enabled()
        with torch.autocast(x.device.type, torch.bfloat16, enabled=halved):
            outputs = self.layers(x.to_dense() if halved and x.is_sparse else x)
        return nnf.normalize(outputs.to(x.dtype), dim=1)


def build_encoder(features: Tensor, settings: Settings, source: torch.Generator) -> Encoder:
    """A fresh encoder for training features X (n, d), on their device, as the settings say."""
    mean = scale = None
    if settings.standardise and isinstance(features, LazyRows):
        mean, scale = lazy_statistics(features)
    elif settings.standardise:
        variance, mean = torch.var_mean(features, dim=0, correction=0)
        scale = variance.sqrt()
        tiny = torch.finfo(variance.dtype).tiny
        lost = (variance < tiny) | variance.isinf()  # squares that float32 can't hold
        if lost.any():
            scale[lost] = features[:, lost].double().std(dim=0, correction=0).to(scale)
    if scale is not None:
        scale[scale <= 1e-6 * mean.abs()] = 1  # a constant feature stays 0
    encoder = Encoder(features.shape[1], settings.hidden, settings.dim, source, mean, scale)
    encoder.bfloat16 = settings.precision == "bfloat16"
    return encoder.to(features.device)

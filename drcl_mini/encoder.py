"""One encoder per modality: an MLP onto the unit sphere of the common space."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from .settings import Settings


class Encoder(nn.Module):
    r"""f_v: features (n, d_v) → unit rows (n, D).

    Linear – ReLU for each hidden width, a last Linear without bias, then L2 normalisation. The last weight
    starts uniform in :math:`\pm 1/\sqrt{d_v}`, the others as PyTorch's default, :math:`\pm 1/\sqrt{\text{fan in}}`.
    All numbers are drawn from ``source`` on the CPU, so a seed means the same encoder on every device.

    Args:
        d: feature dimension d_v.
        hidden: hidden widths.
        dim: D, the dimension of the common space.
        source: where to draw the random start.
        features: training features (n, d_v) whose mean and standard deviation standardise the input;
            ``None`` leaves it raw.

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
        features: Tensor | None = None,
    ) -> None:
        super().__init__()
        widths = [d, *hidden, dim]
        layers: list[nn.Module] = []
        for fan_in, fan_out in pairwise(widths):
            last = len(layers) == 2 * len(hidden)
            # skip_init keeps the global random state untouched.
            layer = nn.utils.skip_init(nn.Linear, fan_in, fan_out, bias=not last)
            for parameter in layer.parameters():
                bound = 1 / math.sqrt(d if last else fan_in)
                nn.init.uniform_(parameter, -bound, bound, generator=source)
            layers += [layer] if last else [layer, nn.ReLU()]
        self.layers = nn.Sequential(*layers)
        mean, scale = torch.zeros(d), torch.ones(d)
        if features is not None:
            mean = features.double().mean(dim=0).float()
            scale = features.double().std(dim=0, correction=0).float()
            scale[scale < 1e-6 * (mean.abs() + 1e-30)] = 1  # a constant feature stays 0
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    @property
    def widths(self) -> list[int]:
        """d, the hidden widths, D."""
        linear = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        return [linear[0].in_features, *(layer.out_features for layer in linear)]

    def forward(self, x: Tensor) -> Tensor:
        return nnf.normalize(self.layers((x - self.mean) / self.scale), dim=1)


def build_encoder(features: Tensor, settings: Settings, source: torch.Generator) -> Encoder:
    """A fresh encoder for training features X (n, d), on their device, as the settings say."""
    seen = features if settings.standardise else None
    return Encoder(features.shape[1], settings.hidden, settings.dim, source, seen).to(features.device)

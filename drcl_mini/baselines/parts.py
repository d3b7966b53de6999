"""What the deep compared methods are made of: layers, networks, and terms of their losses."""

import math
from itertools import pairwise

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..method.encoder import Encoder


def linear_layer(d: int, out: int, source: torch.Generator, bias: bool = True) -> nn.Linear:
    """A layer that starts as PyTorch's do, uniform in ±1/√d, but drawn from ``source``.

    Example:
        >>> linear_layer(4, 2, torch.Generator().manual_seed(0)).weight.abs().max().item() < 0.5
        True
    """
    layer = nn.utils.skip_init(nn.Linear, d, out, bias=bias, dtype=torch.float32)
    for parameter in layer.parameters():
        nn.init.uniform_(parameter, -1 / math.sqrt(d), 1 / math.sqrt(d), generator=source)
    return layer


def mlp(d: int, hidden: tuple[int, ...], out: int, source: torch.Generator) -> nn.Sequential:
    """Linear – ReLU for each hidden width and a last Linear; each starts as :func:`linear_layer`.

    Example:
        >>> mlp(3, (8,), 2, torch.Generator().manual_seed(0))(torch.ones(5, 3)).shape
        torch.Size([5, 2])
    """
    layers = []
    for fan_in, fan_out in pairwise([d, *hidden, out]):
        layers += [linear_layer(fan_in, fan_out, source), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def related(a: Tensor, b: Tensor) -> Tensor:
    """Which rows of labels (n, C) and (m, C) share a class: 0 or 1, (n, m), in the labels' dtype.

    Example:
        >>> related(torch.eye(2), torch.tensor([[1.0, 1.0], [0.0, 1.0]])).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    return (a @ b.T > 0).to(a)


def shares(labels: Tensor) -> Tensor:
    r"""Labels (n, C) with rows that add up to 1, :math:`Y_{ic} / \sum_k Y_{ik}`.

    Example:
        >>> shares(torch.tensor([[1.0, 1.0, 0.0, 0.0]])).tolist()
        [[0.5, 0.5, 0.0, 0.0]]
    """
    return labels / labels.sum(dim=1, keepdim=True)


def distances(a: Tensor, b: Tensor) -> Tensor:
    r"""How far each row is from its partner, :math:`\|A_i - B_i\|_2`: (n, D) twice → (n,).

    Example:
        >>> distances(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.zeros(2, 2)).tolist()
        [5.0, 0.0]
    """
    return torch.linalg.vector_norm(a - b, dim=1)


def regularised(scatter: Tensor, ridge: float) -> Tensor:
    """B + r · (trace B / k) · I of a (k, k) matrix B, as the linear methods have it.

    The ridge is in units of B's mean eigenvalue, so longer outputs don't make it smaller.

    Example:
        >>> regularised(torch.diag(torch.tensor([1.0, 3.0])), 0.5).tolist()
        [[2.0, 0.0], [0.0, 4.0]]
    """
    return scatter + ridge * scatter.trace() / len(scatter) * torch.eye(len(scatter)).to(scatter)


class Network(nn.Module):
    """The encoders of some modalities, and what else a method trains: features (n, d) → F (n, D).

    Args:
        encoders: by modality; their layers and their standardisation are used.
        parts: the rest. One named ``last`` is a layer that all modalities share: it comes after the
            encoders' layers and a ReLU.
        unit: whether rows of F have length 1.
    """

    def __init__(self, encoders: dict[str, Encoder], parts: dict, unit: bool) -> None:
        super().__init__()
        self.encoders = encoders
        self.registered = nn.ModuleList(encoders.values())  # ModuleDict refuses some names
        self.parts = nn.ModuleDict(parts)
        self.unit = unit

    def standard(self, name: str, x: Tensor) -> Tensor:
        """Features as the encoder sees them, (n, d)."""
        encoder = self.encoders[name]
        return x if encoder.mean is None else (x - encoder.mean) / encoder.scale

    def outputs(self, name: str, x: Tensor) -> Tensor:
        """Standardised features (n, d) → F (n, D)."""
        rows = self.encoders[name].layers(x)
        if "last" in self.parts:
            rows = self.parts["last"](nnf.relu(rows))
        return nnf.normalize(rows, dim=1) if self.unit else rows

    def forward(self, name: str, x: Tensor) -> Tensor:
        """Features (n, d) → F (n, D)."""
        return self.outputs(name, self.standard(name, x))

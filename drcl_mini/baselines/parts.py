"""What the deep compared methods are made of: layers, networks, and what several of their losses share."""

import math
from collections.abc import Mapping
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
    """Linear – ReLU for each hidden width and a last Linear, each as :func:`linear_layer` starts it.

    Example:
        >>> mlp(3, (8,), 2, torch.Generator().manual_seed(0))(torch.ones(5, 3)).shape
        torch.Size([5, 2])
    """
    layers = [
        layer
        for a, b in pairwise([d, *hidden, out])
        for layer in (linear_layer(a, b, source), nn.ReLU())
    ]
    return nn.Sequential(*layers[:-1])


def related(a: Tensor, b: Tensor) -> Tensor:
    """Which rows of labels (n, C) and (m, C) share a class: 0 or 1, (n, m), in the labels' dtype.

    Example:
        >>> related(torch.eye(2), torch.tensor([[1.0, 1.0], [0.0, 1.0]])).tolist()
        [[1.0, 0.0], [1.0, 1.0]]
    """
    return (a @ b.T > 0).to(a)


def mean_distance(a: Tensor, b: Tensor) -> Tensor:
    r"""How far rows are from their partners on average, :math:`\frac1n \sum_i \|A_i - B_i\|_2`, both (n, D).

    Example:
        >>> mean_distance(torch.tensor([[3.0, 4.0], [0.0, 0.0]]), torch.zeros(2, 2)).item()
        2.5
    """
    return torch.linalg.vector_norm(a - b, dim=1).mean()


def regularised(scatter: Tensor, ridge: float) -> Tensor:
    """B + r · (trace B / k) · I of a (k, k) matrix B, as the linear methods have it.

    The ridge is in units of B's mean eigenvalue, so networks don't get around it with longer outputs.

    Example:
        >>> regularised(torch.diag(torch.tensor([1.0, 3.0])), 0.5).tolist()
        [[2.0, 0.0], [0.0, 4.0]]
    """
    return scatter + ridge * scatter.trace() / len(scatter) * torch.eye(len(scatter)).to(scatter)


class Network(nn.Module):
    """Encoders by modality, without their last normalisation, and what else a method trains (``parts``).

    A part named ``last`` is a layer that all modalities share: it comes after the encoders' outputs and a ReLU.
    """

    def __init__(self, encoders: Mapping[str, Encoder], parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.names = list(encoders)  # a list beside it, since ModuleDict refuses some names
        self.encoders, self.parts = nn.ModuleList(encoders.values()), nn.ModuleDict(parts)

    def standard(self, name: str, x: Tensor) -> Tensor:
        """Features as the encoder sees them, (n, d)."""
        encoder = self.encoders[self.names.index(name)]
        return x if encoder.mean is None else (x - encoder.mean) / encoder.scale

    def outputs(self, name: str, x: Tensor) -> Tensor:
        """Standardised features (n, d) → rows (n, D) of any length."""
        rows = self.encoders[self.names.index(name)].layers(x)
        return self.parts["last"](nnf.relu(rows)) if "last" in self.parts else rows

    def unit(self, name: str, x: Tensor) -> Tensor:
        """Standardised features (n, d) → unit rows (n, D)."""
        return nnf.normalize(self.outputs(name, x), dim=1)

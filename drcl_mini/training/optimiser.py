"""The optimiser of every loop."""

from collections.abc import Iterable
from typing import Any

import torch

from .settings import Settings


def adam(
    parameters: Iterable[Any], rate: float, settings: Settings, **more: Any
) -> torch.optim.AdamW:
    r"""AdamW with the settings' betas and weight decay λ; without λ it is Adam.

    .. math:: \theta \leftarrow (1 - \eta \lambda)\, \theta
        - \eta\, \hat m / (\sqrt{\hat v} + \epsilon)

    Args:
        parameters: what is trained, or groups of it.
        rate: η, the learning rate.
        settings: betas and weight decay.
        more: of :class:`torch.optim.AdamW`.

    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019.
    """
    decay = settings.weight_decay
    return torch.optim.AdamW(
        parameters, rate, settings.betas, weight_decay=decay, fused=True, **more
    )

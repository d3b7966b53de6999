"""RSC as one writes it in PyTorch at first: what the speed of the package's trainer is compared with.

Data stay on the host, and each batch is copied to the device; Adam as PyTorch gives it; the loss is read after each
step; each epoch ends with the loss and the mAP of the whole validation split, and the best weights are kept.
"""

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from ..method.losses import (
    generalized_cross_entropy,
    inter_modal_consistency,
    intra_modal_consistency,
    recast_mse,
)
from ..retrieval.metrics import mean_average_precision
from ..training.batches import batches, generator
from ..training.settings import Settings

Pair = tuple[Tensor, Tensor]


def plain_training(
    network: nn.Sequential,
    data: Pair,
    validation: Pair,
    prior: Tensor,
    settings: Settings,
    modality: str,
    report: Callable[[dict[str, Any]], None] = lambda record: None,
) -> None:
    """Train one modality's network, in place, against the frozen prior.

    With the start and the seed of the package's trainer it takes the same steps, in float32, and ends with the epoch
    of the lowest validation loss.

    Args:
        network: the layers of an encoder without the normalisation, on the device to train on.
        data: features X (n, d), raw, and labels Y (n, C) on the host.
        validation: the same two of the validation split.
        prior: W (D, C), on the device.
        settings: epochs, batches, rates and weights of the losses.
        modality: its name, which seeds the order of the samples.
        report: told each epoch's record.
    """
    features, labels = data
    inverse = torch.linalg.pinv(prior)
    optimiser = torch.optim.Adam(
        network.parameters(), lr=settings.rate(modality), betas=settings.betas
    )
    source = generator(settings.seed, "batches", modality)

    def total(f: Tensor, y: Tensor, q: float) -> Tensor:
        targets = y @ inverse
        consistency = intra_modal_consistency(targets, f) + inter_modal_consistency(targets, f)
        label = generalized_cross_entropy(f @ prior, y, q)
        return (
            settings.alpha * consistency
            + settings.beta * recast_mse(targets, f)
            + settings.eta * label
        )

    best, kept = math.inf, network.state_dict()
    for epoch in range(1, settings.epochs + 1):
        q, losses = settings.q(epoch), []
        for index, partner in batches(
            len(features), settings.batch_size, settings.drop_last, source
        ):
            x, y = features[index].to(prior.device), labels[index].to(prior.device)
            partner = partner.to(prior.device)
            f = nnf.normalize(network(x), dim=1)
            f = settings.gamma * f + (1 - settings.gamma) * f[partner]
            y = settings.gamma * y + (1 - settings.gamma) * y[partner]
            loss = total(f, y, q)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        with torch.no_grad():
            x, y = validation[0].to(prior.device), validation[1].to(prior.device)
            f = nnf.normalize(network(x), dim=1)
            held = total(f, y, q).item()
            score = mean_average_precision(y @ inverse, y.long(), f, y.long())
        if held < best:
            best, kept = held, deepcopy(network.state_dict())
        mean = sum(losses) / len(losses)
        report({"epoch": epoch, "total": mean, "validation_loss": held, "validation_map": score})
    network.load_state_dict(kept)

"""RSC as one writes it in PyTorch at first: the program that ``released-epoch`` compares with.

Losses, augmentation and batches are the package's own. What its trainer does in another way is
written out: data stay on the host and each batch is copied to the device; Adam is PyTorch's
default; the loss is read after each step; each epoch ends with the loss and the mAP of the whole
validation split, and the best weights are copied.
"""

import math
from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor

from ..data.split import Split
from ..method.augmentation import augment
from ..method.consistency import consistency_losses
from ..method.encoder import Encoder
from ..method.recasting import pseudo_inverse
from ..retrieval.metrics import mean_average_precision
from ..training.batches import batches, generator
from ..training.settings import Settings
from .measure import Row, pair


def plain_training(
    encoder: Encoder,
    train: Split,
    validation: Split,
    prior: Tensor,
    settings: Settings,
    modality: str,
    report: Callable[[Row], None],
) -> None:
    """Train one modality's encoder, in place, against the frozen prior.

    In float32 it takes the steps of :func:`drcl_mini.method.consistency.fit_encoder`, and ends with
    the epoch of the lowest validation loss.

    Args:
        encoder: from :func:`.fresh_encoder`.
        train: what to learn from.
        validation: what picks the epoch.
        prior: W (D, C), on the device.
        settings: epochs, batches, rates and weights of the losses.
        modality: its name, which seeds the order of the samples.
        report: called with each epoch's record.
    """
    X, Y = pair(train, modality)
    W, W_plus, s, device = prior, pseudo_inverse(prior), settings, prior.device
    adam = torch.optim.Adam(encoder.parameters(), s.rate(modality), s.betas)
    source = generator(s.seed, "batches", modality)
    best, kept = math.inf, encoder.state_dict()
    for epoch in range(1, s.epochs + 1):
        q, losses = s.q(epoch), []
        for i, partner in batches(len(X), s.batch_size, s.drop_last, source):
            x, y = X[i].to(device), Y[i].to(device)
            mixed = augment(encoder(x), y, s.gamma, partner.to(device))
            loss = consistency_losses(*mixed, W, W_plus, q, s.weights)["total"]
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item())
        with torch.no_grad():
            x, y = pair(validation, modality, device)
            F = encoder(x)
            held = consistency_losses(F, y, W, W_plus, q, s.weights)["total"].item()
            score = mean_average_precision(y @ W_plus, y.long(), F, y.long())
        if held < best:
            best, kept = held, deepcopy(encoder.state_dict())
        mean = sum(losses) / len(losses)
        report({"epoch": epoch, "total": mean, "validation_loss": held, "validation_map": score})
    encoder.load_state_dict(kept)

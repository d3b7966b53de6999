"""What picks the best epoch on validation data: the loss, or an mAP of one modality alone."""

import torch
from torch import Tensor

from ..retrieval.metrics import average_precision, mean_average_precision
from ..retrieval.ranking import BLOCK, ranking_keys, rounded, row_sorter, unit_rows


def target_map(features: Tensor, labels: Tensor, inverse: Tensor) -> Tensor:
    """mAP with each recast label as a query and a modality's items as gallery.

    A perfect second modality would query like that. The score needs one modality only, so it can
    watch an encoder that is trained alone.

    Args:
        features: F, (…, n, D), of one run or of many.
        labels: Y, (n, C); every different row is one query.
        inverse: W⁺, (…, C, D).

    Returns:
        float64 (…).

    Example:
        >>> import torch
        >>> target_map(torch.eye(2), torch.eye(2), torch.eye(2)).item()
        1.0
    """
    queries = labels.unique(dim=0)
    gallery = unit_rows(features).mT
    sort = row_sorter(features.device)
    index = torch.arange(len(labels), device=features.device) << 1
    scores = []
    for part in queries.split(max(1, BLOCK // (32 * gallery[..., 0, :].numel()))):
        cosines = unit_rows(part @ inverse) @ gallery
        # The key's last bit is the relevance, so that sorting the keys ranks it.
        keys = ranking_keys(rounded(cosines), index | (part @ labels.T > 0))
        ranked = sort(keys.flatten(0, -2)).view(keys.shape) & 1
        scores.append(average_precision(ranked.bool()))
    return torch.cat(scores, dim=-1).mean(dim=-1)


def monitored_map(features: Tensor, labels: Tensor, inverse: Tensor) -> Tensor:
    """The mAP that picks the epoch: :func:`target_map`, or :func:`item_map` with new classes.

    Args:
        features: F, (n, D), of validation items.
        labels: Y, (n, C) or wider, where some are of classes that training lacks.
        inverse: W⁺, (C, D).
    """
    known = labels[:, : inverse.shape[-2]]
    found = known.any(dim=1).all()
    return target_map(features, known, inverse) if found else item_map(features, labels)


def item_map(features: Tensor, labels: Tensor) -> Tensor:
    """mAP with each item as a query and the others as gallery; it needs no class of training.

    Args:
        features: F, (n, D).
        labels: Y, (n, C); items that share a class are relevant to each other.

    Example:
        >>> y = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
        >>> item_map(torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 1.0]]), y).item()
        1.0
    """
    task = features, labels.cpu(), features, labels.cpu()
    found = mean_average_precision(*task, leave_self_out=True, no_match="zero")
    return torch.tensor(found, dtype=torch.float64)


RANKS = {
    None: None,
    "loss": lambda record: -record["validation_loss"],
    # A GPU adds in any order: rounded, equal ones stay equal.
    "map": lambda record: round(record["validation_map"], 9),
}
"""What ``settings.monitor`` makes of a record: the greatest picks the epoch."""

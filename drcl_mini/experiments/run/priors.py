"""Priors that several tasks share are learned once in a process, such as those of an ablation."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from ...data.dataset import MultimodalDataset
from ...many import fit_many
from ...method.estimator import DRCL
from ...method.prior import select_prior

SHAPING = (
    *("hidden", "dim", "standardise", "selection", "keep_best_prior", "prior_first_epoch"),
    *("prior_epochs", "prior_learning_rate", "betas", "weight_decay", "batch_size", "drop_last"),
    *("q_rate", "class_weight", "label_noise", "precision", "seed", "device", "threads"),
)
"""The settings that a learned prior depends on."""


class Learned(NamedTuple):
    """What SPL learned on each modality."""

    priors: dict[str, Tensor]
    """W (D, C) by modality."""
    scores: dict[str, float]
    """Quality scores by modality."""


_KEPT: dict[tuple, Learned] = {}


def fit_sharing(models: Sequence[DRCL], data: MultimodalDataset, memory: int | None = None) -> None:
    """:func:`drcl_mini.fit_many`, without learning again what models of this data set learned.

    Priors that all settings of :data:`SHAPING` agree on are the same to the last bit, so a model
    takes those of an earlier one. They are kept for one data set at a time.

    Args:
        models: unfitted.
        data: what to learn from.
        memory: bytes that a stack may take.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> first, second = (DRCL(dim=16, prior_epochs=2, epochs=1, gamma=g) for g in (0.9, 1.0))
        >>> fit_sharing([first], data)
        >>> fit_sharing([second], data)
        >>> bool((first.prior_ == second.prior_).all())
        True
        >>> [record["stage"] for record in second.history_]
        ['consistency', 'consistency']
    """
    for key in [key for key in _KEPT if key[0] is not data]:
        del _KEPT[key]
    found = [_KEPT.get(_key(model, data)) for model in models]
    sources = [
        None if known is None else _source(model, known)
        for model, known in zip(models, found, strict=True)
    ]
    priors = [source and found[i].priors[source] for i, source in enumerate(sources)]
    try:
        fit_many(models, data.train, data.validation, priors, memory)
    finally:
        for model, known, source in zip(models, found, sources, strict=True):
            if source:
                model.priors_, model.quality_scores_ = dict(known.priors), dict(known.scores)
                model.prior_source_ = source
            elif set(getattr(model, "priors_", ())) == set(data.train.modalities):
                kept = Learned(dict(model.priors_), dict(model.quality_scores_))
                _KEPT[_key(model, data)] = kept


def _key(model: DRCL, data: MultimodalDataset) -> tuple:
    return data, *(str(getattr(model.settings, name)) for name in SHAPING)


def _source(model: DRCL, known: Learned) -> str | None:
    """The modality whose prior a model takes; ``None`` for a prior that no data shape."""
    prior = model.settings.prior
    if prior == "selected":
        return select_prior(known.scores)
    return prior if prior in known.priors else None

"""Evaluation: every ordered pair of modalities, several cut-offs, one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import torch

from ..core.checks import check_integer, check_mapping, suggest
from ..core.devices import resolve_device, room_for
from ..core.tables import check_features
from ..data.split import Split
from .metrics import mean_average_precision, query_precisions
from .ranking import BLOCK


@dataclass(frozen=True, repr=False)
class Evaluation:
    """mAP of every task, an ordered pair of modalities; prints as a table.

    Args:
        scores: {(query modality, gallery modality): {k: mAP}}; k is ``None`` for all.
    """

    scores: Mapping[tuple[str, str], Mapping[int | None, float]]

    def mean(self, k: int | None = None) -> float:
        """Mean mAP@k over the tasks.

        Raises:
            ValueError: this k was not scored.
        """
        known = next(iter(self.scores.values()))
        if k not in known:
            raise ValueError(f"mAP@{k} was not scored: {suggest(k, known)}")
        return sum(task[k] for task in self.scores.values()) / len(self.scores)

    def records(self) -> list[dict[str, Any]]:
        """One record per task and cut-off: query, gallery, k (``"all"`` or a number), map."""
        return [
            {"query": query, "gallery": gallery, "k": "all" if k is None else k, "map": value}
            for (query, gallery), task in self.scores.items()
            for k, value in task.items()
        ]

    def __repr__(self) -> str:
        cuts = list(next(iter(self.scores.values())))
        rows = [(f"{query} → {gallery}", task) for (query, gallery), task in self.scores.items()]
        rows.append(("mean", {k: self.mean(k) for k in cuts}))
        width = max(len(name) for name, _ in rows)
        heads = ["mAP@all" if k is None else f"mAP@{k}" for k in cuts]
        lines = [" " * width + "".join(f"{head:>9}" for head in heads)]
        for name, task in rows:
            lines.append(f"{name:<{width}}" + "".join(f"{task[k]:9.4f}" for k in cuts))
        return "\n".join(lines)


def evaluate(
    model_or_embeddings: Any,
    split: Split,
    k: Sequence[int | None] = (None, 50),
    *,
    no_match: str | None = None,
    device: str = "cpu",
    memory: int = BLOCK,
) -> Evaluation:
    """mAP of every ordered pair of different modalities, at each cut-off.

    Queries and gallery are all items of the split. An item is relevant if its class is the query's
    (multi-hot labels: if they share one).

    Args:
        model_or_embeddings: something with ``transform``, or its result: {modality: (n, D)}.
        split: features and labels; the features don't matter where embeddings are given.
        k: cut-offs; ``None`` is all.
        no_match: queries without a relevant item count as ``"zero"``, or are left out
            (``"skip"``); ``None``: as zero, with a warning.
        device: where to rank and score.
        memory: about how many bytes one block of queries may take.

    Raises:
        ValueError: fewer than two modalities, a bad k, or embeddings that don't fit the split.

    Example:
        >>> split = Split({"a": [[0.0], [1.0]], "b": [[0.0], [1.0]]}, {"a": [0, 1], "b": [0, 1]})
        >>> print(evaluate({"a": [[1, 0], [0, 1]], "b": [[2, 1], [1, 2]]}, split, k=[None]))
               mAP@all
        a → b   1.0000
        b → a   1.0000
        mean    1.0000
    """
    if not isinstance(split, Split):
        kind = type(split).__name__
        raise ValueError(f"split is {kind}, expected a drcl_mini.Split(features, labels)")
    cuts = [check_integer(cut, "k", optional=True) for cut in ([k] if np.ndim(k) == 0 else k)]
    names = split.modalities
    if len(names) < 2:
        raise ValueError(f"cross-modal evaluation needs two modalities, the split has {names}")
    if hasattr(model_or_embeddings, "transform"):
        embeddings = model_or_embeddings.transform(split)
    else:
        embeddings = check_mapping(model_or_embeddings, "embeddings")
    target = resolve_device(device)
    checked = {}
    for name in names:
        if name not in embeddings:
            raise ValueError(f"no embeddings of modality {name!r}: {suggest(name, embeddings)}")
        rows = check_features(embeddings[name], name)
        labels = len(split.labels[name])
        if len(rows) != labels:
            raise ValueError(f"{len(rows)} embeddings of {name!r} for {labels} labels")
        with room_for(f"embeddings of {name!r}", target):
            checked[name] = torch.from_numpy(rows).to(target)
    scores = {}
    for a, b in permutations(names, 2):
        task = checked[a], split.labels[a], checked[b], split.labels[b]
        values = mean_average_precision(*task, cuts, no_match=no_match, memory=memory)
        scores[a, b] = dict(zip(cuts, values, strict=True))
    return Evaluation(scores)


def item_precisions(embeddings: Mapping[str, Any], split: Split) -> dict[str, np.ndarray]:
    """Average precision of each item as a query: (n,) by modality, mean over the other modalities.

    Their mean over items, then over modalities, is the mean mAP@all of :func:`evaluate`, where
    queries without a relevant item count as zero. What resamples test items needs these.

    Args:
        embeddings: (n, D) by modality, as ``transform`` gives them.
        split: the labels.

    Example:
        >>> split = Split({"a": [[0.0], [1.0]], "b": [[0.0], [1.0]]}, {"a": [0, 1], "b": [0, 1]})
        >>> item_precisions({"a": [[1, 0], [0, 1]], "b": [[1, 0], [1, 1]]}, split)["a"].tolist()
        [1.0, 1.0]
    """
    y, found = split.labels, {}
    for a in split.modalities:
        others = [b for b in split.modalities if b != a]
        tasks = [(embeddings[a], y[a], embeddings[b], y[b]) for b in others]
        found[a] = np.mean([query_precisions(*task, no_match="zero") for task in tasks], axis=0)
    return found

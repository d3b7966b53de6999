"""Pairs: are there any, and how to make some where there are none."""

import numpy as np

from ..data.split import Split


def check_pairs(split: Split, title: str) -> None:
    """Row i of each modality must be the same item: at least sizes and labels must agree.

    Raises:
        ValueError: they don't; says how to make pairs.
    """
    first, *others = split.modalities
    for other in others:
        a, b = split.labels[first], split.labels[other]
        if not np.array_equal(a, b):
            sizes = f"{len(a)} items of {first!r} and {len(b)} of {other!r} don't pair"
            reason = ": their labels differ row by row" if len(a) == len(b) else ""
            advice = "class_pairs(split) pairs within classes"
            raise ValueError(f"{title} needs pairs, but {sizes}{reason}; {advice}")


def class_pairs(split: Split, seed: int = 0) -> Split:
    """Pair items of the same class at random, so that row i has one class in all modalities.

    For each class every modality's items are shuffled and repeated until they are as many as in the
    modality that has most, so no item is left out. Classes that a modality lacks are left out; C
    stays as it is.

    Raises:
        ValueError: multi-hot labels, or no class that all modalities have.

    Example:
        >>> x = {"a": [[1.0], [2.0], [3.0]], "b": [[4.0], [5.0]]}
        >>> pairs = class_pairs(Split(x, {"a": [0, 1, 1], "b": [1, 0]}))
        >>> pairs.labels["a"].tolist() == pairs.labels["b"].tolist(), len(pairs.features["b"])
        (True, 3)
    """
    split = split.encoded(split.values, split.names).dense()
    if any(y.ndim == 2 for y in split.labels.values()):
        raise ValueError("class_pairs needs one class an item, the labels are multi-hot")
    source = np.random.default_rng(seed)
    shared = sorted(set.intersection(*(set(y.tolist()) for y in split.labels.values())))
    if not shared:
        raise ValueError("no class is in all modalities: nothing to pair")
    rows: dict[str, list[int]] = {name: [] for name in split.modalities}
    for c in shared:
        members = {m: source.permutation(np.flatnonzero(y == c)) for m, y in split.labels.items()}
        most = max(map(len, members.values()))
        for name, items in members.items():
            rows[name].extend(np.resize(items, most))
    order = source.permutation(len(rows[split.modalities[0]]))
    chosen = {name: np.array(items)[order] for name, items in rows.items()}
    features = {name: split.features[name][items] for name, items in chosen.items()}
    labels = {name: split.labels[name][items] for name, items in chosen.items()}
    return Split(features, labels, split.names, split.columns)

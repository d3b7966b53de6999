"""Cross-validation: each sample of a split serves once for validation, and else for training."""

import warnings
from collections.abc import Iterator

import numpy as np

from ..core.checks import check_integer, warn
from .split import Split


def folds(split: Split, n: int = 5, seed: int = 0) -> Iterator[tuple[Split, Split]]:
    """Training and validation splits, n of each: every sample is held out once.

    Each modality is divided on its own, its classes spread evenly over the parts (scikit-learn's
    ``StratifiedKFold``; ``KFold`` for multi-hot labels). Modalities with the same labels in the
    same order are divided alike, so pairs stay together. With one class a sample, training always
    has every class: a class with a single sample is never held out.

    Args:
        split: what to divide; tables larger than memory stay where they are.
        n: how many parts.
        seed: of the random order.

    Raises:
        ValueError: not a split, or a modality with too few samples for n parts.

    Example:
        A search over settings by validation mAP, as scikit-learn's ``GridSearchCV`` does it:

        >>> from sklearn.model_selection import ParameterGrid
        >>> from drcl_mini import DRCL, load_dataset
        >>> data = load_dataset("digits-halves")
        >>> def validation_map(settings):
        ...     model = DRCL(prior_epochs=2, epochs=2, seed=0, **settings)
        ...     parts = folds(data.train, 3)
        ...     return np.mean([model.fit(train, held).score(held) for train, held in parts])
        >>> max(ParameterGrid({"learning_rate": [1e-6, 1e-3]}), key=validation_map)
        {'learning_rate': 0.001}
    """
    if not isinstance(split, Split):
        expected = "expected a drcl_mini.Split(features, labels)"
        raise ValueError(f"split is {type(split).__name__}, {expected}")
    n = check_integer(n, "n", least=2)
    seed = check_integer(seed, "seed", least=0, most=2**32 - 1)
    held = {name: _parts(split, name, n, seed) for name in split.modalities}
    return (_divided(split, {name: parts[i] for name, parts in held.items()}) for i in range(n))


def _parts(split: Split, name: str, n: int, seed: int) -> list[np.ndarray]:
    """For each part, the samples of a modality that are held out: indices, ascending."""
    from sklearn.model_selection import KFold, StratifiedKFold

    y = split.labels[name]
    if len(y) < n:
        raise ValueError(f"n is {n}, but {name!r} has {len(y)} samples only: take fewer parts")
    if y.ndim == 2:
        return [held for _, held in KFold(n, shuffle=True, random_state=seed).split(y)]
    classes, counts = np.unique(y, return_counts=True)
    if counts.max() < n:
        most = f"no class of {name!r} has more than {counts.max()} samples"
        raise ValueError(f"n is {n}, but {most}: take fewer parts")
    if counts.min() < n:
        rare = classes[counts.argmin()]
        told = f"class {split.classes[rare] if split.classes else str(rare)!r}"
        few = f"{told} has fewer samples of {name!r} ({counts.min()}) than there are parts ({n})"
        warn(f"{few}: not every validation part has it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # sklearn's, of rare classes
        parts = list(StratifiedKFold(n, shuffle=True, random_state=seed).split(y, y))
    single = classes[counts == 1]
    return [held[~np.isin(y[held], single)] for _, held in parts]


def _divided(split: Split, held: dict[str, np.ndarray]) -> tuple[Split, Split]:
    """The samples that aren't held out, and those that are."""
    rest = {}
    for name, out in held.items():
        rest[name] = np.delete(np.arange(len(split.labels[name])), out)
    return split.take(rest), split.take(held)

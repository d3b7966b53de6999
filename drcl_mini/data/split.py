"""One split of the data: named modalities, each with its own features and labels; unpaired."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.checks import check_features, check_labels, check_mapping, check_name, suggest


@dataclass(frozen=True, eq=False)
class Split:
    """Features and labels of several modalities that need not be paired: sizes may differ.

    Args:
        features: for each modality v, X_v of shape (n_v, d_v); kept as float32.
        labels: for each modality, integers: class indices y_v (n_v,) or multi-hot Y_v (n_v, C).

    Raises:
        ValueError: bad values, other lengths, or modalities that differ between the two.

    Example:
        >>> split = Split({"image": [[0.0, 1.0], [1.0, 0.0]], "text": [[1.0, 2.0, 3.0]]},
        ...               {"image": [0, 1], "text": [1]})
        >>> split
        Split(image: 2 × 2, text: 1 × 3; 2 classes)
    """

    features: Mapping[str, np.ndarray]
    labels: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        features = check_mapping(self.features, "features")
        labels = check_mapping(self.labels, "labels")
        if set(features) != set(labels):
            odd = sorted(set(features) ^ set(labels))[0]
            raise ValueError(f"modality {odd!r} has features or labels, but not both")
        checked = {name: check_features(x, name) for name, x in features.items()}
        tidy = {name: check_labels(labels[name], name, len(x)) for name, x in checked.items()}
        if len({y.shape[1:] for y in tidy.values()}) > 1:
            shapes = ", ".join(f"{name} {y.shape}" for name, y in tidy.items())
            raise ValueError(f"labels differ in kind or number of columns: {shapes}")
        object.__setattr__(self, "features", checked)
        object.__setattr__(self, "labels", tidy)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in their order."""
        return tuple(self.features)

    @property
    def n_classes(self) -> int:
        """C: the number of columns of multi-hot labels, or the largest class index plus one."""
        return max(y.shape[1] if y.ndim == 2 else int(y.max()) + 1 for y in self.labels.values())

    def only(self, *modalities: str) -> "Split":
        """The same split with just the named modalities.

        Example:
            >>> Split({"a": [[1.0]], "b": [[2.0]]}, {"a": [0], "b": [0]}).only("b").modalities
            ('b',)
        """
        for name in modalities:
            if check_name(name, "only(name, …)") not in self.features:
                raise ValueError(f"unknown modality {name!r}: {suggest(name, self.features)}")
        features = {name: self.features[name] for name in modalities}
        return Split(features, {name: self.labels[name] for name in modalities})

    def __repr__(self) -> str:
        sizes = [f"{name}: {len(x)} × {x.shape[1]}" for name, x in self.features.items()]
        return f"Split({', '.join(sizes)}; {self.n_classes} classes)"


def split_off(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Split off a share of each class, up to rounding; the first part keeps every class.

    Raises:
        ValueError: the share isn't between 0 and 1, or leaves nothing.
    """
    if not 0 < share < 1:
        expected = "a share between 0 and 1, or features and labels"
        raise ValueError(f"validation is {share}, expected {expected}")
    kept: tuple[dict, dict] = {}, {}
    held: tuple[dict, dict] = {}, {}
    for modality, x in split.features.items():
        y = split.labels[modality]
        order = np.random.default_rng(seed).permutation(len(x))
        first = y if y.ndim == 1 else y.argmax(axis=1)
        by_class = order[np.argsort(first[order], kind="stable")]
        # Samples evenly spaced in the order of the classes.
        taken = np.diff(np.floor(share * np.arange(len(x) + 1) + 1e-9)) > 0
        member = y[by_class, None] == np.unique(y) if y.ndim == 1 else y[by_class] > 0
        for mine in member.T:
            if taken[mine].all():
                taken[np.flatnonzero(mine)[:1]] = False  # training may not lose a class
        if not taken.any():
            told = f"a share of {share} of {len(x)} samples of {modality!r} leaves none"
            raise ValueError(f"validation: {told}")
        for (features, labels), chosen in ((kept, ~taken), (held, taken)):
            rows = np.sort(by_class[chosen])
            features[modality] = x[rows]
            labels[modality] = y[rows]
    return Split(*kept), Split(*held)

"""One split of the data: named modalities, unpaired, each with features and labels of its own."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..core.checks import check_features, check_labels, check_mapping, check_name, nearest


@dataclass(frozen=True, eq=False)
class Split:
    """Features and labels of several modalities that need not be paired: sizes may differ.

    Args:
        features: for each modality v, X_v of shape (n_v, d_v); kept as float32.
        labels: for each modality, class indices y_v (n_v,) or multi-hot rows Y_v (n_v, C); integers.

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
        widths = {y.shape[1:] for y in tidy.values()}
        if len(widths) > 1:
            shapes = ", ".join(f"{name} {y.shape}" for name, y in tidy.items())
            raise ValueError(
                f"labels differ in kind or in number of classes between modalities: {shapes}"
            )
        object.__setattr__(self, "features", checked)
        object.__setattr__(self, "labels", tidy)

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in their order."""
        return tuple(self.features)

    @property
    def n_classes(self) -> int:
        """Number of classes C: the width of multi-hot labels, or the largest class index plus one."""
        return max(y.shape[1] if y.ndim == 2 else int(y.max()) + 1 for y in self.labels.values())

    def only(self, *modalities: str) -> "Split":
        """The same split with just the named modalities.

        Example:
            >>> Split({"a": [[1.0]], "b": [[2.0]]}, {"a": [0], "b": [0]}).only("b").modalities
            ('b',)
        """
        for name in modalities:
            if check_name(name, "only(name, …)") not in self.features:
                raise ValueError(f"unknown modality {name!r}: {nearest(name, self.features)}")
        return Split(
            {m: self.features[m] for m in modalities}, {m: self.labels[m] for m in modalities}
        )

    def __repr__(self) -> str:
        sizes = ", ".join(
            f"{name}: {x.shape[0]} × {x.shape[1]}" for name, x in self.features.items()
        )
        return f"Split({sizes}; {self.n_classes} classes)"


def split_off(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Two splits of one, the second with that share of every class, up to rounding; the first has every class."""
    if not 0 < share < 1:
        raise ValueError(
            f"validation is {share}, expected a share between 0 and 1, or features and labels"
        )
    halves: list[tuple[dict, dict]] = [({}, {}), ({}, {})]
    for modality, x in split.features.items():
        y = split.labels[modality]
        order = np.random.default_rng(seed).permutation(len(x))
        by_class = order[np.argsort((y if y.ndim == 1 else y.argmax(axis=1))[order], kind="stable")]
        taken = (
            np.diff(np.floor(share * np.arange(len(x) + 1) + 1e-9)) > 0
        )  # evenly spread over the sorted classes
        for mine in (y[by_class, None] == np.unique(y) if y.ndim == 1 else y[by_class] > 0).T:
            if taken[mine].all():
                taken[np.flatnonzero(mine)[:1]] = False  # training may not be left without a class
        if not taken.any():
            raise ValueError(
                f"validation: a share of {share} of {len(x)} samples of {modality!r} leaves none"
            )
        for half, chosen in zip(halves, (by_class[~taken], by_class[taken]), strict=True):
            rows = np.sort(chosen)
            half[0][modality], half[1][modality] = x[rows], y[rows]
    return Split(*halves[0]), Split(*halves[1])

"""One split of the data: named modalities, each with its own features and labels; unpaired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core.checks import check_mapping, check_name, suggest
from ..core.classes import check_labels, check_range, class_names, class_values, positions
from ..core.lazy import LazyTable, as_features
from ..core.tables import are_numbered, check_columns, columns_of

Features = np.ndarray | LazyTable
"""A table (n, d) of float32, in memory or where it lies."""


@dataclass(frozen=True, eq=False)
class Split:
    """Features and labels of several modalities that need not be paired: sizes may differ.

    Args:
        features: for each modality v, X_v of shape (n_v, d_v); kept as float32. A sparse table, a
            memory map or an HDF5 data set stays where it is.
        labels: for each modality, a class for each sample (n_v,), integers or words, or multi-hot
            rows Y_v (n_v, C).
        classes: names of the C classes, in the order of the class indices; words in ``labels``
            become indices then. ``None``: the labels say which classes there are, of multi-hot
            frames their columns.
        columns: for each modality, names of the features; those of pandas' frames are found.

    Raises:
        ValueError: bad values, other lengths, or modalities that differ between the two.

    Example:
        >>> split = Split({"image": [[0.0, 1.0], [1.0, 0.0]], "text": [[1.0, 2.0, 3.0]]},
        ...               {"image": ["cat", "dog"], "text": ["dog"]})
        >>> split, split.values.tolist()
        (Split(image: 2 × 2, text: 1 × 3; 2 classes), ['cat', 'dog'])
    """

    features: Mapping[str, Features]
    labels: Mapping[str, np.ndarray]
    classes: Sequence[str] | None = None
    columns: Mapping[str, Sequence[str]] | None = None

    def __post_init__(self) -> None:
        given = check_mapping(self.features, "features")
        none = isinstance(self.labels, Mapping) and not self.labels
        labels = {} if none else check_mapping(self.labels, "labels")
        if set(given) != set(labels):
            odd = sorted(set(given) ^ set(labels))[0]
            told = f"modality {odd!r} has features or labels, but not both"
            raise ValueError(f"{told}; to transform without labels give {{modality: features}}")
        features = {name: as_features(x, name) for name, x in given.items()}
        found = {name: columns_of(x) for name, x in given.items()}
        columns = {
            name: names
            for name, names in found.items()
            if names is not None and len(names) == features[name].shape[1]  # not of embeddings
        }
        tidy = {name: check_labels(labels[name], name, len(x)) for name, x in features.items()}
        if len({(y.shape[1:], y.dtype.kind) for y in tidy.values()}) > 1:
            shapes = ", ".join(f"{name} {y.dtype} {y.shape}" for name, y in tidy.items())
            raise ValueError(f"labels differ in kind or number of columns: {shapes}")
        names = _names_of_columns(labels, tidy, class_names(self.classes))
        if names is not None:
            tidy = {name: _declared(y, names, name) for name, y in tidy.items()}
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "labels", tidy)
        object.__setattr__(self, "classes", names)
        object.__setattr__(self, "columns", _all_columns(self.columns, columns, features))
        object.__setattr__(self, "values", self._values())

    def _values(self) -> np.ndarray:
        """The C classes as the labels name them: indices, ids or words."""
        return class_values(self.labels) if self.classes is None else np.arange(len(self.classes))

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities, in their order."""
        return tuple(self.features)

    @property
    def n_classes(self) -> int:
        """C, how many classes there are."""
        return len(self.values)

    @property
    def names(self) -> tuple[str, ...]:
        """C names of the classes: the declared ones, else what the labels say."""
        return self.classes or tuple(map(str, self.values.tolist()))

    def encoded(self, values: np.ndarray, names: Sequence[str], new: bool = False) -> "Split":
        """The same split, its labels the places of its classes among those of another one.

        Args:
            values: the classes, as :attr:`values` of the other split tells them.
            names: their names, as :attr:`names` of it tells them.
            new: let classes that aren't among them follow after them, of labels with one class a
                sample; else they are an error.

        Raises:
            ValueError: classes that aren't among the given ones, or other columns of multi-hot
                labels.
        """
        names = tuple(map(str, names))
        labels = {name: self._places(y, name, values, names) for name, y in self.labels.items()}
        unknown = {name: y for name, y in self.labels.items() if (labels[name] < 0).any()}
        if unknown:
            lost = np.unique(np.concatenate([y[labels[name] < 0] for name, y in unknown.items()]))
            told = [str(self.classes[i]) for i in lost] if self.classes else lost.tolist()
            if not new:
                _refuse_classes(told, names, next(iter(unknown)))
            for name, y in unknown.items():
                later = len(values) + positions(y, lost)
                labels[name] = np.where(labels[name] < 0, later, labels[name])
            names += tuple(f"{value} (new)" for value in told)
        if all(labels[name] is y for name, y in self.labels.items()):
            return self
        return Split(self.features, labels, names, self.columns)

    def _places(
        self, y: np.ndarray, name: str, values: np.ndarray, names: tuple[str, ...]
    ) -> np.ndarray:
        """Class indices of one modality, -1 where a class isn't among the given ones."""
        own = self.classes
        named = own is not None and not are_numbered(own) and not are_numbered(names)
        if named and (own == names or len(set(names)) == len(names)):
            if own == names:
                return y
            if y.ndim == 2:
                return _rearranged(y, name, own, names)
            return positions(np.array(own)[y], np.array(names))
        if y.ndim == 2:
            if y.shape[1] != len(values):
                told = f"has labels of {y.shape[1]} columns, the model knows {len(values)} classes"
                raise ValueError(f"modality {name!r} {told}")
            return y
        if y.dtype.kind == "U":
            found = positions(y, np.array(names))
            if (found < 0).all() and are_numbered(names):
                told = "words as labels, but the known classes are numbers"
                raise ValueError(f"modality {name!r} has {told}")
            return found
        if values.dtype.kind == "U":
            told = f"numbers as labels, but the known classes are words: {list(names)[:5]}"
            raise ValueError(f"modality {name!r} has {told}")
        found = positions(y, values)
        return y if np.array_equal(found, y) else found

    def take(self, rows: Mapping[str, np.ndarray]) -> "Split":
        """Some rows of each modality.

        Example:
            >>> split = Split({"a": [[1.0], [2.0]]}, {"a": ["x", "y"]})
            >>> split.take({"a": [1]}).labels["a"].tolist()
            ['y']
        """
        features, labels = {}, {}
        for name, chosen in check_mapping(rows, "rows").items():
            if name not in self.features:
                raise ValueError(f"unknown modality {name!r}: {suggest(name, self.features)}")
            x = self.features[name]
            index = _checked_rows(chosen, len(x), name)
            features[name] = x.take(index) if isinstance(x, LazyTable) else x[index]
            labels[name] = self.labels[name][index]
        return Split(features, labels, self.classes, self.columns)

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
        labels = {name: self.labels[name] for name in modalities}
        return Split(features, labels, self.classes, self.columns)

    def dense(self) -> "Split":
        """The same split with all features in memory."""
        if not any(isinstance(x, LazyTable) for x in self.features.values()):
            return self
        features = {name: x[:] for name, x in self.features.items()}
        return Split(features, self.labels, self.classes, self.columns)

    def __repr__(self) -> str:
        sizes = [f"{name}: {len(x)} × {x.shape[1]}" for name, x in self.features.items()]
        return f"Split({', '.join(sizes)}; {self.n_classes} classes)"


def features_of(
    data: Split | Mapping[str, object],
) -> tuple[Mapping[str, object], Mapping[str, Sequence[str] | None]]:
    """Features by modality, and the names of their columns where they have some."""
    if isinstance(data, Split):
        return data.features, data.columns
    features = check_mapping(data, "features")
    return features, {name: columns_of(x) for name, x in features.items()}


def _names_of_columns(
    given: Mapping[str, object], labels: Mapping[str, np.ndarray], names: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    """The names of the classes: the declared ones, else the columns of multi-hot frames."""
    declared = names is not None
    for name, y in labels.items():
        own = columns_of(given[name]) if y.ndim == 2 else None
        if own is None or are_numbered(own) or (declared and not set(own) & set(names)):
            continue
        names = names or own
        check_columns(own, names, name, "the labels elsewhere" if not declared else "classes")
    return names


def _all_columns(
    declared: Mapping[str, Sequence[str]] | None,
    found: Mapping[str, tuple[str, ...]],
    features: Mapping[str, Features],
) -> dict[str, tuple[str, ...]]:
    """Names of the features by modality: declared ones, and those of frames."""
    columns = {**found, **{name: tuple(map(str, own)) for name, own in (declared or {}).items()}}
    for name, own in columns.items():
        check_columns(found.get(name), own, name, "declared")
        if name not in features:
            raise ValueError(f"columns of unknown modality {name!r}: {suggest(name, features)}")
        if len(own) != features[name].shape[1]:
            width = features[name].shape[1]
            raise ValueError(f"modality {name!r} has {width} features, but {len(own)} columns")
    return columns


def _rearranged(
    y: np.ndarray, modality: str, own: tuple[str, ...], names: tuple[str, ...]
) -> np.ndarray:
    """Multi-hot columns in the order of other names; classes without a sample may be missing."""
    columns = dict(zip(own, y.T, strict=True))
    unknown = [name for name, column in columns.items() if name not in names and column.any()]
    if unknown:
        _refuse_classes(unknown, names, modality)
    moved = np.zeros((len(y), len(names)), np.int64)
    for name in set(own) & set(names):
        moved[:, names.index(name)] = columns[name]
    return moved


def _checked_rows(chosen: object, count: int, modality: str) -> np.ndarray:
    """Places of some rows, from places, a mask or a slice."""
    every = np.arange(count)
    index = chosen if isinstance(chosen, slice) else np.asarray(chosen)
    try:
        found = every[index]
    except IndexError as error:
        told = f"modality {modality!r}: rows {chosen!r} of {count}"
        raise ValueError(f"{told}: {error}; give places, a mask or a slice") from None
    if found.ndim != 1 or not len(found):
        raise ValueError(f"modality {modality!r}: rows {chosen!r} choose no row")
    return found


def _refuse_classes(unknown: Sequence, names: Sequence[str], modality: str) -> None:
    known = ", ".join(map(repr, names[:5])) + (
        f", … ({len(names)} in all)" if len(names) > 5 else ""
    )
    told = f"has classes that aren't known: {', '.join(map(repr, unknown[:5]))}; known: {known}"
    raise ValueError(f"modality {modality!r} {told}")


def split_off(split: Split, share: float, seed: int) -> tuple[Split, Split]:
    """Split off a share of each class, up to rounding; the first part keeps every class.

    Raises:
        ValueError: the share isn't between 0 and 1, or leaves nothing.
    """
    if not 0 < share < 1:
        expected = "a share between 0 and 1, or features and labels"
        raise ValueError(f"validation is {share}, expected {expected}")
    kept, held = {}, {}
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
        kept[modality] = np.sort(by_class[~taken])
        held[modality] = np.sort(by_class[taken])
    return split.take(kept), split.take(held)


def _declared(y: np.ndarray, names: tuple[str, ...], modality: str) -> np.ndarray:
    """Labels of declared classes as indices."""
    if y.dtype.kind != "U":
        check_range(y, names, modality)
        return y
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"classes has {twice!r} twice, so labels of that name are ambiguous")
    found = positions(y, np.array(names))
    if (found < 0).any():
        odd = np.unique(y[found < 0]).tolist()[:5]
        near = suggest(odd[0], names)
        raise ValueError(f"modality {modality!r} has labels {odd} that classes lacks: {near}")
    return found

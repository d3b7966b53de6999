"""Linear probes: how well simple classifiers do on each modality alone."""

from typing import Any

import numpy as np

from ..data.dataset import MultimodalDataset


def linear_probe(data: MultimodalDataset) -> list[dict[str, Any]]:
    """Test accuracy of simple classifiers, for each modality of a single-label data set.

    Features are standardised with the training set's statistics. The logistic regression's strength
    of regularisation is chosen on the validation split.

    Returns:
        One record a modality, with ``modality``, ``samples``, ``dimension``, and the accuracies
        ``chance`` (always the commonest class of training), ``nearest centroid`` and ``logistic
        regression``.

    Raises:
        ValueError: multi-label data, no validation split to choose on, or a modality that a split
            lacks.

    Example:
        >>> import drcl_mini
        >>> rows = linear_probe(drcl_mini.load_dataset("digits-halves"))
        >>> [row["modality"] for row in rows], rows[0]["logistic regression"] > rows[0]["chance"]
        (['top', 'bottom'], True)
    """
    if data.validation is None:
        raise ValueError(f"{data.name} has no validation split: the probe needs one")
    if any(y.ndim == 2 for y in data.train.labels.values()):
        raise ValueError(f"{data.name} is multi-label: the probe needs one class an item")
    rows = []
    for name in data.modalities:
        for part in ("validation", "test"):
            if name not in getattr(data, part).features:
                told = f"{data.name}: the {part} split has no {name!r}"
                raise ValueError(f"{told}, the probe needs every modality")
        rows.append({"dataset": data.name, "modality": name, **_probe(data, name)})
    return rows


def _probe(data: MultimodalDataset, name: str) -> dict[str, Any]:
    from scipy.spatial.distance import cdist
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(data.train.features[name])
    (x, y), held, (tx, ty) = (
        (scaler.transform(split.features[name]), split.labels[name])
        for split in (data.train, data.validation, data.test)
    )
    fits = [LogisticRegression(C=c, max_iter=500).fit(x, y) for c in (0.001, 0.01, 0.1, 1.0)]
    chosen = max(fits, key=lambda fit: fit.score(*held))
    classes = np.unique(y)
    nearest = classes[cdist(tx, [x[y == c].mean(axis=0) for c in classes]).argmin(axis=1)]
    return {
        "samples": len(y),
        "dimension": x.shape[1],
        "chance": float((ty == np.bincount(y).argmax()).mean()),
        "nearest centroid": float((nearest == ty).mean()),
        "logistic regression": chosen.score(tx, ty),
        "regularisation C": chosen.C,
    }

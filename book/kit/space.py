"""The common space after each stage, and numbers that describe it; one formula a function.

``embeddings`` is {medium: F (n_v, D)} with unit rows, ``labels`` {medium: y (n_v,)}.
"""

from collections.abc import Mapping
from itertools import combinations, permutations

import numpy as np
import torch
from scipy.spatial.distance import pdist
from sklearn.metrics import silhouette_score

from drcl_mini import MultimodalDataset, Settings, nearest_neighbours
from drcl_mini.data.labels import one_hot
from drcl_mini.method.encoder import Encoder, build_encoder
from drcl_mini.method.prior import learn_prior, orthogonal_prior
from drcl_mini.training.batches import generator
from drcl_mini.training.rows import embed

Rows = Mapping[str, np.ndarray]


def untrained(data: MultimodalDataset, settings: Settings) -> dict[str, Encoder]:
    """The encoders with which the consistency stage begins."""
    return {
        medium: build_encoder(
            torch.from_numpy(x),
            settings,
            generator(settings.seed, "encoder", medium),
        )
        for medium, x in data.train.features.items()
    }


def after_spl(
    data: MultimodalDataset, settings: Settings, shared_start: bool = True
) -> tuple[dict[str, Encoder], dict[str, torch.Tensor]]:
    """The encoders and the W of the last epoch of selective prior learning.

    Without ``shared_start`` each medium begins with a random W of its own.
    """
    last = settings.replace(keep_best_prior=False)
    encoders, priors = {}, {}
    for medium, features in data.train.features.items():
        y = one_hot(data.train.labels[medium], len(data.classes))
        own = () if shared_start else (medium,)
        source = generator(settings.seed, "start", *own)
        start = orthogonal_prior(settings.dim, y.shape[1], source)
        x = torch.from_numpy(features)
        learned = learn_prior(x, y, start, last, medium)
        encoders[medium], priors[medium] = learned.encoder, learned.prior
    return encoders, priors


def encode(
    encoders: Mapping[str, Encoder], features: Rows
) -> dict[str, np.ndarray]:
    """F of each medium."""
    return {
        medium: embed(encoders[medium], torch.from_numpy(x)).numpy()
        for medium, x in features.items()
    }


def pooled(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """The rows of all media, one below the other, and the number of each row's medium."""
    media = np.repeat(np.arange(len(rows)), [len(x) for x in rows.values()])
    return np.concatenate(list(rows.values())), media


def modality_gap(embeddings: Rows) -> float:
    """Distance of two media's centres, mean over the pairs."""
    centres = [f.mean(axis=0) for f in embeddings.values()]
    return float(np.mean(pdist(centres)))


def centred(embeddings: Rows) -> dict[str, np.ndarray]:
    """Each medium with its own centre taken away, at unit length again: no gap is left."""
    moved = {medium: f - f.mean(axis=0) for medium, f in embeddings.items()}
    return {
        medium: f / np.linalg.norm(f, axis=1, keepdims=True)
        for medium, f in moved.items()
    }


def parts(embeddings: Rows, prior: np.ndarray) -> tuple[Rows, Rows]:
    """Each F as what lies in the span of the columns of W, and the rest."""
    basis = np.linalg.qr(prior)[0]
    inside = {medium: f @ basis @ basis.T for medium, f in embeddings.items()}
    return inside, {medium: embeddings[medium] - f for medium, f in inside.items()}


def alignment(embeddings: Rows, labels: Rows) -> float:
    """Squared distance of two items of one class and different media, mean over the pairs."""
    found = []
    for u, v in combinations(embeddings, 2):
        same = labels[u][:, None] == labels[v]
        found.append((2 - 2 * embeddings[u] @ embeddings[v].T)[same])
    return float(np.mean(np.concatenate(found)))


def uniformity(embeddings: Rows) -> float:
    """Log of the mean of exp(-2 × squared distance) over all pairs."""
    squared = pdist(pooled(embeddings)[0], "sqeuclidean")
    return float(np.log(np.mean(np.exp(-2 * squared))))


def silhouettes(embeddings: Rows, labels: Rows) -> tuple[float, float]:
    """Mean silhouette with classes as the groups, and with media as the groups."""
    f, media = pooled(embeddings)
    groups = pooled(labels)[0], media
    by_class, by_medium = (silhouette_score(f, g, metric="cosine") for g in groups)
    return float(by_class), float(by_medium)


def collapse(embeddings: Rows, labels: Rows) -> tuple[float, float]:
    """NC1 and NC2: spread within classes by spread between them; distance from a simplex."""
    f, y = pooled(embeddings)[0].astype(float), pooled(labels)[0]
    classes = np.unique(y)
    means = np.stack([f[y == c].mean(axis=0) for c in classes])
    within = f - means[np.searchsorted(classes, y)]
    between = means - f.mean(axis=0)
    c, b = len(classes), between.T @ between / len(classes)
    w = within.T @ within / len(f)
    nc1 = np.trace(w @ np.linalg.pinv(b, rcond=1e-6, hermitian=True)) / c
    unit = between / np.linalg.norm(between, axis=1, keepdims=True)
    cosines = (unit @ unit.T)[~np.eye(c, dtype=bool)]
    return float(nc1), float(np.abs(cosines + 1 / (c - 1)).mean())


def occurrences(
    queries: np.ndarray, gallery: np.ndarray, k: int = 10
) -> np.ndarray:
    """N_k: how many queries have each gallery item among their k nearest."""
    found = nearest_neighbours(queries, gallery, k).indices
    return np.bincount(found.ravel(), minlength=len(gallery))


def hubness(embeddings: Rows, k: int = 10) -> float:
    """Skewness of N_k over the gallery, mean over the ordered pairs of media."""
    skews = []
    for queries, gallery in permutations(embeddings.values(), 2):
        n = occurrences(queries, gallery, k)
        skews.append(((n - n.mean()) ** 3).mean() / n.std() ** 3)
    return float(np.mean(skews))


def measures(embeddings: Rows, labels: Rows) -> dict[str, float]:
    """All of them by name."""
    by_class, by_medium = silhouettes(embeddings, labels)
    nc1, nc2 = collapse(embeddings, labels)
    return {
        "modality gap": modality_gap(embeddings),
        "alignment": alignment(embeddings, labels),
        "uniformity": uniformity(embeddings),
        "silhouette by class": by_class,
        "silhouette by medium": by_medium,
        "NC1": nc1,
        "NC2": nc2,
        "hubness": hubness(embeddings),
    }

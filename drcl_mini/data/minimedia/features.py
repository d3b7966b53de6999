"""Features of raw items, by the field's standard extractors; each gives float32 (n, d), rounded to 4 digits.

The rounding makes the features the same on every machine: it hides differences in the last bits.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ...core.checks import needs
from .media import RATE


def picture_features(pictures: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients (324) and of each colour channel (3 × 8): (n, 348)."""
    hog = needs("skimage.feature", "scikit-image").hog
    gradients = [
        hog(p, pixels_per_cell=(8, 8), cells_per_block=(2, 2), channel_axis=-1) for p in pictures
    ]
    bins = (pictures >> 5)[..., None] == np.arange(8)
    return _tidy(
        np.concatenate(
            [np.array(gradients), bins.mean(axis=(1, 2)).reshape(len(pictures), -1)], axis=1
        )
    )


def caption_extractor(training: Sequence[str]) -> Callable[[Sequence[str]], np.ndarray]:
    """TF-IDF of words, with the vocabulary and the weights of the training captions: captions → (n, words)."""
    text = needs("sklearn.feature_extraction.text", "scikit-learn")
    fitted = text.TfidfVectorizer(min_df=2).fit(training)
    return lambda captions: _tidy(fitted.transform(captions).toarray())


def sound_features(sounds: np.ndarray) -> np.ndarray:
    """Mean and deviation over time of 13 MFCCs; loudness, zero crossings, spectral centroid: (n, 29)."""
    feature = needs("librosa", "librosa").feature
    waves = sounds / 32768.0
    frames = {"n_fft": 512, "hop_length": 256}
    cepstrum = feature.mfcc(y=waves, sr=RATE, n_mfcc=13, n_mels=40, **frames)
    loud = feature.rms(y=waves, frame_length=512, hop_length=256)
    crossings = _zero_crossing_rate(waves, 512, 256)
    centroid = feature.spectral_centroid(y=waves, sr=RATE, **frames) / RATE
    columns = [
        cepstrum.mean(axis=-1),
        cepstrum.std(axis=-1),
        *(x.mean(axis=-1) for x in (loud, crossings, centroid)),
    ]
    return _tidy(np.concatenate(columns, axis=1))


def clip_features(clips: np.ndarray) -> np.ndarray:
    """Frame statistics: where the light is, how wide, how much, and how that changes: (n, 72)."""
    light = clips / 255.0
    light = np.where(light > 0.35, light, 0)
    total = light.sum(axis=(2, 3)) + 1e-9
    step = np.linspace(-1, 1, clips.shape[-1])
    x, y = (light.sum(axis=2) @ step) / total, (light.sum(axis=3) @ step) / total
    spread = np.sqrt((light.sum(axis=2) @ step**2 + light.sum(axis=3) @ step**2) / total)
    series = np.stack([x, y, spread, total / total.mean(), light.max(axis=(2, 3))], axis=1)
    path = np.hypot(np.diff(x), np.diff(y))
    spectra = np.abs(np.fft.rfft(series, axis=2))[:, :, :6].reshape(len(clips), -1)
    change = np.abs(np.diff(series, axis=2))
    own = [
        spectra,
        change.mean(axis=2),
        change.std(axis=2),
        series.mean(axis=2),
        series.std(axis=2),
        path,
    ]
    seen = np.abs(np.diff(clips / 255.0, axis=1)).mean(axis=(2, 3))
    return _tidy(np.concatenate([*own, seen], axis=1))


def cloud_features(clouds: np.ndarray) -> np.ndarray:
    """Shape distributions: distances of point pairs (D2, 40 bins) and from the centre (D1, 24 bins): (n, 64).

    A cloud's points are in random order, so pairing each with the next few takes random pairs.
    """
    points = clouds.astype(np.float64)
    pairs = [points - np.roll(points, shift, axis=1) for shift in range(1, 21)]
    centre = points - points.mean(axis=1, keepdims=True)
    apart = np.sqrt((np.concatenate(pairs, axis=1) ** 2).sum(axis=-1))
    return _tidy(
        np.concatenate(
            [_histogram(apart, 40), _histogram(np.sqrt((centre**2).sum(axis=-1)), 24)], axis=1
        )
    )


EXTRACTORS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "image": picture_features,
    "audio": sound_features,
    "video": clip_features,
    "3d": cloud_features,
}
"""The extractor of each medium but text, whose features need the training captions."""


def _zero_crossing_rate(waves: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Changes of sign per sample, (n, 1, frames), of frames centred as librosa's are.

    librosa's own calls code that numba compiles and caches; two processes that fill that cache at once can crash.
    """
    padded = np.pad(waves, ((0, 0), (length // 2, length // 2)), mode="edge")
    frames = np.lib.stride_tricks.sliding_window_view(padded, length, axis=1)[:, ::hop]
    return (np.diff(np.signbit(frames), axis=2).sum(axis=2) / length)[:, None]


def _histogram(distances: np.ndarray, bins: int) -> np.ndarray:
    """Shares (n, bins) of distances from 0 to three times their mean."""
    place = (
        (distances / distances.mean(axis=1, keepdims=True) / 3 * bins).astype(int).clip(0, bins - 1)
    )
    counts = np.bincount(
        (place + bins * np.arange(len(place))[:, None]).ravel(), minlength=bins * len(place)
    )
    return np.sqrt(counts.reshape(len(place), bins) / distances.shape[1])


def _tidy(features: np.ndarray) -> np.ndarray:
    return features.round(4).astype(np.float32)

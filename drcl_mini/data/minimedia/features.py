"""Features of raw items by standard extractors: float32 (n, d), rounded to 4 digits.

The rounding hides differences in the last bits, so features are the same on every machine.
"""

from collections.abc import Callable, Sequence

import numpy as np

from .media import RATE


def picture_features(pictures: np.ndarray) -> np.ndarray:
    """Histograms of oriented gradients (324) and of each colour channel (3 × 8): (n, 348)."""
    from skimage.feature import hog

    options = {"pixels_per_cell": (8, 8), "cells_per_block": (2, 2), "channel_axis": -1}
    gradients = np.array([hog(picture, **options) for picture in pictures])
    bins = (pictures >> 5)[..., None] == np.arange(8)
    colours = bins.mean(axis=(1, 2)).reshape(len(pictures), -1)
    return _tidy(gradients, colours)


def caption_extractor(training: Sequence[str]) -> Callable[[Sequence[str]], np.ndarray]:
    """TF-IDF with words and weights of training captions: a function, captions → (n, words)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    fitted = TfidfVectorizer(min_df=2).fit(training)
    return lambda captions: _tidy(fitted.transform(captions).toarray())


def sound_features(sounds: np.ndarray) -> np.ndarray:
    """13 MFCCs (mean, deviation), loudness, zero crossings, spectral centroid (means): (n, 29)."""
    from librosa import feature

    waves = sounds / 32768.0
    window = {"n_fft": 512, "hop_length": 256}
    cepstrum = feature.mfcc(y=waves, sr=RATE, n_mfcc=13, n_mels=40, **window)
    loud = feature.rms(y=waves, frame_length=512, hop_length=256)
    crossings = _zero_crossing_rate(waves, 512, 256)
    centroid = feature.spectral_centroid(y=waves, sr=RATE, **window) / RATE
    means = [x.mean(axis=-1) for x in (cepstrum, loud, crossings, centroid)]
    return _tidy(means[0], cepstrum.std(axis=-1), *means[1:])


def clip_features(clips: np.ndarray) -> np.ndarray:
    """Frame statistics: where the light is, how wide, how much, and how that changes: (n, 72)."""
    light = clips / 255.0
    light = np.where(light > 0.35, light, 0)
    total = light.sum(axis=(2, 3)) + 1e-9
    step = np.linspace(-1, 1, clips.shape[-1])
    columns = light.sum(axis=2)
    rows = light.sum(axis=3)
    x = (columns @ step) / total
    y = (rows @ step) / total
    spread = np.sqrt((columns @ step**2 + rows @ step**2) / total)
    series = np.stack([x, y, spread, total / total.mean(), light.max(axis=(2, 3))], axis=1)
    path = np.hypot(np.diff(x), np.diff(y))
    spectra = np.abs(np.fft.rfft(series, axis=2))[:, :, :6].reshape(len(clips), -1)
    change = np.abs(np.diff(series, axis=2))
    moments = [x for part in (change, series) for x in (part.mean(axis=2), part.std(axis=2))]
    seen = np.abs(np.diff(clips / 255.0, axis=1)).mean(axis=(2, 3))
    return _tidy(spectra, *moments, path, seen)


def cloud_features(clouds: np.ndarray) -> np.ndarray:
    """Distances of point pairs (D2, 40 bins) and from the centre (D1, 24 bins): (n, 64).

    A cloud's points are in random order, so pairing each with the next few takes random pairs.
    """
    points = clouds.astype(np.float64)
    pairs = [points - np.roll(points, shift, axis=1) for shift in range(1, 21)]
    apart = np.sqrt((np.concatenate(pairs, axis=1) ** 2).sum(axis=-1))
    centred = points - points.mean(axis=1, keepdims=True)
    from_centre = np.sqrt((centred**2).sum(axis=-1))
    return _tidy(_histogram(apart, 40), _histogram(from_centre, 24))


EXTRACTORS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "image": picture_features,
    "audio": sound_features,
    "video": clip_features,
    "3d": cloud_features,
}
"""The extractor of each medium except text, whose features depend on the training captions."""


def _zero_crossing_rate(waves: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Changes of sign per sample, (n, 1, frames), of frames centred as librosa's are.

    librosa's own is compiled and cached by numba; two processes that fill that cache at once can
    crash.
    """
    padded = np.pad(waves, ((0, 0), (length // 2, length // 2)), mode="edge")
    frames = np.lib.stride_tricks.sliding_window_view(padded, length, axis=1)[:, ::hop]
    return (np.diff(np.signbit(frames), axis=2).sum(axis=2) / length)[:, None]


def _histogram(distances: np.ndarray, bins: int) -> np.ndarray:
    """Shares (n, bins) of distances from 0 to three times their mean."""
    share = distances / distances.mean(axis=1, keepdims=True) / 3
    place = (share * bins).astype(int).clip(0, bins - 1)
    rows = np.arange(len(place))[:, None]
    counts = np.bincount((place + bins * rows).ravel(), minlength=bins * len(place))
    return np.sqrt(counts.reshape(len(place), bins) / distances.shape[1])


def _tidy(*parts: np.ndarray) -> np.ndarray:
    """Parts (n, …) side by side, rounded."""
    return np.concatenate(parts, axis=1).round(4).astype(np.float32)

"""Features of sounds without a network: the spectrum's shape, and how it changes."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..media import sound as decoded

COEFFICIENTS = 13


def sound_features(sounds: Iterable[Any]) -> np.ndarray:
    """Mean and standard deviation over time of 13 MFCC and of their deltas: float32 (n, 52).

    Mel-frequency cepstral coefficients of windows of 32 ms every 10 ms. A sound is scaled to a
    peak of 1 first: how loud a microphone is says nothing about what was said.

    Args:
        sounds: as :func:`drcl_mini.data.media.sound` takes them: encoded, or int16 at 8 kHz.

    Raises:
        ValueError: a sound that can't be decoded, or that has no samples.

    Example:
        >>> tone = 9000 * np.sin(np.arange(4000) / 4)
        >>> sound_features([tone.astype(np.int16)]).shape
        (1, 52)
    """
    return np.array([_statistics(*decoded(item)) for item in sounds], dtype=np.float32)


def _statistics(samples: np.ndarray, rate: int) -> np.ndarray:
    from librosa import feature

    if not len(samples):
        raise ValueError("a sound has no samples")
    samples = samples / max(float(np.abs(samples).max()), 1e-5)
    window = {"n_fft": rate * 32 // 1000, "hop_length": rate // 100}
    short = 9 * window["hop_length"] - len(samples)
    samples = np.pad(samples, (0, max(short, 0)))  # so that there are frames for the deltas
    mfcc = feature.mfcc(y=samples, sr=rate, n_mfcc=COEFFICIENTS, n_mels=40, **window)
    course = np.concatenate([mfcc, feature.delta(mfcc)])
    return np.concatenate([course.mean(axis=1), course.std(axis=1)])

"""Spoken digits: recordings of the Free Spoken Digit Dataset by six speakers, as FLAC files."""

import io

import numpy as np

from drcl_mini.core.checks import require

from .download import fetch
from .identity import Member
from .numbers_medium import DIGITS, PARTS, Medium, draw
from .spoken_digits import MOST, RATE, TREE, URL, read_folder, recordings_id, samples

SPEAKERS = {"train": 3, "validation": 1, "test": 2}
"""How many speakers each split has; two for testing, because one voice alone is luck."""
EACH = {"train": 20, "validation": 14, "test": 13}
"""Recordings of each digit by one speaker: 60, 14 and 26 in all."""


def speech(seed: int) -> Medium:
    """Recordings at 8 kHz, 100 of each digit; no speaker is in two splits."""
    recordings = sorted(read_folder(fetch(URL, TREE, MOST, recordings_id), "recordings"))
    digits, speakers, numbers = zip(*(r.name.removesuffix(".wav").split("_") for r in recordings), strict=True)
    labels, speakers = np.array(digits).astype(int), np.array(speakers)
    chosen = split_speakers(sorted(set(speakers)), seed)
    rows = [
        np.flatnonzero(speakers == name)[draw(own, np.zeros(len(own)), {"train": EACH[part]}, seed)]
        for part, names in chosen.items()
        for name in names
        for own in [labels[speakers == name]]
    ]
    part = [place for place, name in enumerate(PARTS) for _ in range(DIGITS * SPEAKERS[name] * EACH[name])]
    row = np.concatenate(rows)
    title = [f"{labels[i]}, spoken by {speakers[i]} ({numbers[i]})" for i in row]
    items = [as_flac(recordings[i]) for i in row]
    return Medium(items, labels[row], np.array(part), speakers[row].tolist(), title)


def split_speakers(names: list[str], seed: int) -> dict[str, list[str]]:
    """Names of the speakers of each split, in the order of the alphabet.

    Example:
        >>> split_speakers(["f", "e", "d", "c", "b", "a"], seed=0).keys()
        dict_keys(['train', 'validation', 'test'])
    """
    shuffled = np.random.default_rng(seed).permutation(names)
    cuts = np.cumsum(list(SPEAKERS.values()))[:-1]
    return {part: sorted(own.tolist()) for part, own in zip(PARTS, np.split(shuffled, cuts), strict=True)}


def as_flac(recording: Member) -> np.ndarray:
    """A recording without any loss as the bytes of a FLAC file: uint8 (n,).

    Other versions of the encoder may give other bytes; what they decode to is the same.
    """
    soundfile, file = require("soundfile"), io.BytesIO()
    soundfile.write(file, samples(recording), RATE, format="FLAC", subtype="PCM_16", compression_level=1.0)
    return np.frombuffer(file.getvalue(), np.uint8)

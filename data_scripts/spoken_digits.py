"""Spoken digits: handwriting (scikit-learn's digits, 64 pixels) against speech (52 MFCC statistics), 10 classes.

Real, open and unpaired: nobody wrote what they said. The recordings are those of the Free Spoken Digit
Dataset, 50 of each digit by each of six speakers at 8 kHz. Voices are split by speaker, in alphabetical
order: four train, ``theo`` validates, ``yweweler`` tests. Both are voices that training never heard, with
accents that it did hear (US American from ``jackson``, German from ``lucas``).
"""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from drcl_mini.core.checks import require

from .about import About
from .archives import read_folder
from .convert import finish
from .download import difference, fetch
from .identity import Member, tree_id
from .readers import ConversionError
from .tables import Table

URL = "https://github.com/Jakobovski/free-spoken-digit-dataset/archive/26eb9aaf76e81b692f806f9140c2d2777410d7a1.zip"
TREE = "d04322e322a9f937f6f4f7c8546693755184df5b"
"""Git tree id of ``recordings/``: archives of one commit differ in how they are compressed."""
SIZE, MOST = 16_628_041, 32 * 2**20
SPEAKERS = {"train": ("george", "jackson", "lucas", "nicolas"), "validation": ("theo",), "test": ("yweweler",)}
RATE = 8000
SEED = 0
SHARES = (0.6, 0.75)
"""Where the shuffled images are cut: 60 % train, 15 % validation, 25 % test."""

ABOUT = About(
    name="spoken-digits",
    features={"image": ("pixels", 64), "audio": ("MFCC statistics", 52)},
    classes=10,
    split="1078 / 269 / 450 images, 2000 / 500 / 500 recordings",
    licence="CC BY-SA 4.0",
    origin="github.com/Jakobovski/free-spoken-digit-dataset at 26eb9aa, scikit-learn",
    citation="Z. Jackson et al., Free Spoken Digit Dataset v1.0.8, Zenodo, 2018, doi 10.5281/zenodo.1342401; "
    "E. Alpaydin, C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning Repository, 1998",
    size=SIZE,
    file="the .zip of the repository",
    notes={
        "licences": "recordings CC BY-SA 4.0, so this set too; images CC BY 4.0",
        "urls": [URL],
        "paired": "no: nobody wrote what they said",
        "sampling_rate": RATE,
        "speakers": SPEAKERS,
        "seed": SEED,
    },
)


def build(source: Path | None = None) -> Path:
    """Fetch, check, convert; returns the .npz. Its items are the test images and the test recordings."""
    path = source or fetch(URL, TREE, MOST, recordings_id)
    problem = difference(path, TREE, recordings_id) if source else ""
    if problem:
        raise ConversionError(f"{path.name} is not the expected archive: {problem}")
    recordings = sorted(read_folder(path, "recordings"))
    parts: dict[str, dict[str, Table]] = {}
    heard = []
    for part, tables in _images().items():
        spoken = [r for r in recordings if r.name.split("_")[1] in SPEAKERS[part]]
        heard = [samples(r) for r in spoken] if part == "test" else heard
        digits = np.array([int(r.name[0]) for r in spoken])
        parts[part] = {"image": tables, "audio": (np.array([statistics(samples(r)) for r in spoken]), digits)}
    pictures = parts["test"]["image"][0].reshape(-1, 8, 8).astype(np.uint8)
    items = {"image": pictures, "audio": heard}
    return finish(ABOUT, parts, [path], items=items, recordings_git_tree_id=TREE)


def recordings_id(path: Path) -> str:
    """Git's id of the archive's recordings."""
    return tree_id(read_folder(path, "recordings"))


def samples(recording: Member) -> np.ndarray:
    """A recording's samples (n,) as int16.

    Raises:
        ConversionError: another format than 8 kHz, one channel, 16 bits.
    """
    from scipy.io import wavfile

    rate, found = wavfile.read(io.BytesIO(recording.content))
    if (rate, found.dtype, found.ndim) != (RATE, np.int16, 1):
        raise ConversionError(f"{recording.name}: {rate} Hz, {found.dtype}, {found.ndim}-D, expected 8 kHz int16 mono")
    return found


def statistics(recording: Iterable[int], rate: int = RATE) -> np.ndarray:
    """52 numbers of a recording: mean and standard deviation over time of 13 MFCC and of their deltas.

    Windows of 32 ms every 10 ms, as is usual for speech; scaled to a peak of 1, for how loud a
    microphone is says nothing about the digit.
    """
    librosa = require("librosa")
    sound = np.asarray(recording, dtype=np.float32)
    sound = sound / max(float(np.abs(sound).max()), 1.0)
    frame, hop = rate * 32 // 1000, rate // 100
    mfcc = librosa.feature.mfcc(y=sound, sr=rate, n_mfcc=13, n_fft=frame, hop_length=hop, n_mels=40)
    course = np.concatenate([mfcc, librosa.feature.delta(mfcc)])
    return np.concatenate([course.mean(axis=1), course.std(axis=1)])


def _images() -> dict[str, Table]:
    """Pixels (0 to 16) of scikit-learn's digits, shuffled with the seed and cut."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(SEED).permutation(len(digits.data))
    rows = np.split(order, [int(share * len(order)) for share in SHARES])
    return {part: (digits.data[r], digits.target[r]) for part, r in zip(SPEAKERS, rows, strict=True)}

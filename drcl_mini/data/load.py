"""Data sets by name: those of the package, and those that ``data_scripts`` has converted."""

import os
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from ..core.checks import suggest
from ..core.files import data_folder, read_npz
from .dataset import MultimodalDataset
from .minimedia import minimedia
from .shipped import load_collection
from .split import Split

CONVERTED = (
    "wikipedia",
    "wikipedia-classic",
    "xmedia",
    "xmedianet",
    "nus-wide",
    "inria-websearch",
    "pascal-sentence",
    "spoken-digits",
)
"""Data sets that ``python -m data_scripts NAME`` fetches and converts."""
DIGITS = "scikit-learn's bundled copy of the UCI ML hand-written digits (test part, CC BY 4.0)"
RELEASED = "released-outputs"
"""The authors' outputs; kept beside the data sets, but no data set."""


def digits_halves() -> MultimodalDataset:
    """Handwritten digits cut in two: a top and a bottom never come from the same digit.

    1797 scikit-learn digits of 8 × 8 pixels; 1000 give only their top 4 rows, the other 797 only
    their bottom 4 rows, so the modalities are unpaired. Each is split 60 / 15 / 25 % at random
    (seed 0).

    Example:
        >>> digits_halves().train
        Split(top: 600 × 32, bottom: 478 × 32; 10 classes)
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    halves = {"top": (order[:1000], slice(0, 4)), "bottom": (order[1000:], slice(4, 8))}
    splits: dict[str, tuple[dict, dict]] = {p: ({}, {}) for p in ("train", "validation", "test")}
    items = {}
    for modality, (chosen, rows) in halves.items():
        cuts = [int(0.6 * len(chosen)), int(0.75 * len(chosen))]
        for part, index in zip(splits, np.split(chosen, cuts), strict=True):
            pictures = digits.images[index][:, rows]
            splits[part][0][modality] = pictures.reshape(len(index), -1)
            splits[part][1][modality] = digits.target[index]
        items[modality] = pictures  # of the last split, which is test
    return MultimodalDataset.from_arrays(
        **splits,
        name="digits-halves",
        classes=tuple(map(str, range(10))),
        items=items,
        source=DIGITS,
    )


SPEAKERS = {
    f"numbers-{name}": name
    for name in ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
}
"""Data sets that differ from ``"numbers"`` in who speaks: this one in the test split alone."""


def speaker(name: str) -> MultimodalDataset:
    """``"numbers"`` with one speaker as a stranger: the test split's only one."""
    every = load_collection("numbers").leave_out("speech", name="numbers-" + name)
    return next(data for found, data in every if found == name)


EMBEDDED: dict[str, Callable[[], MultimodalDataset]] = {
    "minimedia": minimedia,
    "minimedia-small": lambda: minimedia("minimedia-small"),
    "digits-halves": digits_halves,
    "numbers": lambda: load_collection("numbers").dataset(),
    "things": lambda: load_collection("things").dataset("classes"),
    "things-groups": lambda: load_collection("things").dataset("groups", "things-groups"),
    "things-fine": lambda: load_collection("things").dataset("fine", "things-fine"),
    **{name: partial(speaker, own) for name, own in SPEAKERS.items()},
}
"""Data sets that need no download; the first is the default of the command line."""

SOURCES = {
    **dict.fromkeys((*SPEAKERS, "spoken-digits"), "numbers"),
    **dict.fromkeys(("things-groups", "things-fine"), "things"),
    "minimedia-small": "minimedia",
    "wikipedia-classic": "wikipedia",
}
"""Data sets that share items with others, and what they come from: they aren't independent."""


def available_datasets() -> list[str]:
    """Names that :func:`load_dataset` can load now: the embedded ones, files in the data folder."""
    files = sorted(path.stem for path in data_folder().glob("*.npz"))
    return [name for name in dict.fromkeys([*EMBEDDED, *files]) if name != RELEASED]


def is_path(name: str | os.PathLike) -> bool:
    """Whether a data set is given by the path of its file instead of by name.

    Example:
        >>> is_path("some/where/mine.npz"), is_path("digits-halves")
        (True, False)
    """
    return isinstance(name, os.PathLike) or (isinstance(name, str) and name.endswith(".npz"))


def check_dataset(name: str | os.PathLike) -> None:
    """That there could be such a data set.

    Raises:
        ValueError: there is none; the error suggests close names.
    """
    known = [*available_datasets(), *CONVERTED]
    if name not in known and not is_path(name):
        near = suggest(name, known)
        raise ValueError(f"unknown data set {name!r}: {near}; or give the path of an .npz file")


def load_dataset(name: str | os.PathLike) -> MultimodalDataset:
    """A data set by name, or by the path of an .npz that :meth:`.MultimodalDataset.to_npz` wrote.

    Raises:
        ValueError: no such data set; the error suggests close names.
        FileNotFoundError: a known one that hasn't been fetched yet; the error names the command.

    Example:
        >>> load_dataset("digits-halves").modalities
        ('top', 'bottom')
    """
    if name in list(EMBEDDED):
        return EMBEDDED[name]()
    if name in available_datasets():
        return MultimodalDataset.from_npz(data_folder() / f"{name}.npz")
    if name in CONVERTED:
        told = f"is not in {str(data_folder())!r}: fetch it with  python -m data_scripts {name}"
        raise FileNotFoundError(f"data set {name!r} {told}")
    if name == RELEASED:
        told = "is no data set to train on: read it with load_released_outputs()"
        raise ValueError(f"{name!r} {told}")
    check_dataset(name)
    return MultimodalDataset.from_npz(name)


class ReleasedOutputs(NamedTuple):
    """The authors' released outputs of their Wikipedia run: 462 test pairs, D = 2048, C = 10."""

    test: Split
    """Embeddings of image and text, and their labels."""
    predictions: dict[str, np.ndarray]
    """Class probabilities (462, 10) by modality."""
    priors: dict[str, np.ndarray]
    """W (2048, 10) that SPL learned on each modality."""
    prior: np.ndarray
    """The W that was selected."""
    log: str
    """The run's log."""


def load_released_outputs() -> ReleasedOutputs:
    """The released outputs that ``python -m data_scripts released-outputs`` has fetched.

    Raises:
        FileNotFoundError: they haven't been fetched; the error names the command.
        ValueError: the file holds something else.
    """
    path = data_folder() / f"{RELEASED}.npz"
    if not path.is_file():
        hint = f"fetch it with  python -m data_scripts {RELEASED}"
        raise FileNotFoundError(f"no {str(path)!r}: {hint}")
    arrays = read_npz(path)

    def both(kind: str) -> dict[str, np.ndarray]:
        return {name: arrays[f"{name}/{kind}"] for name in ("image", "text")}

    try:
        return ReleasedOutputs(
            test=Split(both("features"), both("labels")),
            predictions=both("predictions"),
            priors=both("prior"),
            prior=arrays["prior"],
            log=str(arrays["log"]),
        )
    except (KeyError, ValueError) as error:
        reason = f"it lacks {error}" if isinstance(error, KeyError) else error
        told = f"doesn't hold the released outputs: {reason}"
        raise ValueError(f"{str(path)!r} {told}") from None

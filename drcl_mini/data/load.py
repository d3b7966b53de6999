"""Data sets by name: what comes with the package, and what ``python -m data_scripts`` has converted."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..core.checks import nearest, needs
from ..core.files import data_folder, read_npz
from .dataset import MultimodalDataset
from .minimedia import minimedia
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


def digits_halves() -> MultimodalDataset:
    """Handwritten digits cut in two: a top and a bottom never come from the same digit.

    1797 scikit-learn digits of 8 × 8 pixels; 1000 give only their top 4 rows, the other 797 only their
    bottom 4 rows, so the two modalities are unpaired. Each is split 60 / 15 / 25 % at random (seed 0).

    Example:
        >>> digits_halves().train
        Split(top: 600 × 32, bottom: 478 × 32; 10 classes)
    """
    digits = needs("sklearn.datasets", "scikit-learn").load_digits()
    order = np.random.default_rng(0).permutation(len(digits.images))
    halves = {"top": (order[:1000], slice(0, 4)), "bottom": (order[1000:], slice(4, 8))}
    parts: dict[str, tuple[dict, dict]] = {
        part: ({}, {}) for part in ("train", "validation", "test")
    }
    items = {}
    for modality, (chosen, rows) in halves.items():
        pictures = digits.images[chosen][:, rows]
        cuts = [int(0.6 * len(chosen)), int(0.75 * len(chosen))]
        for part, index in zip(parts, np.split(np.arange(len(chosen)), cuts), strict=True):
            parts[part][0][modality] = pictures[index].reshape(len(index), -1)
            parts[part][1][modality] = digits.target[chosen[index]]
        items[modality] = pictures[cuts[1] :]
    splits = {part: Split(*pair) for part, pair in parts.items()}
    return MultimodalDataset(
        **splits,
        name="digits-halves",
        classes=tuple(map(str, range(10))),
        items=items,
        source="scikit-learn's bundled copy of the UCI ML hand-written digits (test part, CC BY 4.0)",
    )


EMBEDDED: dict[str, Callable[[], MultimodalDataset]] = {
    "minimedia": minimedia,
    "minimedia-small": lambda: minimedia("minimedia-small"),
    "digits-halves": digits_halves,
}
"""Data sets that need no download; the first is what the command line uses by default."""


def available_datasets() -> list[str]:
    """Names that :func:`load_dataset` can load now: the embedded ones and the files in the data folder."""
    files = sorted(
        path.stem for path in data_folder().glob("*.npz") if path.stem != "released-outputs"
    )
    return list(dict.fromkeys([*EMBEDDED, *files]))


def load_dataset(name: str) -> MultimodalDataset:
    """A data set by name.

    Raises:
        ValueError: no such data set; names the near ones.
        FileNotFoundError: a known one that hasn't been fetched; names the command that does.

    Example:
        >>> load_dataset("digits-halves").modalities
        ('top', 'bottom')
    """
    if name in list(EMBEDDED):
        return EMBEDDED[name]()
    if name in available_datasets():
        return MultimodalDataset.from_npz(data_folder() / f"{name}.npz")
    if name in CONVERTED:
        raise FileNotFoundError(
            f"data set {name!r} is not in {str(data_folder())!r}: fetch it with  python -m data_scripts {name}"
        )
    if name == "released-outputs":
        raise ValueError(
            f"{name!r} is no data set to train on: read it with load_released_outputs()"
        )
    raise ValueError(
        f"unknown data set {name!r}: {nearest(name, [*available_datasets(), *CONVERTED])}"
    )


class ReleasedOutputs(NamedTuple):
    """What the authors released of their Wikipedia run: 462 test pairs, D = 2048, C = 10."""

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
    """The authors' released outputs, from where ``python -m data_scripts released-outputs`` put them.

    Raises:
        FileNotFoundError: they haven't been fetched; names the command that does.
    """
    path = data_folder() / "released-outputs.npz"
    if not path.is_file():
        raise FileNotFoundError(
            f"no {str(path)!r}: fetch it with  python -m data_scripts released-outputs"
        )
    arrays = read_npz(path)
    kinds = ("features", "labels", "predictions", "prior")
    missing = {
        "prior",
        "log",
        *(f"{name}/{kind}" for name in ("image", "text") for kind in kinds),
    } - set(arrays)
    if missing:
        raise ValueError(
            f"{str(path)!r} doesn't hold the released outputs: it lacks {sorted(missing)[0]!r}"
        )
    by_kind = {
        kind: {name: arrays[f"{name}/{kind}"] for name in ("image", "text")} for kind in kinds
    }
    try:
        test = Split(by_kind["features"], by_kind["labels"])
    except ValueError as error:
        raise ValueError(f"{str(path)!r} doesn't hold the released outputs: {error}") from None
    return ReleasedOutputs(
        test=test,
        predictions=by_kind["predictions"],
        priors=by_kind["prior"],
        prior=arrays["prior"],
        log=str(arrays["log"]),
    )

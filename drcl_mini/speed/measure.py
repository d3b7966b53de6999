"""How ``bench-speed`` measures: sizes, clocks, turns.

The sides of a comparison take turns within one process (A B A B …), and a ratio is the median over
the turns: what else runs on the machine then slows both.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data.labels import one_hot
from ..data.load import available_datasets
from ..data.split import Split
from ..method.consistency import fit_encoder
from ..method.encoder import Encoder, build_encoder
from ..training.batches import generator
from ..training.fitting import computing
from ..training.settings import Settings, released_settings

Row = dict[str, Any]


class NotMeasuredError(Exception):
    """What a row needs isn't here; says what."""


@dataclass(frozen=True)
class Plan:
    """How to measure: at toy sizes or not, how often, on which device, on which data sets only."""

    quick: bool = False
    repetitions: int = 3
    device: str = "cpu"
    datasets: Sequence[str] = ()

    def settings(self, **changes: Any) -> dict[str, Any]:
        """The default setting, of toy size if need be, with some settings changed."""
        toy = {"hidden": (8,), "dim": 12, "batch_size": 64, "prior_epochs": 2, "epochs": 2}
        return {"device": self.device, "progress": False, **(toy if self.quick else {}), **changes}

    def released(self, dataset: str, **changes: Any) -> Settings:
        """The ``released`` preset, of toy size if need be, with some settings changed."""
        return released_settings(dataset, **self.settings(**changes))

    @property
    def precisions(self) -> list[str]:
        """What the device can compute in: TF32 needs a GPU."""
        return ["float32", "bfloat16"] if self.device == "cpu" else ["float32", "tf32", "bfloat16"]

    def present(self, *names: str) -> list[str]:
        """Those of some data sets that are wanted and here; a small one if need be.

        Raises:
            NotMeasuredError: there are none.
        """
        if self.quick:
            return ["digits-halves"]
        wanted = [name for name in names if name in (self.datasets or names)]
        found = [name for name in wanted if name in available_datasets()]
        if not wanted:
            told = f"it trains on {', '.join(names)}"
            raise NotMeasuredError(f"{told}, --datasets names none of them")
        if not found:
            raise NotMeasuredError(f"no data set {' or '.join(map(repr, wanted))} here")
        return found


def timed(work: Callable[[], Any], device: str = "cpu") -> tuple[Any, float]:
    """What some work gives, and the seconds it takes, on a GPU until its last result is there."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    wait()
    start = perf_counter()
    result = work()
    wait()
    return result, perf_counter() - start


def interleaved(
    sides: Mapping[str, Callable[[], float]], repetitions: int
) -> dict[str, list[float]]:
    """Seconds of each side, measured in turns.

    Example:
        >>> interleaved({"a": lambda: 1.0, "b": lambda: 2.0}, 2)
        {'a': [1.0, 1.0], 'b': [2.0, 2.0]}
    """
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(repetitions):
        for name, measure in sides.items():
            seconds[name].append(measure())
    return seconds


def ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """How many times as fast: the median over the turns.

    Example:
        >>> ratio([2.0, 8.0, 3.0], [1.0, 2.0, 1.0])
        3.0
    """
    return median(a / b for a, b in zip(slow, fast, strict=True))


def wikipedia_shapes(quick: bool) -> tuple[Split, Split]:
    """Random training and validation data as large as Wikipedia's deep features, or tiny ones."""
    source = np.random.default_rng(0)
    widths, sizes = {"image": 4096, "text": 300}, (2173, 231)
    if quick:
        widths, sizes = {"image": 40, "text": 30}, (130, 20)
    splits = []
    for n in sizes:
        features = {m: source.standard_normal((n, d), np.float32) for m, d in widths.items()}
        labels = {m: source.permutation(np.arange(n) % 10) for m in widths}
        splits.append(Split(features, labels))
    return splits[0], splits[1]


def pair(split: Split, name: str, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Features X (n, d) and labels Y (n, C) of one modality."""
    x, y = torch.from_numpy(split.features[name]), one_hot(split.labels[name], split.n_classes)
    return x.to(device), y.to(device)


def fresh_encoder(train: Split, settings: Settings, name: str) -> Encoder:
    """One modality's encoder as ``DRCL.fit`` starts it, on the settings' device."""
    x, _ = pair(train, name, settings.device)
    return build_encoder(x, settings, generator(settings.seed, "encoder", name))


def fit_alone(
    encoder: Encoder,
    train: Split,
    validation: Split,
    prior: Tensor,
    settings: Settings,
    name: str,
    report: Callable[[Row], None],
) -> None:
    """RSC of one modality by the package's trainer, as ``DRCL.fit`` does it, for a given prior.

    Args:
        encoder: from :func:`fresh_encoder`.
        train: what to learn from.
        validation: what picks the epoch.
        prior: W (D, C).
        settings: as of ``DRCL``.
        name: the modality.
        report: called with each epoch's record.
    """
    device = settings.device
    (x, y), held = pair(train, name, device), pair(validation, name, device)
    with computing(settings, train):
        fit_encoder(encoder, x, y, prior.to(device), settings, name, held, report)

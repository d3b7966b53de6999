"""Every setting of DRCL in one frozen dataclass; an unknown name or a bad value is an error."""

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ..core.checks import suggest, to_builtin

TERMS = ("intra", "inter", "mse", "label")
"""The loss terms of the consistency stage, by name."""


@dataclass(frozen=True)
class Settings:
    """Settings of :class:`drcl_mini.DRCL`, which explains each of them.

    The defaults are compact; :func:`released_settings` has the authors'.

    Raises:
        ValueError: a value that a setting can't have; says what it may be.
    """

    hidden: tuple[int, ...] = (256, 256)
    dim: int = 256
    standardise: bool = True
    prior: str = "selected"
    prior_scale: float = 1.0
    selection: str = "train"
    keep_best_prior: bool = True
    prior_first_epoch: int = 1
    prior_epochs: int = 20
    prior_learning_rate: float = 5e-4
    epochs: int = 60
    learning_rate: float | Mapping[str, float] = 3e-3
    betas: tuple[float, float] = (0.5, 0.999)
    weight_decay: float = 0.0
    batch_size: int = 128
    drop_last: bool = False
    q_rate: float = 0.03
    class_weight: str | None = None
    alpha: float = 0.1
    beta: float = 0.1
    eta: float = 1.0
    terms: tuple[str, ...] = TERMS
    gamma: float = 0.9
    mixup: float = 0.0
    monitor: str | None = "map"
    patience: int | None = 15
    label_noise: float = 0.0
    precision: str = "float32"
    seed: int = 0
    device: str = "auto"
    threads: int | None = None
    progress: bool | None = None

    def __post_init__(self) -> None:
        for name, (allowed, expected) in RULES.items():
            given = getattr(self, name)
            value = to_builtin(given)
            object.__setattr__(self, name, value)
            if not allowed(value):
                raise ValueError(f"setting {name!r} is {given!r}, expected {expected}")
        if not (self.alpha or self.beta or self.eta):
            raise ValueError("settings 'alpha', 'beta' and 'eta' are 0, expected one above 0")
        if not self.weights:
            expected = "at least one term whose weight is above 0"
            raise ValueError(f"setting 'terms' is {self.terms!r}, expected {expected}")

    def replace(self, **changes: Any) -> "Settings":
        """These settings with some changed.

        Raises:
            ValueError: an unknown name (says which are near) or a bad value.

        Example:
            >>> Settings().replace(dim=64).dim
            64
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise ValueError(f"unknown setting {name!r}: {suggest(name, known)}")
        return replace(self, **changes)

    def q(self, epoch: int) -> float:
        """GCE's exponent in an epoch, min(1, q_rate · e).

        Example:
            >>> Settings(q_rate=0.01).q(30)
            0.3
        """
        return min(1.0, self.q_rate * epoch)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each loss term that is on: α of intra and inter, β of mse, η of label.

        Example:
            >>> Settings(beta=0).weights
            {'intra': 0.1, 'inter': 0.1, 'label': 1.0}
            >>> Settings(terms=("intra", "label")).weights
            {'intra': 0.1, 'label': 1.0}
        """
        weights = zip(TERMS, (self.alpha, self.alpha, self.beta, self.eta), strict=True)
        return {name: weight for name, weight in weights if weight and name in self.terms}

    def rate(self, modality: str) -> float:
        """The learning rate of one modality's encoder."""
        rates = self.learning_rate
        if not isinstance(rates, Mapping):
            return rates
        if modality not in rates:
            raise ValueError(f"learning_rate has none for {modality!r}: {suggest(modality, rates)}")
        return rates[modality]


def is_integer(value: Any, least: int, most: float = math.inf) -> bool:
    """Whether a value is an int in a range; True and False are not."""
    return type(value) is int and least <= value <= most


def is_number(value: Any, least: float, most: float = sys.float_info.max) -> bool:
    """Whether a value is a finite int or float in a range."""
    return type(value) in (int, float) and least <= value <= most


def are_rates(value: Any) -> bool:
    """Whether a value is a learning rate, or a mapping that gives each modality one."""
    rates = list(value.values()) if isinstance(value, Mapping) else [value]
    return bool(rates) and all(is_number(rate, TINY) for rate in rates)


TINY = 1e-30
SWITCH = (lambda v: isinstance(v, bool), "True or False")
SIZE = (lambda v: is_integer(v, 1), "an integer of at least 1")
COUNT = (lambda v: is_integer(v, 0), "an integer of at least 0")
POSITIVE = (lambda v: is_number(v, TINY), "a positive number")
WEIGHT = (lambda v: is_number(v, 0), "a number of at least 0")
PRECISIONS = ("float32", "tf32", "bfloat16")

RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "hidden": (
        lambda v: type(v) is tuple and all(is_integer(h, 1) for h in v),
        "widths of at least 1",
    ),
    "dim": SIZE,
    "standardise": SWITCH,
    "prior": (lambda v: isinstance(v, str), "'selected', 'orthogonal', 'simplex' or a modality"),
    "prior_scale": POSITIVE,
    "selection": (lambda v: v in ("train", "validation"), "'train' or 'validation'"),
    "keep_best_prior": SWITCH,
    "prior_first_epoch": (lambda v: is_integer(v, 0, 1), "0 or 1"),
    "prior_epochs": COUNT,
    "prior_learning_rate": POSITIVE,
    "epochs": COUNT,
    "learning_rate": (are_rates, "positive, or one per modality"),
    "betas": (
        lambda v: type(v) is tuple and len(v) == 2 and all(is_number(b, 0, 0.999999) for b in v),
        "two numbers in [0, 1)",
    ),
    "weight_decay": WEIGHT,
    "batch_size": SIZE,
    "drop_last": SWITCH,
    "q_rate": WEIGHT,
    "class_weight": (lambda v: v in (None, "balanced"), "None or 'balanced'"),
    "alpha": WEIGHT,
    "beta": WEIGHT,
    "eta": WEIGHT,
    "terms": (lambda v: type(v) is tuple and all(t in TERMS for t in v), f"some of {TERMS}"),
    "gamma": (lambda v: is_number(v, 0, 1), "a number in [0, 1]"),
    "mixup": WEIGHT,
    "monitor": (lambda v: v in ("map", "loss", None), "'map', 'loss' or None"),
    "patience": (lambda v: v is None or is_integer(v, 1), "None or an integer of at least 1"),
    "label_noise": (lambda v: is_number(v, 0, 1), "a share from 0 to 1"),
    "precision": (lambda v: v in PRECISIONS, "'float32', 'tf32' or 'bfloat16'"),
    "seed": (lambda v: is_integer(v, 0, 2**63 - 1), "an integer from 0 to 2⁶³ − 1"),
    "device": (lambda v: isinstance(v, str), "'auto', 'cpu', 'cuda', …"),
    "threads": (lambda v: v is None or is_integer(v, 1), "None or an integer of at least 1"),
    "progress": (lambda v: v is None or isinstance(v, bool), "None, True or False"),
}
"""For each setting: whether a value is allowed, and in words what is."""


EPOCHS = {
    "wikipedia": 200,
    "xmedia": 300,
    "xmedianet": 100,
    "nus-wide": 100,
    "inria-websearch": 100,
}
"""Epochs of the authors' released configuration, by data set."""
RATES = {
    "wikipedia": {"image": 6e-6, "text": 5e-3},
    "xmedia": {"image": 8e-4, "text": 3e-4, "audio": 8e-4, "3d": 3e-3, "video": 4e-4},
}
"""Its learning rates, where they are known."""
PRIOR_RATE = 5e-4
"""Its learning rate of the prior, on every data set."""


RELEASED_FOR = {name: name for name in EPOCHS} | {"wikipedia-classic": "wikipedia"}
"""By data set, the one whose released settings it takes."""


def released_settings(dataset: str, **changes: Any) -> Settings:
    """The authors' released configuration for a data set, quirks included, with changes.

    ``"wikipedia-classic"`` takes the settings of ``"wikipedia"``. The released learning rates of
    ``"xmedianet"``, ``"nus-wide"`` and ``"inria-websearch"`` aren't known: name them as
    ``learning_rate``.

    Source: github.com/QinYang79/DRCL at 91910a0.

    Example:
        >>> released_settings("wikipedia").learning_rate
        {'image': 6e-06, 'text': 0.005}
    """
    if dataset not in RELEASED_FOR:
        near = suggest(dataset, RELEASED_FOR)
        raise ValueError(f"no released settings for {dataset!r}: {near}")
    base = RELEASED_FOR[dataset]
    if base not in RATES and "learning_rate" not in changes:
        raise ValueError(
            f"the released learning rates for {dataset!r} aren't known: give learning_rate=…"
        )
    released = Settings(
        hidden=(4096, 4096),
        dim=2048,
        standardise=False,
        prior="selected",
        selection="train",
        keep_best_prior=False,
        prior_first_epoch=0,
        prior_epochs=EPOCHS[base],
        prior_learning_rate=PRIOR_RATE,
        epochs=EPOCHS[base],
        learning_rate=changes.get("learning_rate", RATES.get(base)),
        betas=(0.5, 0.999),
        batch_size=1024,
        drop_last=True,
        q_rate=0.01,
        alpha=0.1,
        beta=0.1,
        eta=1.0,
        gamma=0.9,
        monitor="loss",
        patience=None,
        seed=1,
    )
    return released.replace(**changes)

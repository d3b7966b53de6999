"""Every setting of DRCL in one frozen dataclass; an unknown name or a bad value is an error."""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ..core.checks import nearest, plain


@dataclass(frozen=True)
class Settings:
    """Settings of :class:`drcl_mini.DRCL`, which explains each of them.

    The defaults are compact; :func:`released_settings` has the authors'.
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
    prior_learning_rate: float = 2e-3
    epochs: int = 60
    learning_rate: float | Mapping[str, float] = 1e-3
    betas: tuple[float, float] = (0.5, 0.999)
    batch_size: int = 128
    drop_last: bool = False
    q_rate: float = 0.03
    alpha: float = 0.1
    beta: float = 0.1
    eta: float = 1.0
    terms: tuple[str, ...] = ("intra", "inter", "mse", "label")
    gamma: float = 0.9
    mixup: float = 0.0
    monitor: str | None = "map"
    patience: int | None = 15
    label_noise: float = 0.0
    precision: str = "float32"
    seed: int = 0
    device: str = "auto"
    progress: bool | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, plain(getattr(self, field.name)))
        rates = (
            self.learning_rate.values()
            if isinstance(self.learning_rate, Mapping)
            else [self.learning_rate]
        )
        rules = [
            (
                "hidden",
                _is_tuple(self.hidden) and all(_is_int(h, 1) for h in self.hidden),
                "widths of at least 1",
            ),
            (
                "betas",
                _is_tuple(self.betas, 2) and all(_is_real(b, 0, 0.999999) for b in self.betas),
                "two in [0, 1)",
            ),
            (
                "learning_rate",
                len(rates) and all(_is_real(r, 1e-30) for r in rates),
                "positive, or one per modality",
            ),
            ("prior_learning_rate", _is_real(self.prior_learning_rate, 1e-30), "a positive number"),
            ("prior_scale", _is_real(self.prior_scale, 1e-30), "a positive number"),
            (
                "prior",
                isinstance(self.prior, str),
                "'selected', 'orthogonal', 'simplex' or a modality",
            ),
            ("selection", self.selection in ("train", "validation"), "'train' or 'validation'"),
            ("monitor", self.monitor in ("map", "loss", None), "'map', 'loss' or None"),
            ("patience", self.patience is None or _is_int(self.patience, 1), "None or at least 1"),
            (
                "precision",
                self.precision in ("float32", "tf32", "bfloat16"),
                "'float32', 'tf32' or 'bfloat16'",
            ),
            ("label_noise", _is_real(self.label_noise, 0, 1), "a share from 0 to 1"),
            ("gamma", _is_real(self.gamma, 0, 1), "a number in [0, 1]"),
            ("seed", _is_int(self.seed, 0) and self.seed < 2**63, "an integer from 0 to 2⁶³ − 1"),
            (
                "prior_first_epoch",
                _is_int(self.prior_first_epoch, 0) and self.prior_first_epoch < 2,
                "0 or 1",
            ),
            (
                "progress",
                self.progress is None or isinstance(self.progress, bool),
                "None, True or False",
            ),
            (
                "eta",
                self.alpha or self.beta or self.eta,
                "above 0 where alpha and beta are 0: no loss is left",
            ),
            (
                "terms",
                _is_tuple(self.terms) and all(name in _TERMS for name in self.terms),
                f"some of {_TERMS}",
            ),
            (
                "terms",
                _is_tuple(self.terms) and any(self.weights.values()),
                "one at least whose weight is above 0",
            ),
            ("device", isinstance(self.device, str), "'auto', 'cpu', 'cuda', …"),
        ]
        rules += [
            (n, _is_int(getattr(self, n), 1), "an integer of at least 1")
            for n in ("dim", "batch_size")
        ]
        rules += [
            (n, _is_int(getattr(self, n), 0), "an integer of at least 0")
            for n in ("epochs", "prior_epochs")
        ]
        rules += [(n, _is_real(getattr(self, n), 0), "a number of at least 0") for n in _WEIGHTS]
        rules += [(n, isinstance(getattr(self, n), bool), "True or False") for n in _SWITCHES]
        for name, fine, expected in rules:
            if not fine:
                raise ValueError(
                    f"setting {name!r} is {getattr(self, name)!r}, expected {expected}"
                )

    def but(self, **changes: Any) -> "Settings":
        """These settings with some changed.

        Raises:
            ValueError: an unknown name (says which are near) or a bad value.

        Example:
            >>> Settings().but(dim=64).dim
            64
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise ValueError(f"unknown setting {name!r}: {nearest(name, known)}")
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
        terms = {"intra": self.alpha, "inter": self.alpha, "mse": self.beta, "label": self.eta}
        return {name: weight for name, weight in terms.items() if weight and name in self.terms}

    def rate(self, modality: str) -> float:
        """The learning rate of one modality's encoder."""
        if not isinstance(self.learning_rate, Mapping):
            return self.learning_rate
        if modality not in self.learning_rate:
            raise ValueError(
                f"learning_rate has none for {modality!r}: {nearest(modality, self.learning_rate)}"
            )
        return self.learning_rate[modality]


_TERMS = ("intra", "inter", "mse", "label")
_WEIGHTS = ("alpha", "beta", "eta", "q_rate", "mixup")
_SWITCHES = ("standardise", "keep_best_prior", "drop_last")


def _is_int(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_real(value: Any, least: float, most: float = math.inf) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return (
        number and abs(value) <= sys.float_info.max and least <= value <= most
    )  # not NaN, not infinite


def _is_tuple(value: Any, length: int | None = None) -> bool:
    return isinstance(value, tuple) and length in (None, len(value))


_EPOCHS = {
    "wikipedia": 200,
    "xmedia": 300,
    "xmedianet": 100,
    "nus-wide": 100,
    "inria-websearch": 100,
}
_RATES = {
    "wikipedia": {"image": 6e-6, "text": 5e-3},
    "xmedia": {"image": 8e-4, "text": 3e-4, "audio": 8e-4, "3d": 3e-3, "video": 4e-4},
}


def released_settings(dataset: str, **changes: Any) -> Settings:
    """The authors' released configuration for a data set, quirks included, with some settings changed.

    ``"wikipedia-classic"`` takes the settings of ``"wikipedia"``. The released learning rates of
    ``"xmedianet"``, ``"nus-wide"`` and ``"inria-websearch"`` aren't known: name them as ``learning_rate``.

    Source: github.com/QinYang79/DRCL at 91910a0.

    Example:
        >>> released_settings("wikipedia").learning_rate
        {'image': 6e-06, 'text': 0.005}
    """
    base = "wikipedia" if dataset == "wikipedia-classic" else dataset
    if base not in _EPOCHS:
        raise ValueError(
            f"no released settings for {dataset!r}: {nearest(dataset, [*_EPOCHS, 'wikipedia-classic'])}"
        )
    if base not in _RATES and "learning_rate" not in changes:
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
        prior_epochs=_EPOCHS[base],
        prior_learning_rate=5e-4,
        epochs=_EPOCHS[base],
        learning_rate=changes.get("learning_rate", _RATES.get(base)),
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
    return released.but(**changes)

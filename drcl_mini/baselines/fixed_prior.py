"""Fixed prior: DRCL without its prior learning, the simplest thing that its prior must beat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..core.checks import suggest
from ..data.split import Split
from ..method.estimator import DRCL
from ..method.prior import FIXED
from .base import Baseline


@dataclass(eq=False)
class FixedPrior(Baseline):
    r"""DRCL's second stage (RSC) towards a prior W (D, C) that no data shaped.

    .. math:: W^\top W = I \;\text{(orthogonal)}, \qquad
        W^\top W = \tfrac{C}{C-1}\left(I - \tfrac1C \mathbf 1 \mathbf 1^\top\right)
        \;\text{(simplex)}

    Encoders, losses and training are those of :class:`drcl_mini.DRCL`; what is between the two in a
    table comes of two things at once. A learned W has another class geometry, and it has longer
    columns: they grow to about 5 where these stay at 1. F has unit rows, so the length is the
    inverse temperature of the label term, with logits of at most 1 in size here. So a gap to DRCL
    is no measure of the geometry alone. No pairs needed, any number of modalities, multi-hot labels
    too.

    Args:
        prior: ``"simplex"`` or ``"orthogonal"``.
        settings: any other of :class:`drcl_mini.Settings`.

    Attributes:
        model_: the :class:`drcl_mini.DRCL`.

    Source: the simplex is where classifiers' class means end up, Papyan, Han and Donoho,
    "Prevalence of Neural Collapse during the Terminal Phase of Deep Learning Training", PNAS
    117(40), 2020.

    Example:
        >>> import drcl_mini
        >>> data = drcl_mini.load_dataset("digits-halves")
        >>> model = FixedPrior(prior="simplex", settings={"epochs": 2, "dim": 32})
        >>> model = model.fit(data.train, data.validation)
        >>> model.title, model.model_.prior_source_, model.transform(data.test)["top"].shape
        ('fixed simplex prior', 'simplex', (250, 32))
    """

    title = "fixed prior"
    prior: str = "simplex"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.prior not in FIXED:
            raise ValueError(f"fixed prior: prior is {self.prior!r}: {suggest(self.prior, FIXED)}")
        own = sorted({"prior", "seed", "device"} & set(self.settings))
        if own:
            raise ValueError(f"fixed prior: {own[0]!r} belongs beside 'settings', not in it")
        self.title = f"fixed {self.prior} prior"
        self.model_ = DRCL(prior=self.prior, seed=self.seed, device=self.device, **self.settings)

    def _learn(self, train: Split, validation: Split | None) -> None:
        self.model_.fit(train, validation)
        if self.model_.interrupted_:
            raise KeyboardInterrupt  # DRCL keeps what it had learned, a compared method doesn't

    def _embed(self, name: str, x: np.ndarray) -> np.ndarray:
        return self.model_.transform({name: x})[name]

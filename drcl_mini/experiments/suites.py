"""Grids with a name: which data sets, methods, seeds, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..data import MultimodalDataset
from .methods import compared, methods
from .variants import ABLATIONS

REAL = ("wikipedia-classic", "spoken-digits", "minimedia")
NOISY = ("DRCL", "deep-SM", "MRL", "SDML")


@dataclass(frozen=True)
class Suite:
    """A grid with a name.

    Args:
        what: one line for ``--help``.
        datasets: names of data sets.
        group: ``"compared"``: DRCL and every compared method; ``"ablations"``: every variant of DRCL; or names.
        seeds: how many.
        noises: shares of wrong training labels.
        settings: changed settings.
    """

    what: str
    datasets: Sequence[str]
    group: str | Sequence[str]
    seeds: int
    noises: Sequence[float] = (0.0,)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def methods(self, data: MultimodalDataset) -> list[str]:
        """Names of its methods on a data set.

        Example:
            >>> from drcl_mini import load_dataset
            >>> data = load_dataset("digits-halves")
            >>> [SUITES[name].methods(data)[0] for name in ("benchmark", "ablations", "noise")]
            ['DRCL', 'full', 'DRCL']
        """
        if not isinstance(self.group, str):
            return list(self.group)
        kinds = {"compared": {"DRCL", *compared()}, "ablations": {"DRCL"}}[self.group]
        own = [method for method in methods(data).values() if method.kind in kinds]
        return [m.name for m in own if m.kind != "DRCL" or (m.name == "DRCL") == (self.group == "compared")]


TINY = {"hidden": [32], "dim": 16, "epochs": 6, "prior_epochs": 4, "learning_rate": 0.01, "prior_learning_rate": 0.01}
SUITES = {
    "benchmark": Suite("DRCL and every compared method, 5 seeds", REAL, "compared", 5),
    "ablations": Suite("every variant of DRCL, 10 seeds", REAL, "ablations", 10),
    "noise": Suite("wrong training labels, a share of 0 to 0.8, 5 seeds", REAL, NOISY, 5, (0.0, 0.2, 0.4, 0.6, 0.8)),
    "smoke": Suite(
        "does it run? tiny models, 2 seeds", ["digits-halves"], ["DRCL", *ABLATIONS, "SM", "MCCA"], 2, settings=TINY
    ),
}

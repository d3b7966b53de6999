"""Grids with a name: which data sets, methods, seeds, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...data.dataset import MultimodalDataset
from ...data.load import SPEAKERS
from ...training.settings import Settings
from .methods import methods
from .variants import ABLATIONS, variants

REAL = ("wikipedia-classic", "numbers", "things-groups", "things", "things-fine")
SETS = (*REAL, "minimedia")
TOY = ("digits-halves",)
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)
NOISY = ("DRCL", "deep-SM", "MRL", "SDML")


@dataclass(frozen=True)
class Suite:
    """A grid: what to train, on which data, how often.

    Args:
        what: one line for ``--help``.
        datasets: names of data sets.
        group: ``"compared"``: DRCL, the fixed priors and every compared method; ``"smoke"``: these
            and the ablations; a group of :func:`drcl_mini.experiments.plan.variants.variants`; or
            names.
        seeds: how many; the benchmark's 10 and the ablations' 12 are enough for a difference that
            is significant when corrected for all methods on a data set.
        noises: shares of wrong training labels; validation and test labels stay clean.
        settings: changed settings.
        test: whether to score on test data; not where settings are chosen by the scores.
    """

    what: str
    datasets: Sequence[str]
    group: str | Sequence[str]
    seeds: int
    noises: Sequence[float] = (0.0,)
    settings: Mapping[str, Any] = field(default_factory=dict)
    test: bool = True

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
        known = methods(data).values()
        compared = [m.name for m in known if m.space or not m.kind.startswith("DRCL")]
        groups = {"compared": compared, "smoke": [*compared, *ABLATIONS]}
        if self.group in groups:
            return groups[self.group]
        return list(variants(data.modalities, vars(Settings()), self.group))


TINY = {
    "hidden": [32],
    "dim": 16,
    "epochs": 6,
    "prior_epochs": 4,
    "learning_rate": 0.01,
    "prior_learning_rate": 0.01,
}
SUITES = {
    "benchmark": Suite("DRCL and every compared method, 10 seeds", SETS, "compared", 10),
    "speakers": Suite(
        "the same on numbers with each speaker as a stranger, 3 seeds; settings are searched on "
        "numbers",
        tuple(SPEAKERS),
        "compared",
        3,
    ),
    "ablations": Suite("DRCL without its parts, 12 seeds", SETS, "ablations", 12),
    "sweeps": Suite("DRCL along its settings, 12 seeds", SETS, "sweeps", 12),
    "tuning": Suite(
        "DRCL's settings one at a time, on validation data, 5 seeds", REAL, "tuning", 5, test=False
    ),
    "noise": Suite("wrong training labels, a share of 0 to 0.8, 5 seeds", SETS, NOISY, 5, SHARES),
    "smoke": Suite("benchmark and ablations, tiny, 2 seeds", TOY, "smoke", 2, settings=TINY),
}

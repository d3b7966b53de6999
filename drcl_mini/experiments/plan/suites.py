"""Grids with a name: which data sets, methods, seeds, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.checks import warn
from ...data.dataset import MultimodalDataset
from ...data.load import SPEAKERS, available_datasets
from ...training.settings import EPOCHS, RELEASED_FOR, Settings, released_settings
from .changes import Change, changes_of
from .methods import Method, methods
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
        group: ``"compared"``: DRCL, the fixed priors and every compared method; ``"paper"``: these
            and DRCL's released settings; ``"smoke"``: the former and the ablations; a group of
            :func:`drcl_mini.experiments.plan.variants.variants`; or names.
        seeds: how many; the benchmark's 10 and the ablations' 12 are enough for a difference that
            is significant when corrected for all methods on a data set.
        noises: shares of wrong training labels; validation and test labels stay clean.
        settings: changed settings.
        test: whether to score on test data; not where settings are chosen by the scores.
        published: train at the sizes that the paper's authors used, see :func:`published_sizes`, on
            those of the data sets that are here.
    """

    what: str
    datasets: Sequence[str]
    group: str | Sequence[str]
    seeds: int
    noises: Sequence[float] = (0.0,)
    settings: Mapping[str, Any] = field(default_factory=dict)
    test: bool = True
    published: bool = False

    def present(self) -> Sequence[str]:
        """Its data sets; of those that are handed out on request, the ones that are here.

        The others are left out with a warning.

        Raises:
            ValueError: none is here.
        """
        if not self.published:
            return self.datasets
        here = set(available_datasets())
        away = [name for name in self.datasets if name not in here]
        told = "; ".join(f"{name}:  {COMMANDS[name]}" for name in away)
        if len(away) == len(self.datasets):
            raise ValueError(f"none of the data sets is here yet. Convert one or more: {told}")
        if away:
            warn(f"left out, not here yet: {told}")
        return [name for name in self.datasets if name in here]

    def changes(self, dataset: str, method: Method, given: Sequence[Change]) -> dict[str, Any]:
        """The changed settings of a method on a data set: the suite's, and those that were given.

        Example:
            >>> smoke = SUITES["smoke"].changes("digits-halves", Method("SM", "SM"), [])
            >>> smoke == TINY
            True
        """
        own = {**self.settings, **(published_sizes(dataset, method) if self.published else {})}
        return changes_of(method, [*(Change("", *setting) for setting in own.items()), *given])

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
        every = [m.name for m in known if m.space or m.kind != "DRCL"]
        compared = [name for name in every if name != "DRCL released"]
        groups = {"compared": compared, "paper": every, "smoke": [*compared, *ABLATIONS]}
        if self.group in groups:
            return groups[self.group]
        return list(variants(data.modalities, vars(Settings()), self.group))


PAPER = tuple(EPOCHS)
"""The data sets of the paper."""
COMMANDS = {name: f"python -m data_scripts {name} --source FILE" for name in PAPER} | {
    "wikipedia": "python -m data_scripts wikipedia"
}
"""What converts each of them; only Wikipedia's file is public."""
OWN_WIDTH = ("DCCA", "DCCAE")
"""Methods with a width of their own: canonical directions of a batch are fewer than its items, so a
search chooses from 10 to 40."""


def published_sizes(dataset: str, method: Method) -> dict[str, Any]:
    """The released encoder, batch and epochs, and raw features, for whatever method has them.

    Methods that share a last layer (DSCMR, FGCrossNet) share the one from the last hidden width to
    D: as many layers on the way as in the others. A data set without released epochs gets 100, as
    most have. Everything else stays each method's own, and open to a search.

    Example:
        >>> sizes = published_sizes("wikipedia", Method("MRL", "MRL"))
        >>> sizes["hidden"], sizes["dim"], sizes["batch_size"], sizes["epochs"]
        ((4096, 4096), 2048, 1024, 200)
    """
    base = RELEASED_FOR.get(dataset, "nus-wide")
    released = released_settings(base, learning_rate=1.0)  # rates aren't sizes
    names = ["hidden", "dim", "standardise", "batch_size", "epochs", "prior_epochs"]
    left = {"dim"} if method.kind in OWN_WIDTH else set()
    return {name: getattr(released, name) for name in names if name not in left}


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
    "paper": Suite(
        "the five sets of the paper at its sizes, DRCL released and every compared method, "
        "10 seeds; use --search",
        PAPER,
        "paper",
        10,
        published=True,
    ),
    "smoke": Suite("benchmark and ablations, tiny, 2 seeds", TOY, "smoke", 2, settings=TINY),
}

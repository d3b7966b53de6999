"""Methods by name: DRCL, its variants, and every method that ``drcl_mini.baselines`` exports."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any

from ... import baselines
from ...baselines import Baseline, FixedPrior
from ...baselines.joint import ALONE
from ...core.terminal import in_tuples
from ...data.dataset import MultimodalDataset
from ...method.estimator import DRCL
from ...training.settings import PRIOR_RATE, RATES, RELEASED_FOR, Settings, released_settings
from ...training.space import Choice, Log, Space
from .variants import variants

DRCL_SPACE: Space = {
    **ALONE,
    "prior_learning_rate": Log(1e-4, 1e-1),
    "q_rate": Log(3e-3, 1, most=1),
    "gamma": Choice(0.9, 0.5, 0.7, 1.0),
}
"""What a search may choose for DRCL: what the compared methods may, and settings of its own."""
FIXED_SPACE: Space = {k: v for k, v in DRCL_SPACE.items() if k != "prior_learning_rate"} | {
    "prior_scale": Log(0.5, 20)
}
"""The same for priors that no data shape; a learned one finds its scale by itself."""

RELEASED_SPACE: Space = {"learning_rate": Log(1e-6, 1e-2, each=True)}
"""What a search chooses for the released settings of data sets whose released rates aren't known:
the known ones lie between."""

GRIDS = ("seed", "threads")
"""Settings that the grid sets for each task, the same for all methods."""

LATER = {"class_weight": None, "weight_decay": 0.0}
"""Settings that came after the first results, and what leaves them off: tasks keep their ids."""


@dataclass(frozen=True)
class Method:
    """A name in tables, and how to make what it stands for.

    Args:
        name: its name.
        kind: ``"DRCL"``, ``"DRCL released"``, or the title of a compared method.
        changes: settings that the name fixes.
        space: by setting, what a search may choose.
        first: settings that have no default, and what a search tries first. Without a search they
            must be given.
    """

    name: str
    kind: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    space: Space = field(default_factory=dict)
    first: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> list[str]:
        """Names of its settings except those that the grid sets."""
        return [setting.name for setting in _fields(self.kind) if setting.name not in GRIDS]

    def settings(self, dataset: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """All settings but those that the grid sets, as JSON keeps them.

        Changes replace the defaults, and what the method's name fixes replaces both.
        Changes that the method has no setting for are ignored. Settings of type float become
        floats, so that 1 and 1.0 are the same.

        Raises:
            ValueError: a bad value, or a data set without released settings.

        Example:
            >>> method = Method("without FA", "DRCL", {"gamma": 1})
            >>> method.settings("digits-halves", {"epochs": 5})["gamma"]
            1.0
        """
        own = {name: value for name, value in changes.items() if name in self.known}
        chosen = in_tuples({**own, **self.changes}, _fields(self.kind))
        if self.kind == "DRCL released":
            chosen = vars(released_settings(dataset, **chosen))
        model = make(self.kind, chosen, 0)
        values = model.get_params() if isinstance(model, DRCL) else vars(model)
        found = json.loads(json.dumps({name: values[name] for name in self.known}))
        for setting in _fields(self.kind):
            if "float" in str(setting.type):
                found[setting.name] = _floats(found[setting.name])
        if "progress" in found:
            found["progress"] = False
        return {k: v for k, v in found.items() if k not in LATER or v != LATER[k]}


def make(kind: str, settings: Mapping[str, Any], seed: int) -> DRCL | Baseline:
    """A model that isn't fitted yet.

    Args:
        kind: see :class:`Method`.
        settings: from :meth:`Method.settings`.
        seed: all its randomness.

    Example:
        >>> make("DRCL", {"hidden": [8]}, 3)
        DRCL(hidden=(8,), seed=3)
    """
    own = {**settings, "seed": seed}
    lists = {name: tuple(value) for name, value in own.items() if isinstance(value, list)}
    model = DRCL if kind.startswith("DRCL") else compared()[kind]
    return model(**own | lists)


def compared() -> dict[str, type[Baseline]]:
    """The compared methods by title: every class that ``drcl_mini.baselines`` exports now.

    All but the fixed priors' class: they are settings of DRCL, trained as its variants are.

    Example:
        >>> compared()["SM"].__name__
        'SM'
    """
    classes = filter(inspect.isclass, vars(baselines).values())
    others = (Baseline, FixedPrior)
    return {c.title: c for c in classes if issubclass(c, Baseline) and c not in others}


def methods(data: MultimodalDataset) -> dict[str, Method]:
    """Every method on a data set, by name.

    There is one for each modality's prior, and one for the released settings, if there are any.
    Those with a space are compared with each other; DRCL's variants, the ablations, have none.

    Example:
        >>> import drcl_mini
        >>> known = methods(drcl_mini.load_dataset("digits-halves"))
        >>> list(known)[:3], known["prior of top"].changes
        (['DRCL', 'full', 'orthogonal prior'], {'prior': 'top'})
    """
    found = [Method("DRCL", "DRCL", {}, DRCL_SPACE)]
    if data.name in RELEASED_FOR:
        found.append(released(data.name))
    table = variants(data.modalities, vars(Settings()))
    found += [Method(name, "DRCL", changes) for name, changes in table.items()]
    for prior in ("orthogonal", "simplex"):
        found.append(Method(f"fixed {prior} prior", "DRCL", {"prior": prior}, FIXED_SPACE))
    for title, kind in compared().items():
        found.append(Method(title, title, {}, kind.space))
    return {method.name: method for method in found}


def released(dataset: str) -> Method:
    """The released settings of a data set; learning rates that aren't known can be searched for.

    The first try is SPL's released rate in every modality.

    Example:
        >>> released("wikipedia").space, released("nus-wide").first
        ({}, {'learning_rate': 0.0005})
    """
    known = RELEASED_FOR[dataset] in RATES
    unknown = {} if known else {"space": RELEASED_SPACE, "first": {"learning_rate": PRIOR_RATE}}
    return Method("DRCL released", "DRCL released", **unknown)


def _fields(kind: str) -> tuple[Field, ...]:
    return fields(Settings if kind.startswith("DRCL") else compared()[kind])


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_floats(part) for part in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

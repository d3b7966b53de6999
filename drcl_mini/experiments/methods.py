"""Methods by name: DRCL, its variants, and every compared method that ``drcl_mini.baselines`` exports."""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from itertools import product
from typing import Any

from .. import baselines
from ..baselines import Baseline
from ..checks import nearest
from ..data import MultimodalDataset
from ..estimator import DRCL
from ..settings import Settings, released_settings
from .variants import variants

DRCL_GRID = {"learning_rate": (3e-4, 1e-3, 3e-3), "q_rate": (0.01, 0.03)}
"""What a search may choose for DRCL: six combinations, like the compared methods' grids."""

VERSIONS = {
    "fixed prior": {f"fixed {prior} prior": {"prior": prior} for prior in ("orthogonal", "simplex")},
}
"""Compared methods that are one class with more than one name: by title, what each name sets."""


@dataclass(frozen=True)
class Method:
    """A name in tables, and how to make what it stands for.

    Args:
        name: its name.
        kind: ``"DRCL"``, ``"DRCL released"``, or the title of a compared method.
        changes: settings that the name fixes.
        grid: by setting, values that a search may choose from.
    """

    name: str
    kind: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def takes(self, name: str) -> bool:
        """Whether it has a setting of that name."""
        return name != "seed" and (name in _names(self.kind) or (_nests(self.kind) and name in _names("DRCL")))

    def settings(
        self, dataset: str, changes: Mapping[str, Any], choice: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """All settings but the seed, as JSON keeps them: the defaults, a search's choice, changes, the name's own.

        Changes that the method has no setting for are left out.

        Raises:
            ValueError: a bad value, or a data set without released settings.

        Example:
            >>> Method("without FA", "DRCL", {"gamma": 1.0}).settings("digits-halves", {"epochs": 5})["gamma"]
            1.0
        """
        own = {name: value for name, value in changes.items() if self.takes(name)}
        chosen = {**(choice or {}), **own, **self.changes}
        if self.kind == "DRCL released":
            chosen = vars(released_settings(dataset, **chosen))
        elif _nests(self.kind):
            inner = {name: chosen.pop(name) for name in list(chosen) if name not in _names(self.kind)}
            chosen["settings"] = {**chosen.get("settings", {}), **inner}
        model = make(self.kind, chosen, 0)
        found = model.get_params() if isinstance(model, DRCL) else {n: getattr(model, n) for n in _names(self.kind)}
        found = json.loads(json.dumps({name: value for name, value in found.items() if name != "seed"}))
        return found | ({"progress": False} if "progress" in found else {})

    def choices(self) -> Iterator[dict[str, Any]]:
        """Every combination of the grid."""
        for values in product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))


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
    tidy = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
    if kind.startswith("DRCL"):
        return DRCL(**{**tidy, "seed": seed})
    return compared()[kind](**{**tidy, "seed": seed})


def compared() -> dict[str, type[Baseline]]:
    """The compared methods by title: whatever class ``drcl_mini.baselines`` exports now.

    Example:
        >>> compared()["SM"].__name__
        'SM'
    """
    classes = [value for value in vars(baselines).values() if inspect.isclass(value) and issubclass(value, Baseline)]
    return {c.title: c for c in classes if not inspect.isabstract(c) and hasattr(c, "title")}


def methods(data: MultimodalDataset) -> dict[str, Method]:
    """Every method by name, on a data set: each modality's prior has a name, the released settings where known.

    Example:
        >>> import drcl_mini
        >>> known = methods(drcl_mini.load_dataset("digits-halves"))
        >>> list(known)[:3], known["prior of top"].changes
        (['DRCL', 'full', 'orthogonal prior'], {'prior': 'top'})
    """
    found = {"DRCL": Method("DRCL", "DRCL", {}, DRCL_GRID)}
    with suppress(ValueError):
        released_settings(data.name)
        found["DRCL released"] = Method("DRCL released", "DRCL released")
    for name, changes in variants(data.modalities, vars(Settings())).items():
        found[name] = Method(name, "DRCL", changes)
    for title, baseline in compared().items():
        for name, changes in VERSIONS.get(title, {title: {}}).items():
            found[name] = Method(name, title, changes, getattr(baseline, "grid", {}))
    return found


def check_changes(chosen: Sequence[Method], changes: Mapping[str, Any]) -> None:
    """Every changed setting must be one of some chosen method.

    Raises:
        ValueError: it isn't; says which names are near.
    """
    if "seed" in changes:
        raise ValueError("--set 'seed': a grid counts its seeds from 0, say how many with --seeds")
    for name in changes:
        if not any(method.takes(name) for method in chosen):
            known = {other for method in chosen for other in _names(method.kind)} - {"seed"}
            raise ValueError(f"--set {name!r}: no chosen method has that setting: {nearest(name, sorted(known))}")


def _names(kind: str) -> list[str]:
    owner = Settings if kind.startswith("DRCL") else compared()[kind]
    return [field.name for field in fields(owner)]


def _nests(kind: str) -> bool:
    """Whether a compared method hands ``settings`` on to a DRCL inside."""
    return not kind.startswith("DRCL") and "settings" in _names(kind)

"""Methods by name: DRCL, its variants, and every compared method that ``drcl_mini.baselines`` exports."""

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields
from itertools import product
from typing import Any

from ... import baselines
from ...baselines import Baseline
from ...data.dataset import MultimodalDataset
from ...method.estimator import DRCL
from ...training.settings import Settings, released_settings
from .variants import variants

DRCL_GRID = {"learning_rate": (3e-4, 1e-3, 3e-3), "q_rate": (0.01, 0.03)}
"""What a search may choose for DRCL: six combinations, like the compared methods' grids."""


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

    @property
    def known(self) -> list[str]:
        """Names of its settings, but for the seed."""
        return [field.name for field in _fields(self.kind) if field.name != "seed"]

    def takes(self, name: str) -> bool:
        """Whether it has a setting of that name."""
        return name in self.known

    def settings(
        self, dataset: str, changes: Mapping[str, Any], choice: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """All settings but the seed, as JSON keeps them: the defaults, a search's choice, changes, the name's own.

        Changes that the method has no setting for are left out. What may be a fraction is one: 1 and 1.0 are the same.

        Raises:
            ValueError: a bad value, or a data set without released settings.

        Example:
            >>> Method("without FA", "DRCL", {"gamma": 1}).settings("digits-halves", {"epochs": 5})["gamma"]
            1.0
        """
        own = {name: value for name, value in changes.items() if self.takes(name)}
        chosen = {**(choice or {}), **own, **self.changes}
        if self.kind == "DRCL released":
            chosen = vars(released_settings(dataset, **chosen))
        model = make(self.kind, chosen, 0)
        values = model.get_params() if isinstance(model, DRCL) else vars(model)
        found = json.loads(json.dumps({name: values[name] for name in self.known}))
        found |= {
            f.name: _floats(found[f.name]) for f in _fields(self.kind) if "float" in str(f.type)
        }
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
    tidy = {
        name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
    }
    if kind.startswith("DRCL"):
        return DRCL(**{**tidy, "seed": seed})
    return compared()[kind](**{**tidy, "seed": seed})


def compared() -> dict[str, type[Baseline]]:
    """The compared methods by title: whatever class ``drcl_mini.baselines`` exports now.

    The fixed priors' class is left out: they are settings of DRCL, trained as its variants are.

    Example:
        >>> compared()["SM"].__name__
        'SM'
    """
    classes = [
        value
        for value in vars(baselines).values()
        if inspect.isclass(value) and issubclass(value, Baseline)
    ]
    titled = {c.title: c for c in classes if not inspect.isabstract(c) and hasattr(c, "title")}
    return {title: c for title, c in titled.items() if title != "fixed prior"}


def methods(data: MultimodalDataset) -> dict[str, Method]:
    """Every method by name, on a data set: each modality's prior has a name, the released settings where known.

    Those with a grid are compared with one another; DRCL's variants, the ablations, have none.

    Example:
        >>> import drcl_mini
        >>> known = methods(drcl_mini.load_dataset("digits-halves"))
        >>> list(known)[:3], known["prior of top"].changes
        (['DRCL', 'full', 'orthogonal prior'], {'prior': 'top'})
    """
    found = [Method("DRCL", "DRCL", {}, DRCL_GRID)]
    with suppress(ValueError):
        released_settings(data.name)
        found.append(Method("DRCL released", "DRCL released"))
    table = variants(data.modalities, vars(Settings()))
    found += [Method(name, "DRCL", changes) for name, changes in table.items()]
    found += [
        Method(f"fixed {p} prior", "DRCL", {"prior": p}, DRCL_GRID)
        for p in ("orthogonal", "simplex")
    ]
    found += [
        Method(title, title, {}, getattr(kind, "grid", {})) for title, kind in compared().items()
    ]
    return {method.name: method for method in found}


def _fields(kind: str) -> tuple[Field, ...]:
    return fields(Settings if kind.startswith("DRCL") else compared()[kind])


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _floats(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_floats(part) for part in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

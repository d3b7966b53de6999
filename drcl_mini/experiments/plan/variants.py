"""Variants of DRCL: ablations, sweeps along a setting, and settings that were tried."""

from collections.abc import Mapping, Sequence
from typing import Any

RANDOM = {"prior": "orthogonal", "prior_scale": 5.0}
ABLATIONS: dict[str, dict[str, Any]] = {
    "full": {},
    "orthogonal prior": {"prior": "orthogonal"},
    "simplex prior": {"prior": "simplex"},
    "orthogonal prior × 5": RANDOM,
    "simplex prior × 5": {"prior": "simplex", "prior_scale": 5.0},
    "prior by validation": {"selection": "validation"},
    "label loss only": {"alpha": 0.0, "beta": 0.0},
    "without intra": {"terms": ("inter", "mse", "label")},
    "without inter": {"terms": ("intra", "mse", "label")},
    "without intra and inter": {"alpha": 0.0},
    "without mse": {"beta": 0.0},
    "without label loss": {"eta": 0.0},
    "without FA": {"gamma": 1.0},
    "Beta mixup": {"mixup": 0.2},
    "q = 1 throughout": {"q_rate": 1.0},
    "q = 0 throughout": {"q_rate": 0.0},
    "without SPL and MRR": {**RANDOM, "alpha": 0.0, "beta": 0.0},
    "without SPL and FA": {**RANDOM, "gamma": 1.0},
    "without MRR and FA": {"alpha": 0.0, "beta": 0.0, "gamma": 1.0},
    "without SPL, MRR and FA": {**RANDOM, "alpha": 0.0, "beta": 0.0, "gamma": 1.0},
}
"""By name, what differs from the default setting: without SPL (fixed priors, also with columns as
long as a learned prior's), without MRR or its parts, without FA or with random mixing shares,
without annealing of q (1: mean absolute error, 0: cross entropy), or without several at once."""

SWEEPS: dict[str, tuple[Any, ...]] = {
    "gamma": (0.5, 0.7, 0.8, 0.9, 1.0),
    "alpha": (0.0, 0.01, 0.1, 1.0, 10.0),
    "beta": (0.0, 0.01, 0.1, 1.0, 10.0),
    "eta": (0.0, 0.1, 1.0, 10.0),
    "dim": (20, 64, 256, 1024),
    "hidden": ((64, 64), (256, 256), (512, 512)),
}
"""By setting, the values of a sweep; some of them are ablations, see :func:`sweep`."""

TUNING: dict[str, tuple[Any, ...]] = {
    "prior": ("selected", "orthogonal", "simplex"),
    "selection": ("train", "validation"),
    "prior_epochs": (5, 10, 20, 40),
    "prior_learning_rate": (5e-4, 2e-3, 5e-3),
    "gamma": (0.5, 0.7, 0.8, 0.9, 1.0),
    "mixup": (0.0, 0.2, 0.5, 1.0),
    "alpha": (0.0, 0.01, 0.1, 1.0, 10.0),
    "beta": (0.0, 0.01, 0.1, 1.0, 10.0),
    "eta": (0.1, 1.0, 10.0),
    "q_rate": (0.0, 0.01, 0.03, 0.1, 1.0),
    "learning_rate": (3e-4, 1e-3, 3e-3, 1e-2),
    "batch_size": (32, 64, 128, 256),
    "hidden": ((256,), (1024,), (128, 128), (256, 256), (512, 512), (256, 256, 256)),
    "dim": (20, 64, 256),
    "standardise": (False, True),
    "monitor": ("loss", "map"),
    "patience": (15, 30, None),
}
"""By setting, what was tried, one setting at a time, on validation data alone; the temperature
(``prior_scale``) is among the ablations."""


def sweep(
    setting: str, default: Mapping[str, Any], values: Sequence[Any] | None = None
) -> dict[str, Any]:
    """The points of a sweep, default and ablations included: by method name, the setting's value.

    Args:
        setting: one of :data:`SWEEPS`.
        default: the default settings, by name.
        values: other values than those of the sweep.

    Example:
        >>> sweep("gamma", {"gamma": 0.9})
        {'gamma = 0.5': 0.5, 'gamma = 0.7': 0.7, 'gamma = 0.8': 0.8, 'full': 0.9, 'without FA': 1.0}
    """
    points = {}
    for value in SWEEPS[setting] if values is None else values:
        change = {} if value == default[setting] else {setting: value}
        named = (name for name, ablation in ABLATIONS.items() if ablation == change)
        points[next(named, f"{setting} = {_text(value)}")] = value
    return points


def variants(
    modalities: Sequence[str], default: Mapping[str, Any], group: str | None = None
) -> dict[str, dict]:
    """Variants on a data set with these modalities, with each modality's own prior.

    Args:
        modalities: names; each has a learned prior.
        default: the default settings, by name.
        group: ``"ablations"``, ``"sweeps"`` or ``"tuning"``; every variant by default.

    Returns:
        By name, the settings it changes.

    Example:
        >>> from drcl_mini import Settings
        >>> table = variants(["image", "text"], vars(Settings()))
        >>> table["prior of text"], table["hidden = 64, 64"]
        ({'prior': 'text'}, {'hidden': (64, 64)})
    """
    ablations = ABLATIONS | {f"prior of {name}": {"prior": name} for name in modalities}
    tables = {"ablations": ablations, "sweeps": {}, "tuning": {}}
    for table, settings in (("sweeps", SWEEPS), ("tuning", TUNING)):
        for setting, values in settings.items():
            for name, value in sweep(setting, default, values).items():
                tables[table][name] = ablations.get(name, {setting: value})
    for name, changes in ABLATIONS.items():
        if "prior_scale" in changes:
            tables["tuning"][name] = changes
    return tables[group] if group else tables["ablations"] | tables["sweeps"] | tables["tuning"]


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if type(value) in (int, float) else str(value)

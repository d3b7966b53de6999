"""What a search may choose from: ranges and lists of settings, and how settings are drawn."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

OUTER = 0.1
"""The share of a range, at each end, in which a choice may want to lie beyond it."""


@dataclass(frozen=True)
class Log:
    """Positive numbers, evenly spread over orders of magnitude.

    Args:
        low: the least.
        high: the greatest.
        least: beyond which the range can't be widened, such as 0.01 of a share.
        most: likewise, such as 1.
        each: one number for each modality, in methods that train modalities alone.

    Example:
        >>> [Log(0.001, 0.1).at(u) for u in (0, 0.5, 1)]
        [0.001, 0.01, 0.1]
    """

    low: float
    high: float
    least: float = 0.0
    most: float = math.inf
    each: bool = False

    def at(self, place: float) -> float:
        """The number at a place from 0 (low) to 1 (high), to three digits."""
        return float(f"{self.low * (self.high / self.low) ** place:.3g}")

    def edge(self, value: float) -> str:
        """``"low"`` or ``"high"``: in which outer tenth a number is, if there is more beyond.

        Example:
            >>> Log(0.001, 1.0, most=1.0).edge(0.0011), Log(0.001, 1.0, most=1.0).edge(1.0)
            ('low', '')
        """
        place = math.log(value / self.low) / math.log(self.high / self.low)
        if place <= OUTER and self.low > self.least:
            return "low"
        return "high" if place >= 1 - OUTER and self.high < self.most else ""

    def beyond(self, edge: str) -> "Log":
        """The next range on that side: it ends where this one does, and is half as wide.

        Example:
            >>> Log(0.001, 0.1).beyond("high")
            Log(low=0.1, high=1.0, least=0.0, most=inf, each=False)
        """
        half = math.sqrt(self.high / self.low)
        if edge == "low":
            return replace(self, low=max(self.low / half, self.least), high=self.low)
        return replace(self, low=self.high, high=min(self.high * half, self.most))


@dataclass(frozen=True)
class Choice:
    """One of some values.

    Example:
        >>> Choice((256,), (256, 256)).at(0.7)
        (256, 256)
    """

    values: tuple[Any, ...]

    def __init__(self, *values: Any) -> None:
        object.__setattr__(self, "values", values)

    def at(self, place: float) -> Any:
        """The value at a place from 0 to 1; all have shares of the same size."""
        return self.values[min(int(place * len(self.values)), len(self.values) - 1)]

    def edge(self, value: Any) -> str:
        """Never: a list has nothing beyond."""
        return ""


Space = Mapping[str, Log | Choice]
"""By setting, what it may be."""

WIDTHS = Choice((256, 256), (256,), (1024,), (64,), (512, 512), ())
"""Hidden layers of an encoder; ``()`` is a linear one."""
HIDDEN = Choice(*WIDTHS.values[:-1])
"""The same without a linear one, for methods that share a last layer after hidden ones."""
TRAINING: dict[str, Log | Choice] = {
    "learning_rate": Log(1e-4, 1e-1),
    "hidden": WIDTHS,
    "standardise": Choice(True, False),
    "weight_decay": Log(1e-4, 1.0),
}
"""What every deep method may choose beside its own settings, rates over three decades."""


def draw(
    space: Space,
    number: int,
    seed: int,
    modalities: Sequence[str] = (),
    found: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Settings spread evenly over a space: the points of a scrambled Sobol sequence.

    Args:
        space: what each setting may be.
        number: how many.
        seed: of the scrambling.
        modalities: what a setting with ``each`` has one number for.
        found: :func:`edges`; a modality that lies on one gets numbers beyond it, others don't.

    Example:
        >>> drawn = draw({"rate": Log(0.001, 0.1)}, 4, 0)
        >>> sum(settings["rate"] < 0.01 for settings in drawn)
        2
    """
    from scipy.stats import qmc

    places = [
        (name, modality)
        for name, values in space.items()
        for modality in (modalities if getattr(values, "each", False) else [None])
    ]
    whole = 1 << max(number - 1, 0).bit_length()  # a power of two is spread most evenly
    points = qmc.Sobol(len(places), seed=seed).random(whole)[:number]
    drawn = []
    for point in points.tolist():
        settings: dict[str, Any] = {}
        for (name, modality), place in zip(places, point, strict=True):
            values = space[name]
            side = (found or {}).get(name)
            if isinstance(side, Mapping) and modality in side:
                values = values.beyond(side[modality])
            value = values.at(place)
            if modality is None:
                settings[name] = value
            else:
                settings.setdefault(name, {})[modality] = value
        drawn.append(settings)
    return drawn


def edges(space: Space, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The chosen settings that lie in the outer tenth of their range, and on which side.

    Of a setting with a number for each modality, the side by modality.

    Example:
        >>> edges({"rate": Log(0.001, 0.1), "on": Choice(True, False)}, {"rate": 0.1, "on": True})
        {'rate': 'high'}
    """
    found: dict[str, Any] = {}
    for name, value in chosen.items():
        if name not in space:
            continue
        if isinstance(value, Mapping):
            sides = {modality: space[name].edge(own) for modality, own in value.items()}
            side = {modality: own for modality, own in sides.items() if own}
        else:
            side = space[name].edge(value)
        if side:
            found[name] = side
    return found


def beyond(space: Space, found: Mapping[str, Any]) -> Space:
    """The space with the ranges beyond these edges in place of their own.

    A setting with a number for each modality keeps its range: see :func:`draw`.
    """
    return {
        name: values.beyond(side) if isinstance(side := found.get(name), str) else values
        for name, values in space.items()
    }

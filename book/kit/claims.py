"""Claims about what a chapter trains on the spot: each has a bound that no processor and no seed comes near."""

import json
import os
from pathlib import Path

RECORD = "DRCL_MINI_CLAIMS"
"""A variable: names a file to which claims write their values, instead of being asserted (``tools/margins.py``)."""


def claim(
    name: str,
    value: float,
    above: float | None = None,
    below: float | None = None,
) -> None:
    """Assert that a number which depends on a training in this cell is above or below a bound.

    ``book/results/margins.json`` holds the same number for ten seeds on each of three numerics; the bound stands at
    least twice their range away from their mean.

    Raises:
        AssertionError: the number is on the other side of its bound.
    """
    if (above is None) == (below is None):
        raise TypeError(f"claim {name!r}: give one of above and below")
    if record := os.environ.get(RECORD):
        line = {"name": name, "value": float(value), "above": above, "below": below}
        with Path(record).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return
    if above is not None and not value > above:
        raise AssertionError(
            f"{name}: {value:.4g} was found, expected above {above}"
        )
    if below is not None and not value < below:
        raise AssertionError(
            f"{name}: {value:.4g} was found, expected below {below}"
        )

"""Confidence intervals of means."""

from collections.abc import Sequence

import numpy as np


def interval(values: Sequence[float]) -> float:
    """Half the width of the 95 % interval of a mean, by Student's t; NaN for a single value.

    Example:
        >>> round(interval([1.0, 2.0, 3.0]), 3)
        2.484
    """
    from scipy.stats import t

    n = len(values)
    return float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / n**0.5) if n > 1 else float("nan")

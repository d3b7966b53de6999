"""Tests on plain numbers: paired differences, Holm's correction, average ranks.

:mod:`drcl_mini.experiments.report.statistics` applies them to runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...core.checks import suggest
from ...core.intervals import interval

RESAMPLES = 2**16
"""Most sign flips that a test tries: all of them up to 16 pairs, beyond that a random draw."""


def paired(a: Sequence[float], b: Sequence[float], test: str = "permutation") -> dict[str, float]:
    r"""Is the mean of the differences d = a − b zero? A two-sided test that flips their signs.

    .. math:: p = 2\,\min\bigl(P(\bar d^{*} \ge \bar d),\, P(\bar d^{*} \le \bar d)\bigr),
        \qquad \bar d^{*} = \tfrac1n \textstyle\sum_i \pm d_i

    over all 2ⁿ signs; from 17 pairs on, over a random draw of them. a[i] and b[i] are a pair. The
    test assumes that, were there no difference, each pair could as well have come the other way
    round (Fisher, 1935). ``"wilcoxon"`` replaces d by the signed ranks of \|d\| (Wilcoxon, 1945;
    zeros as Pratt, 1959), so that one odd pair counts less.

    Returns:
        n, the mean difference, half its 95 % interval (Student's t), p, and ``smallest_p``, the
        least p possible with so few pairs, 2/2ⁿ. With five pairs that is 0.0625: nothing is ever
        "significant" at 0.05.

    Example:
        >>> found = paired([0.31, 0.33, 0.32, 0.34, 0.35], [0.30, 0.30, 0.30, 0.30, 0.30])
        >>> found["p"], found["smallest_p"]
        (0.0625, 0.0625)
    """
    from scipy.stats import permutation_test, rankdata

    if test not in ("permutation", "wilcoxon"):
        raise ValueError(f"test is {test!r}: {suggest(test, ['permutation', 'wilcoxon'])}")
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape or a.ndim != 1 or not np.isfinite([a, b]).all():
        raise ValueError(
            f"a has shape {a.shape}, b {b.shape}: expected equally many finite numbers"
        )
    n = len(a)
    if n == 0:
        return {"n": 0, "difference": np.nan, "half": np.nan, "p": np.nan, "smallest_p": np.nan}
    d = a - b
    p = 1.0
    if n > 1:
        flipped = d if test == "permutation" else np.sign(d) * rankdata(np.abs(d))
        options = {"n_resamples": RESAMPLES, "random_state": np.random.default_rng(0)}
        found = permutation_test((flipped,), np.mean, permutation_type="samples", **options)
        p = float(found.pvalue)
    least = max(2 / 2**n, 2 / (RESAMPLES + 1))
    difference = float(d.mean())
    return {"n": n, "difference": difference, "half": interval(d), "p": p, "smallest_p": least}


def holm(p: Sequence[float]) -> np.ndarray:
    r"""Holm's correction of m p-values: the chance of any false alarm stays below the level.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min\bigl(1,\, (m - j + 1)\, p_{(j)}\bigr)

    with p sorted from small to great. The tests may depend on each other in any way (Holm, 1979).
    NaN, where there was no test, stays NaN and doesn't count in m.

    Example:
        >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
        [0.03, 0.06, 0.06]
    """
    p = np.asarray(p, dtype=float)
    if p.ndim != 1 or (p < 0).any() or (p > 1).any():
        raise ValueError(f"p is {p.tolist()}, expected a list of numbers from 0 to 1")
    order = np.argsort(p)[: np.isfinite(p).sum()]  # NaN sorts last
    corrected = np.full(len(p), np.nan)
    corrected[order] = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return corrected


@dataclass(frozen=True)
class Ranking:
    """Average ranks of methods, 1 is best; from :func:`average_ranks`.

    Args:
        ranks: {method: average rank}, best first.
        blocks: N, the number of rankings that were averaged.
        statistic: Friedman's χ².
        p: its p-value: how likely ranks that differ so much are if all methods are alike.
        critical: Nemenyi's critical difference: average ranks no further apart than this are not
            significantly different.
        left_out: the blocks that were not ranked, and what each lacks.
    """

    ranks: Mapping[str, float]
    blocks: int
    statistic: float
    p: float
    critical: float
    left_out: tuple[str, ...] = ()

    @property
    def cliques(self) -> list[list[str]]:
        """Largest groups of methods whose ranks lie within one critical difference."""
        names, ranks = list(self.ranks), np.array(list(self.ranks.values()))
        ends = np.searchsorted(ranks, ranks + self.critical + 1e-9, side="right")
        gained = np.diff(ends, prepend=0)  # 0 where a group lies inside the one before
        return [names[i:end] for i, end in enumerate(ends) if gained[i] and end > i + 1]


def average_ranks(
    scores: Mapping[str, Sequence[float]], alpha: float = 0.05, left_out: Sequence[str] = ()
) -> Ranking:
    r"""Rank methods within each block and average: Friedman's test, Nemenyi's critical difference.

    .. math:: \chi^2 = \frac{12N}{m(m+1)} \Bigl[\sum_j R_j^2 - \frac{m(m+1)^2}{4}\Bigr],
        \qquad \mathrm{CD} = \frac{q_\alpha}{\sqrt2} \sqrt{\frac{m(m+1)}{6N}}

    for m methods and N blocks, with R the average ranks, χ² corrected for ties, and q the
    studentised range. Assumes independent blocks. χ² is an approximation, a cautious one for few
    blocks (Friedman, 1937; Demšar, JMLR 7, 2006).

    Args:
        scores: {method: score in each block}; greater is better.
        alpha: level of the critical difference.
        left_out: what to note in the result.

    Example:
        >>> scores = {"A": [0.9, 0.8, 0.9], "B": [0.7, 0.6, 0.7], "C": [0.5, 0.6, 0.3]}
        >>> ranking = average_ranks(scores)
        >>> [round(rank, 2) for rank in ranking.ranks.values()], round(ranking.critical, 2)
        ([1.0, 2.17, 2.83], 1.91)
        >>> ranking.cliques
        [['A', 'B', 'C']]
    """
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    columns = [np.asarray(values, dtype=float) for values in scores.values()]
    m = len(columns)
    lengths = sorted({column.size for column in columns})
    if m < 3:
        raise ValueError(f"{m} methods, ranks need at least 3; compare two with paired(…)")
    if len(lengths) > 1 or lengths[0] < 2 or not np.isfinite(columns).all():
        told = "expected one finite score in each of at least 2 blocks"
        raise ValueError(f"{lengths} scores a method, {told}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha is {alpha!r}, expected a number between 0 and 1")
    blocks = lengths[0]
    means = rankdata(np.negative(columns), axis=0).mean(axis=1).tolist()
    ranks = dict(sorted(zip(scores, means, strict=True), key=lambda pair: pair[1]))
    alike = not np.ptp(columns, axis=0).any()  # χ² would be 0/0
    statistic, p = (0.0, 1.0) if alike else friedmanchisquare(*columns)
    q = studentized_range.ppf(1 - alpha, m, np.inf)
    critical = q / 2**0.5 * (m * (m + 1) / (6 * blocks)) ** 0.5
    return Ranking(ranks, blocks, float(statistic), float(p), float(critical), tuple(left_out))

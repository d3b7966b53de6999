"""Intervals that count seeds and test items, as queries: a hierarchical bootstrap.

What is searched in, the split and the settings that a search chose stay as they are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..store.items import unpack
from .scores import Records, run_name

RESAMPLES = 4000
POWER = 2.8
"""Standard errors that a true difference must have to be found at 5 % in four of five cases."""

Precisions = Mapping[str, np.ndarray]
"""By modality, the average precision of each test item in each run: (runs, items)."""


def precisions(records: Records, dataset: str, method: str) -> tuple[list[int], Precisions]:
    """The seeds of a method's finished runs on a data set, and what its items scored in them.

    Raises:
        ValueError: a run whose record has no items, or runs with other items.
    """
    found: dict[int, dict[str, np.ndarray]] = {}
    for record in records:
        if (record["dataset"], record["method"]) == (dataset, method) and record["error"] is None:
            if not record.get("items"):
                told = "has no scores of single items: it was made by an older version"
                raise ValueError(f"{run_name(record)} {told}")
            if record["seed"] in found:
                raise ValueError(f"{run_name(record)} is there twice: pass each file once")
            found[record["seed"]] = unpack(record["items"])
    if not found:
        raise ValueError(f"no finished runs of {method!r} on {dataset!r}")
    seeds = sorted(found)
    sizes = {tuple((name, len(x)) for name, x in own.items()) for own in found.values()}
    if len(sizes) > 1:
        raise ValueError(f"{method} on {dataset} has runs with other test items")
    return seeds, {name: np.stack([found[s][name] for s in seeds]) for name in found[seeds[0]]}


def difference(
    records: Records, dataset: str, method: str, reference: str, seed: int = 0
) -> dict[str, Any]:
    r"""Mean mAP of a method minus that of a reference, with an interval over seeds and items.

    .. math:: \Delta = \frac1M \sum_m \frac1{n_m} \sum_i \frac1S \sum_s
        \big(\mathrm{AP}^{A}_{smi} - \mathrm{AP}^{B}_{smi}\big)

    Each of 4000 times, seeds and, within each modality, items are drawn with replacement; all runs
    keep the same drawn items. What is drawn from S seeds varies too little by a factor of
    :math:`\sqrt{1 - 1/S}`, so the deviations from Δ are divided by that. Seeds that only one of the
    two finished are left out. A method without randomness has equal runs, of which any may be
    drawn.

    Args:
        records: runs with scores of single items.
        dataset: name of the data set.
        method: A.
        reference: B.
        seed: of the drawing.

    Returns:
        ``difference``; ``low`` and ``high``, its 95 % interval (percentiles); ``error``, its
        standard error; ``seen``, the least true difference that would be found in four of five
        cases; ``seeds`` and ``items``, how many.
    """
    seeds_a, a = precisions(records, dataset, method)
    seeds_b, b = precisions(records, dataset, reference)
    shared = sorted(set(seeds_a) & set(seeds_b))
    if not shared or [(m, x.shape[1]) for m, x in a.items()] != [
        (m, x.shape[1]) for m, x in b.items()
    ]:
        told = "share no seed, or were scored on other items"
        raise ValueError(f"{method} and {reference} on {dataset} {told}")
    rows_a, rows_b = ([seeds.index(s) for s in shared] for seeds in (seeds_a, seeds_b))
    gaps = {m: a[m][rows_a] - b[m][rows_b] for m in a}
    drawn = resample(gaps, seed)
    error = float(drawn.std(ddof=1))
    low, high = np.percentile(drawn, [2.5, 97.5]).tolist()
    return {
        "dataset": dataset,
        "method": method,
        "reference": reference,
        "difference": float(np.mean([gap.mean() for gap in gaps.values()])),
        "low": low,
        "high": high,
        "error": error,
        "seen": POWER * error,
        "seeds": len(shared),
        "items": sum(gap.shape[1] for gap in gaps.values()),
    }


def resample(gaps: Precisions, seed: int, times: int = RESAMPLES) -> np.ndarray:
    """The mean over modalities of the mean over drawn seeds and items, many times: (times,).

    With more than one seed, widened for their small number, see :func:`difference`.

    Example:
        >>> gaps = {"a": np.array([[0.1, 0.3]]), "b": np.array([[0.2, 0.2]])}
        >>> sorted(set(resample(gaps, 0).round(2).tolist()))
        [0.15, 0.2, 0.25]
    """
    source = np.random.default_rng(seed)
    runs = len(next(iter(gaps.values())))
    seeds = source.multinomial(runs, np.full(runs, 1 / runs), times) / runs
    means = []
    for gap in gaps.values():
        count = gap.shape[1]
        items = source.multinomial(count, np.full(count, 1 / count), times) / count
        means.append(((seeds @ gap) * items).sum(axis=1))
    drawn, whole = np.mean(means, axis=0), np.mean([gap.mean() for gap in gaps.values()])
    return whole + (drawn - whole) * (runs / (runs - 1)) ** 0.5 if runs > 1 else drawn


def differences(
    records: Records, reference: str, datasets: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """:func:`difference` of every method to a reference, on every data set that has both."""
    known: dict[str, list[str]] = {}
    for record in records:
        if record["error"] is None:
            own = known.setdefault(record["dataset"], [])
            own += [record["method"]] if record["method"] not in own else []
    wanted = known if datasets is None else datasets
    return [
        difference(records, dataset, method, reference)
        for dataset in wanted
        for method in known[dataset]
        if method != reference and reference in known[dataset]
    ]

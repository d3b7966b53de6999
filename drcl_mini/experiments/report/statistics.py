"""Statistics of runs: tables with intervals, comparisons with a reference, ranks, curves.

``records`` are the runs of one or more results files, each a dictionary: ``dataset``, ``method``,
``seed``, ``scores`` (of each task: query, gallery, k, map) and ``error``, ``None`` if the run
finished. A run's score is the mean mAP of its tasks at one cut-off k. Failed runs have none; they
are counted, not dropped.

Seeds repeat the training on the same test items. Intervals and tests over seeds are about such
repeats, not about other data; :func:`rank_methods` asks what holds across data sets.
"""

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from ...core.checks import require, suggest
from ...core.intervals import interval
from ...data.load import SOURCES
from .scores import Records, check_known, check_once, run_name, run_scores
from .significance import Ranking, average_ranks, holm, paired

if TYPE_CHECKING:
    from pandas import DataFrame


def table(records: Records, k: str | int = "all") -> "DataFrame":
    r"""Every method on every data set: finished runs, failed runs, mean, half its 95 % interval.

    .. math:: \bar s \pm t_{0.975,\,n-1}\; \hat\sigma / \sqrt n

    Assumes runs that are independent and roughly normal (Student, 1908). A single run has a mean
    but no interval (NaN). A method that never ran on a data set has a row with n = 0. The best
    method comes first on each data set.

    Example:
        >>> tasks = [{"query": "a", "gallery": "b", "k": "all", "map": 0.5}]
        >>> run = {"dataset": "toy", "method": "SM", "seed": 0, "scores": tasks, "error": None}
        >>> table([run, run | {"seed": 1}, run | {"seed": 2, "error": "diverged"}])
          dataset method  n  failed  mean  half
        0     toy     SM  2       1   0.5   0.0
    """
    found = _summaries(run_scores(records, k), ["dataset", "method"])
    every = require("pandas").MultiIndex.from_product(found.index.levels)
    found = found.reindex(every).fillna({"n": 0, "failed": 0}).astype({"n": int, "failed": int})
    order = {"by": ["dataset", "mean", "method"], "ascending": [True, False, True]}
    return found.reset_index().sort_values(**order, ignore_index=True)


def curve(
    records: Records, x: str, k: str | int = "all", by: Sequence[str] = ("dataset", "method")
) -> "DataFrame":
    """Scores along a setting: for each value x the runs, failed runs, mean, and its 95 % interval.

    Args:
        records: runs that differ in x.
        x: a setting, looked up in each record and in its ``settings``. Values that are not numbers
            become text, for example ``"64, 64"``.
        k: the cut-off.
        by: what has a curve of its own: ``"dataset"``, ``"method"``, or both.

    Returns:
        the columns of ``by``, ``x``, ``n``, ``failed``, ``mean``, ``low`` and ``high``.

    Example:
        >>> tasks = [{"query": "a", "gallery": "b", "k": "all", "map": 0.5}]
        >>> run = {"dataset": "toy", "method": "SM", "seed": 0, "scores": tasks, "error": None}
        >>> records = [run | {"label_noise": 0.2}, run | {"label_noise": 0.4}]
        >>> curve(records, "label_noise").x.tolist()
        [0.2, 0.4]
    """
    scores = run_scores(records, k)
    values = []
    for record in records:
        settings = {**(record.get("settings") or {}), **record}
        if x not in settings:
            raise ValueError(f"{run_name(record)}: no setting {x!r}; {suggest(x, settings)}")
        values.append(settings[x])
    scores["x"] = [_label(value) for value in values]
    order = sorted(range(len(values)), key=lambda i: _sort_key(values[i]))
    found = _summaries(scores.iloc[order], [*by, "x"]).reset_index()
    half = found.pop("half")
    found["low"] = found["mean"] - half
    found["high"] = found["mean"] + half
    return found.sort_values(list(by), kind="stable", ignore_index=True)


def compare(
    records: Records,
    dataset: str,
    method: str,
    reference: str,
    k: str | int = "all",
    test: str = "permutation",
) -> dict[str, Any]:
    """:func:`.paired` for two methods on one data set, method − reference, seed by seed.

    Two runs of one seed are a pair because they share what is drawn from it before training: wrong
    labels, pairs made within classes, a split. Where nothing is drawn, seeds are independent
    repeats in any order, and pairing neither helps nor harms. Seeds that only one of the two
    finished are left out and counted in ``unpaired``.

    Raises:
        ValueError: the records lack this data set or method, or have a run twice.

    Example:
        >>> def run(method, seed, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     about = {"dataset": "toy", "method": method, "seed": seed}
        ...     return {**about, "scores": tasks, "error": None}
        >>> records = [run("SM", s, 0.5) for s in range(5)]
        >>> records += [run("DRCL", s, 0.6 + s / 100) for s in range(4)]
        >>> found = compare(records, "toy", "DRCL", "SM")
        >>> found["n"], found["unpaired"], round(found["difference"], 3), found["p"]
        (4, 1, 0.115, 0.125)
    """
    scores = run_scores(records, k)
    check_known(scores, dataset=[dataset], method=[method, reference])
    check_once(scores)
    return _compared(scores, dataset, method, reference, test)


def compare_all(
    records: Records, reference: str, k: str | int = "all", test: str = "permutation"
) -> "DataFrame":
    """:func:`compare` every method with the reference on every data set, with Holm's correction.

    The correction is made within each data set: what is said of one data set holds for all its
    methods at once, not for all data sets. ``smallest_p_holm`` is the least possible ``p_holm``
    with n seeds and m methods, 2m/2ⁿ: where it is above 0.05, nothing could come out significant.
    Rows without a shared seed stay, with n = 0 and without p.

    Example:
        >>> def run(method, seed, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     about = {"dataset": "toy", "method": method, "seed": seed}
        ...     return {**about, "scores": tasks, "error": None}
        >>> means = {"A": 0.5, "B": 0.6, "C": 0.7}
        >>> records = [run(m, s, mean + s / 100) for m, mean in means.items() for s in range(5)]
        >>> compare_all(records, "C")[["method", "p", "p_holm", "smallest_p_holm"]]
          method       p  p_holm  smallest_p_holm
        0      B  0.0625   0.125            0.125
        1      A  0.0625   0.125            0.125
    """
    scores = run_scores(records, k)
    check_known(scores, method=[reference])
    check_once(scores)
    others = [name for name in scores.method.unique() if name != reference]
    if not others:
        raise ValueError(f"all records are of {reference!r}: there is nothing to compare it with")
    pairs = product(scores.dataset.unique(), others)
    rows = [_compared(scores, *pair, reference, test) for pair in pairs]
    found = require("pandas").DataFrame(rows)
    groups = found.groupby("dataset")
    found["p_holm"] = groups.p.transform(holm)
    least = groups.p.transform("count") * groups.smallest_p.transform("min")
    found["smallest_p_holm"] = least.clip(upper=1)
    return found.sort_values(["dataset", "difference"], ascending=[True, False], ignore_index=True)


def rank_methods(
    records: Records,
    k: str | int = "all",
    methods: Sequence[str] | None = None,
    alpha: float = 0.05,
) -> Ranking:
    """:func:`.average_ranks` of the methods in the records, the question of Demšar (2006).

    A block is a source of data: the mean over its data sets of the means over seeds. Data sets of
    one source, such as the three depths of ``things`` (:data:`drcl_mini.data.load.SOURCES`), share
    items; seeds share all of them. As blocks of their own they would feign evidence. It needs many
    sources to find anything.

    Args:
        records: the runs.
        k: the cut-off.
        methods: the methods to rank, by default all. A data set where one of them has fewer
            finished runs than others is left out, and named in the result.
        alpha: level of the critical difference.

    Example:
        >>> def run(data, method, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     about = {"dataset": data, "method": method, "seed": 0}
        ...     return {**about, "scores": tasks, "error": None}
        >>> means = {"A": 0.5, "B": 0.6, "C": 0.7}
        >>> runs = [run(data, m, mean) for m, mean in means.items() for data in ("toy", "play")]
        >>> rank_methods(runs).ranks
        {'C': 1.0, 'B': 2.0, 'A': 3.0}
    """
    scores = run_scores(records, k)
    if methods is not None:
        check_known(scores, method=methods)
        scores = scores[scores.method.isin(methods)]
    check_once(scores)
    groups = scores.groupby(["dataset", "method"]).score
    means = groups.mean().unstack()
    counts = groups.count().unstack(fill_value=0)
    fewer = counts.lt(counts.max(axis=1).clip(lower=1), axis=0)
    left_out = []
    for name, row in counts[fewer.any(axis=1)].iterrows():
        lacking = row[fewer.loc[name]].items()
        parts = [f"{n} of {row.max()} runs of {m}" if n else f"without {m}" for m, n in lacking]
        left_out.append(f"{name} ({', '.join(parts)})")
    whole = means[~fewer.any(axis=1)]
    blocks = whole.groupby(lambda name: SOURCES.get(name, name)).mean()
    if len(blocks) < 2:
        told = f"{len(blocks)} sources of data have every run, ranks need at least 2"
        hint = "name methods that all data sets have" if left_out else "add a data set"
        lost = f"; left out: {'; '.join(left_out)}" if left_out else ""
        raise ValueError(f"{told}{lost}; {hint}")
    return average_ranks({name: blocks[name].to_numpy() for name in blocks}, alpha, left_out)


def _summaries(scores: "DataFrame", keys: list[str]) -> "DataFrame":
    """Of each group of runs: finished, failed, mean score, half its 95 % interval."""
    check_once(scores, [*keys, "seed"])
    groups = scores.groupby(keys, sort=False).score
    found = groups.agg(n="count", failed="size", mean="mean", half=lambda s: interval(s.dropna()))
    found["failed"] -= found.n
    return found


def _compared(scores: "DataFrame", dataset: str, method: str, reference: str, test: str) -> dict:
    done = scores[scores.dataset == dataset].dropna()
    wide = done.pivot(index="seed", columns="method", values="score")
    wide = wide.reindex(columns=[method, reference]).dropna(how="all")
    both = wide.dropna()
    names = {"dataset": dataset, "method": method, "reference": reference}
    return {**names, **paired(*both.to_numpy().T, test), "unpaired": len(wide) - len(both)}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _label(value: Any) -> float | str:
    """A number as it is, anything else as text."""
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return value if _is_number(value) else str(value)


def _sort_key(value: Any) -> list[tuple]:
    """Numbers and lists of numbers sort by size, before anything else by its text."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    return [(0, part, "") if _is_number(part) else (1, 0, str(part)) for part in parts]

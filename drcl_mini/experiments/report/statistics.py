"""Statistics of runs: tables with intervals, comparisons with a reference, ranks, curves along a setting.

``records`` are the runs of one or more results files, a dictionary each: ``dataset``, ``method``, ``seed``,
``scores`` (task by task: query, gallery, k, map) and ``error``, ``None`` where the run ended well. A run's score is
the mean mAP of its tasks at one cut-off k. A failed run has none, and is counted, not dropped.

Seeds repeat the training on the same test items. Intervals and tests over seeds speak of such repeats, not of
other data; what holds from one data set to the next is for :func:`rank_methods` to say.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...core.checks import nearest, needs
from ...core.intervals import interval
from .scores import Records, check_known, check_once, run_scores
from .significance import Ranking, average_ranks, holm, paired

if TYPE_CHECKING:
    from pandas import DataFrame


def table(records: Records, k: str | int = "all") -> "DataFrame":
    r"""Every method on every data set: n finished and failed runs, mean score, half the 95 % interval of the mean.

    .. math:: \bar s \pm t_{0.975,\,n-1}\; \hat\sigma / \sqrt n

    Assumes runs that are independent and roughly normal (Student, 1908). One run has a mean and no interval (NaN); a
    method that never ran on a data set stands there with n = 0. Best first on each data set.

    Example:
        >>> tasks = [{"query": "a", "gallery": "b", "k": "all", "map": 0.5}]
        >>> run = {"dataset": "toy", "method": "SM", "seed": 0, "scores": tasks, "error": None}
        >>> table([run, run | {"seed": 1}, run | {"seed": 2, "error": "diverged"}])
          dataset method  n  failed  mean  half
        0     toy     SM  2       1   0.5   0.0
    """
    scores = run_scores(records, k)
    found = _summaries(scores, ["dataset", "method"]).set_index(["dataset", "method"])
    every = needs("pandas").MultiIndex.from_product(
        [scores.dataset.unique(), scores.method.unique()]
    )
    found = (
        found.reindex(every.rename(found.index.names)).fillna({"n": 0, "failed": 0}).reset_index()
    )
    found = found.astype({"n": int, "failed": int})
    return found.sort_values(
        ["dataset", "mean", "method"], ascending=[True, False, True], ignore_index=True
    )


def curve(
    records: Records, x: str, k: str | int = "all", by: Sequence[str] = ("dataset", "method")
) -> "DataFrame":
    """Scores along a setting: a row for each value of x, with n, failed, mean, and its 95 % interval, low to high.

    Args:
        records: runs that differ in x.
        x: a setting, looked up in each record and in its ``settings``; what is no number becomes text: ``"64, 64"``.
        k: the cut-off.
        by: what makes a curve of its own: ``"dataset"``, ``"method"``, or both.

    Example:
        >>> tasks = [{"query": "a", "gallery": "b", "k": "all", "map": 0.5}]
        >>> run = {"dataset": "toy", "method": "SM", "seed": 0, "scores": tasks, "error": None}
        >>> curve([run | {"label_noise": 0.2}, run | {"label_noise": 0.4}], "label_noise").x.tolist()
        [0.2, 0.4]
    """
    scores = run_scores(records, k)
    places = [{**(record.get("settings") or {}), **record} for record in records]
    for (_, run), place in zip(scores.iterrows(), places, strict=True):
        if x not in place:
            raise ValueError(
                f"{run.method}, seed {run.seed}, has no setting {x!r}: {nearest(x, place)}"
            )
    values = [place[x] for place in places]
    scores["x"] = [_label(value) for value in values]
    found = _summaries(scores, [*by, "x"])
    found["low"], found["high"] = found["mean"] - found.half, found["mean"] + found.half
    order = {label: _natural(value) for label, value in zip(scores.x, values, strict=True)}
    found = found.sort_values("x", key=lambda labels: labels.map(order)).drop(columns="half")
    return found.sort_values(list(by), kind="stable", ignore_index=True)


def compare(
    records: Records,
    dataset: str,
    method: str,
    reference: str,
    k: str | int = "all",
    test: str = "permutation",
) -> dict[str, Any]:
    """:func:`.paired` for two methods on one data set, method − reference, over the seeds that both finished.

    Two runs of one seed are a pair because they share what is drawn from it before training: wrong labels, pairs
    made within classes, a split. Where nothing is drawn, seeds are independent repeats in any order, and pairing
    neither helps nor harms. ``unpaired`` counts the seeds that only one of the two finished.

    Raises:
        ValueError: a data set or a method that isn't in the records, or a run that is there twice.

    Example:
        >>> def run(method, seed, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     return {"dataset": "toy", "method": method, "seed": seed, "scores": tasks, "error": None}
        >>> records = [run("SM", s, 0.5) for s in range(5)] + [run("DRCL", s, 0.6 + s / 100) for s in range(4)]
        >>> found = compare(records, "toy", "DRCL", "SM")
        >>> found["n"], found["unpaired"], round(found["difference"], 3), found["p"]
        (4, 1, 0.115, 0.125)
    """
    scores = run_scores(records, k)
    check_known(scores, dataset=[dataset], method=[method, reference])
    check_once(scores, ["dataset", "method", "seed"])
    done = scores[scores.dataset == dataset].dropna()
    a, b = (done[done.method == name].set_index("seed").score for name in (method, reference))
    seeds = sorted(set(a.index) & set(b.index))
    found = {
        "dataset": dataset,
        "method": method,
        "reference": reference,
        **paired(a[seeds], b[seeds], test),
    }
    return found | {"unpaired": len(a) + len(b) - 2 * len(seeds)}


def compare_all(
    records: Records, reference: str, k: str | int = "all", test: str = "permutation"
) -> "DataFrame":
    """:func:`compare` every other method with the reference on every data set, with Holm's correction within each.

    So what is said of one data set holds for all its methods at once, not for all data sets. ``smallest_p_holm`` is
    what ``p_holm`` is at least, with n seeds and m methods: 2m/2ⁿ. Where that is above 0.05, it was certain before the
    first run that nothing could come out significant. Rows without a shared seed stay, with n = 0 and without p.

    Example:
        >>> def run(method, seed, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     return {"dataset": "toy", "method": method, "seed": seed, "scores": tasks, "error": None}
        >>> records = [run(m, s, 0.5 + i / 10 + s / 100) for i, m in enumerate("ABC") for s in range(5)]
        >>> compare_all(records, "C")[["method", "p", "p_holm", "smallest_p_holm"]]
          method       p  p_holm  smallest_p_holm
        0      B  0.0625   0.125            0.125
        1      A  0.0625   0.125            0.125
    """
    scores = run_scores(records, k)
    check_known(scores, method=[reference])
    others = [name for name in scores.method.unique() if name != reference]
    if not others:
        raise ValueError(
            f"the records hold {reference!r} alone: there is nothing to compare it with"
        )
    pairs = [(data, name) for data in scores.dataset.unique() for name in others]
    found = needs("pandas").DataFrame(
        [compare(records, *pair, reference, k, test) for pair in pairs]
    )
    groups = found.groupby("dataset")
    found["p_holm"] = groups.p.transform(holm)
    found["smallest_p_holm"] = (
        groups.p.transform("count") * groups.smallest_p.transform("min")
    ).clip(upper=1)
    return found.sort_values(["dataset", "difference"], ascending=[True, False], ignore_index=True)


def rank_methods(
    records: Records,
    k: str | int = "all",
    blocks: str = "datasets",
    methods: Sequence[str] | None = None,
    alpha: float = 0.05,
) -> Ranking:
    """:func:`.average_ranks` of the methods in the records.

    Args:
        records: the runs.
        k: the cut-off.
        blocks: ``"datasets"`` ranks the means over seeds, once a data set: the question of Demšar (2006), which needs
            many data sets to find anything. ``"runs"`` ranks every seed on every data set: the blocks of one data
            set are not independent, so p and the critical difference then speak of these data sets only.
        methods: which; all by default. A block where one has fewer finished runs than others is left out, and named.
        alpha: level of the critical difference.

    Example:
        >>> def run(data, method, value):
        ...     tasks = [{"query": "a", "gallery": "b", "k": "all", "map": value}]
        ...     return {"dataset": data, "method": method, "seed": 0, "scores": tasks, "error": None}
        >>> runs = [run(data, method, 0.5 + i / 10) for i, method in enumerate("ABC") for data in ("toy", "play")]
        >>> rank_methods(runs).ranks
        {'C': 1.0, 'B': 2.0, 'A': 3.0}
    """
    scores = run_scores(records, k)
    keys = {"datasets": ["dataset"], "runs": ["dataset", "seed"]}
    if blocks not in keys:
        raise ValueError(f"blocks is {blocks!r}: {nearest(blocks, keys)}")
    if methods is not None:
        check_known(scores, method=methods)
        scores = scores[scores.method.isin(methods)]
    check_once(scores, ["dataset", "method", "seed"])
    groups = scores.groupby([*keys[blocks], "method"]).score
    means, counts = groups.mean().unstack(), groups.count().unstack(fill_value=0)
    fewer = counts.lt(counts.max(axis=1).clip(lower=1), axis=0)
    whole, left_out = means[~fewer.any(axis=1)], []
    for block, row in counts[fewer.any(axis=1)].iterrows():
        name = block if blocks == "datasets" else f"{block[0]}, seed {block[1]}"
        lacking = row[row < row.max()] if row.any() else row
        told = (
            f"{n} of {row.max()} runs of {m}" if n else f"without {m}" for m, n in lacking.items()
        )
        left_out.append(f"{name} ({', '.join(told)})")
    if len(whole) < 2:
        hint = (
            f"left out: {'; '.join(left_out)}; name methods"
            if left_out
            else "blocks='runs' ranks every seed"
        )
        raise ValueError(
            f"{len(whole)} of {len(means)} {blocks} have every run, ranks need at least 2; {hint}"
        )
    return average_ranks({name: whole[name].to_numpy() for name in whole}, alpha, left_out)


def _summaries(scores: "DataFrame", keys: list[str]) -> "DataFrame":
    check_once(scores, [*keys, "seed"])
    rows = []
    for values, group in scores.groupby(keys, sort=False):
        done = group.score.dropna()
        rows.append([*values, len(done), len(group) - len(done), done.mean(), interval(done)])
    return needs("pandas").DataFrame(rows, columns=[*keys, "n", "failed", "mean", "half"])


def _label(value: Any) -> float | str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return (
        value
        if number
        else ", ".join(map(str, value))
        if isinstance(value, (list, tuple))
        else str(value)
    )


def _natural(value: Any) -> tuple:
    """A key that sorts numbers and lists of them by size, before anything else by its text."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    return tuple(
        (0, part, "") if isinstance(_label(part), (int, float)) else (1, 0, str(part))
        for part in parts
    )

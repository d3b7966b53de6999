"""One score a run, and the checks of records that statistics and plots share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.checks import nearest, needs

if TYPE_CHECKING:
    from pandas import DataFrame

Records = Sequence[Mapping[str, Any]]


def run_scores(records: Records, k: str | int = "all") -> "DataFrame":
    """One row a run: dataset, method, seed and score, the mean mAP@k over the tasks; NaN where the run failed.

    ``k="validation"`` is the mean mAP@all on validation data, the score that settings are chosen by.

    Raises:
        ValueError: no records, one that is no run, a cut-off that was not scored, or unlike tasks on one data set.

    Example:
        >>> tasks = [{"query": "a", "gallery": "b", "k": "all", "map": 0.5}]
        >>> run_scores([{"dataset": "toy", "method": "SM", "seed": 0, "scores": tasks}]).score.item()
        0.5
    """
    rows, scored = [], {}
    for number, record in enumerate(records, start=1):
        missing = sorted({"dataset", "method", "seed"}.difference(record))
        if missing:
            raise ValueError(
                f"record {number} has no {missing[0]!r}: expected the runs of a results file"
            )
        name = f"{record['method']} on {record['dataset']}, seed {record['seed']}"
        score, tasks = np.nan, record.get("scores") or []
        if record.get("error") is None:
            score = np.mean([task["map"] for task in tasks if task["k"] == k] or np.nan)
            if k == "validation" and record.get("validation") is not None:
                score = record["validation"]
            if not np.isfinite(score):
                raise ValueError(
                    f"{name}: no mAP@{k} among its scores; k: {nearest(k, [t['k'] for t in tasks])}"
                )
            own = {(task["query"], task["gallery"]) for task in tasks if task["k"] == k}
            first, others = scored.setdefault(record["dataset"], (name, own))
            if own != others:
                raise ValueError(
                    f"{name}, has other tasks ({len(own)}) than {first} ({len(others)}): means don't compare"
                )
        rows.append((record["dataset"], record["method"], record["seed"], float(score)))
    if not rows:
        raise ValueError("no records: expected at least one run")
    return needs("pandas").DataFrame(rows, columns=["dataset", "method", "seed", "score"])


def check_once(scores: "DataFrame", keys: list[str]) -> None:
    """An error for a run that is there, finished, more than once."""
    done = scores.dropna()
    for _, run in done[done.duplicated(keys)].iterrows():
        name = f"{run.method} on {run.dataset}, seed {run.seed}"
        raise ValueError(f"{name}, finished more than once: give each run once, at one label noise")


def check_known(scores: "DataFrame", **names: Sequence[str]) -> None:
    """An error for a data set or a method, given by column, that no run has."""
    for column, wanted in names.items():
        for name in set(wanted).difference(scores[column]):
            raise ValueError(f"no runs of {column} {name!r}: {nearest(name, scores[column])}")

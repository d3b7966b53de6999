"""The score of each run, and checks that statistics and plots share."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.checks import require, suggest

if TYPE_CHECKING:
    from pandas import DataFrame

Records = Sequence[Mapping[str, Any]]
RUN = ["dataset", "method", "seed"]


def run_scores(records: Records, k: str | int = "all") -> "DataFrame":
    """A row for each run: dataset, method, seed and score, the mean mAP@k over its tasks.

    A failed run has the score NaN. ``k="validation"`` gives the mean mAP@all on validation data,
    by which settings are chosen.

    Raises:
        ValueError: there are no records, a record is not a run, a run has no score at this cut-off,
            or runs on one data set have different tasks.

    Example:
        >>> tasks = [{"query": "a", "gallery": "b", "k": "all", "map": 0.5}]
        >>> run = {"dataset": "toy", "method": "SM", "seed": 0, "scores": tasks, "error": None}
        >>> run_scores([run]).score.item()
        0.5
    """
    rows, first_runs = [], {}
    for number, record in enumerate(records, start=1):
        missing = [column for column in RUN if column not in record]
        if missing:
            raise ValueError(f"record {number} has no {missing[0]!r}: pass runs of a results file")
        score = np.nan
        if record.get("error") is None:
            tasks = record.get("scores") or []
            maps = {
                (task["query"], task["gallery"]): task["map"] for task in tasks if task["k"] == k
            }
            values = [record.get("validation")] if k == "validation" else [*maps.values()]
            score = np.mean(np.array(values or [np.nan], dtype=float))
            name = run_name(record)
            if not np.isfinite(score):
                known = suggest(k, [task["k"] for task in tasks])
                raise ValueError(f"{name}: no mAP@{k} among its scores; k: {known}")
            first, others = first_runs.setdefault(record["dataset"], (name, maps.keys()))
            if maps.keys() != others:
                told = f"other tasks ({len(maps)}) than {first} ({len(others)})"
                raise ValueError(f"{name} has {told}: their means can't be compared")
        rows.append([*(record[column] for column in RUN), float(score)])
    if not rows:
        raise ValueError("no records: expected at least one run")
    return require("pandas").DataFrame(rows, columns=[*RUN, "score"])


def run_name(run: Mapping[str, Any]) -> str:
    """How messages name a run.

    Example:
        >>> run_name({"dataset": "toy", "method": "SM", "seed": 0})
        'SM on toy, seed 0'
    """
    return f"{run['method']} on {run['dataset']}, seed {run['seed']}"


def check_once(scores: "DataFrame", keys: Sequence[str] = RUN) -> None:
    """Refuse a run that finished more than once."""
    done = scores.dropna()
    for _, run in done[done.duplicated(keys)].iterrows():
        told = "finished more than once: give each run once, at one label noise"
        raise ValueError(f"{run_name(run)}, {told}")


def check_known(scores: Mapping[str, Any], **names: Sequence[str]) -> None:
    """Refuse a data set or method, given by its column, that no run has."""
    for column, wanted in names.items():
        for name in set(wanted).difference(scores[column]):
            raise ValueError(f"no runs of {column} {name!r}: {suggest(name, scores[column])}")


def by_posteriors(records: Records) -> list[dict[str, Any]]:
    """Runs of methods that have class posteriors beside embeddings, scored by the posteriors.

    They are the same trainings; their method is called "…, posteriors".

    Example:
        >>> run = {"dataset": "toy", "method": "DRCL", "posteriors": {"scores": [], "items": {}}}
        >>> [other["method"] for other in by_posteriors([run, {"method": "SM"}])]
        ['DRCL, posteriors']
    """
    return [
        {k: v for k, v in record.items() if k != "precision_recall"}  # of the embeddings
        | {"method": f"{record['method']}, posteriors", **record["posteriors"]}
        for record in records
        if record.get("posteriors")
    ]

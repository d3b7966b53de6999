"""One task: train, score, and say so in one record for each run."""

import threading
import time
import warnings
from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

import numpy as np
from scipy.special import softmax

from ...baselines import Baseline, class_pairs
from ...baselines.pairing import check_pairs
from ...core.environment import commit
from ...core.terminal import Terminated
from ...data.dataset import MultimodalDataset
from ...data.labels import one_hot
from ...data.split import Split
from ...method.estimator import DRCL
from ...retrieval.evaluation import evaluate, item_precisions
from ...retrieval.metrics import precision_recall
from ...training.fitting import noisy
from ...training.preflight import check_noise
from ...training.settings import Settings
from ...training.watch import TrainingDiverged
from ..plan.grid import Record, Task
from ..plan.loading import dataset, digest
from ..plan.methods import compared, make
from ..store.items import pack
from ..store.results import Outcome, records_of
from .measures import PeakMemory, exactly, seeded, surroundings
from .priors import fit_sharing

STACK = 2 * 2**30
"""Bytes that a stack may take; the same on every machine, since results depend on it."""

_ALONE = threading.Lock()


def run_task(task: Task) -> list[Record]:
    """Do a task: a record for each of its runs, with ``error`` if it failed for any reason.

    Only Ctrl-C and SIGTERM get through. A process runs one task at a time, which has its random
    state, threads, memory and warnings to itself. Peak memory is that of the whole task, in each of
    its records.

    Example:
        >>> settings = {"hidden": [8], "dim": 10, "prior_epochs": 1, "epochs": 1, "progress": False}
        >>> records = run_task(Task("digits-halves", "tiny", "DRCL", settings, (0, 1)))
        >>> [(record["seed"], record["stack"], record["error"]) for record in records]
        [(0, 2, None), (1, 2, None)]
    """
    with _ALONE, exactly(task.threads), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        peak = PeakMemory()
        found = _attempt(_outcomes, task)
        outcomes = found if isinstance(found, list) else [found] * len(task.seeds)
        told = dict.fromkeys(f"{w.category.__name__}: {one_line(w.message)}" for w in caught)
        facts = {"environment": surroundings(task.threads), "commit": commit()}
        facts |= {**peak.facts(), "warnings": list(told)[:5]}
        return records_of(task, outcomes, facts)


def one_line(error: object) -> str:
    """An error on one line, with its type unless the message is enough."""
    text = " ".join(str(error).split())
    enough = isinstance(error, (ValueError, RuntimeError, Warning)) and text
    if enough or isinstance(error, str):
        return text
    return f"{type(error).__name__}: {text}".removesuffix(": ")


def _attempt(work: Callable[..., Any], *given: Any) -> Any:
    """The result of some work, or the outcome of a failure; Ctrl-C and SIGTERM get through."""
    try:
        return work(*given)
    except (KeyboardInterrupt, Terminated):
        raise
    except BaseException as error:
        return {"error": one_line(error), "diverged": isinstance(error, TrainingDiverged)}


def _outcomes(task: Task) -> list[Outcome]:
    if task.data and digest(task.dataset) != task.data:
        raise ValueError(
            f"{task.dataset!r} has digest {digest(task.dataset)} here, expected {task.data}: "
            "put the same file into every worker's data folder"
        )
    return _stack(task) if task.kind.startswith("DRCL") else [_single(task)]


def _stack(task: Task) -> list[Outcome]:
    """All runs of a DRCL task, trained together."""
    data = dataset(task.dataset)
    settings = {**task.settings, "threads": task.threads}
    models = [make(task.kind, settings, seed) for seed in task.seeds]
    failure = ""
    start = time.perf_counter()
    try:
        fit_sharing(models, data, memory=STACK)
    except TrainingDiverged as error:
        failure = one_line(error)
    seconds = (time.perf_counter() - start) / len(models)
    for model in models:
        _check_uninterrupted(model)

    def outcome(number: int, model: DRCL) -> Outcome:
        if set(model.encoders_) != set(data.train.modalities) or model.partial_:
            own = failure.partition(f"model {number} (seed {task.seeds[number]}): ")[2] or failure
            raise TrainingDiverged(own.partition(" | ")[0])
        learned = any(record["stage"] == "prior" for record in model.history_)
        shared = bool(model.priors_) and not learned  # seconds leave out what another task learned
        chosen = {"source": model.prior_source_, "quality": model.quality_scores_, "shared": shared}
        return {**_scored(model, data, task.test), "seconds": seconds, "prior": chosen}

    return [_attempt(outcome, *pair) for pair in enumerate(models)]


def _single(task: Task) -> Outcome:
    """One run of a compared method."""
    data = dataset(task.dataset)
    train = data.train
    (seed,) = task.seeds
    settings = dict(task.settings)
    pairing = _pairing(train) if compared()[task.kind].needs_pairs else None
    makes_noise = "label_noise" in settings and pairing != "class-wise"
    if task.label_noise and not makes_noise:  # pairs within classes must not know the right labels
        train = _noisy(train, task.label_noise, seed, pairing == "given")
        if "label_noise" in settings:
            settings["label_noise"] = 0.0
    if pairing == "class-wise":
        train = class_pairs(train, seed)
    model = make(task.kind, settings, seed)
    with seeded(seed):
        start = time.perf_counter()
        model.fit(train, data.validation)
        seconds = time.perf_counter() - start
    _check_uninterrupted(model)
    return {**_scored(model, data, task.test), "seconds": seconds, "pairing": pairing}


def _check_uninterrupted(model: DRCL | Baseline) -> None:
    """Ctrl-C ends the grid, also if a model caught it to keep what it had learned."""
    if getattr(model, "interrupted_", False):
        raise KeyboardInterrupt


def _scored(model: DRCL | Baseline, data: MultimodalDataset, test: bool) -> Outcome:
    """Mean mAP on validation data, if they have two modalities; all scores on test data.

    A search's tries are not scored on test data.
    """
    outcome: Outcome = {}
    held = data.validation
    if held is not None and len(held.modalities) > 1:
        outcome["validation"] = evaluate(model, held).mean()
    if test:
        rows = model.transform(data.test)
        outcome["scores"] = evaluate(rows, data.test).records()
        outcome["precision_recall"] = mean_precision(rows, data.test)
        outcome["items"] = pack(item_precisions(rows, data.test))
        if others := posteriors(model, rows):
            scores = evaluate(others, data.test).records()
            items = pack(item_precisions(others, data.test))
            outcome["posteriors"] = {"scores": scores, "items": items}
            if "validation" in outcome:
                found = evaluate(posteriors(model, model.transform(held)), held).mean()
                outcome["posteriors"]["validation"] = found
    return outcome


def posteriors(
    model: DRCL | Baseline, rows: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray] | None:
    """Class probabilities (n, C) by modality of embedded items; ``None`` where there are none.

    Of DRCL, the softmax of F W.
    """
    if isinstance(model, Baseline):
        return model.posteriors(rows)
    prior = model.prior_.cpu().numpy()
    return {name: softmax(x @ prior, axis=1) for name, x in rows.items()}


def mean_precision(rows: Mapping[str, np.ndarray], split: Split) -> list[float]:
    """Interpolated precision at recalls 0, 0.1, …, 1, mean over the tasks.

    Example:
        >>> split = Split({"a": np.eye(2), "b": np.eye(2)}, {"a": [0, 1], "b": [0, 1]})
        >>> set(mean_precision(split.features, split))
        {1.0}
    """
    y = split.labels
    tasks = permutations(rows, 2)
    curves = [precision_recall(rows[a], y[a], rows[b], y[b])[1] for a, b in tasks]
    return np.mean(curves, axis=0).round(5).tolist()


def _pairing(train: Split) -> str:
    try:
        check_pairs(train, "")
    except ValueError:
        return "class-wise"
    return "given"


def _noisy(train: Split, share: float, seed: int, paired: bool) -> Split:
    """Wrong training labels for methods that don't make them: those of DRCL, or one a pair."""
    settings = Settings(seed=seed, label_noise=share)
    wrong = {}
    for name, y in train.labels.items():
        check_noise(train, name, settings)
        stream = train.modalities[0] if paired else name
        rows = noisy(one_hot(y, train.n_classes), settings, stream)
        wrong[name] = rows.argmax(dim=1).numpy()
    return Split(train.features, wrong, train.names, train.columns)

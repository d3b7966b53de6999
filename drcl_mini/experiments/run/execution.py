"""One task: train, score, and say so in one record for each run."""

import threading
import time
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np

from ...baselines import Baseline, class_pairs
from ...baselines.pairing import Relabelled, check_pairs
from ...core.environment import commit
from ...core.terminal import Terminated
from ...data.dataset import MultimodalDataset
from ...data.labels import one_hot
from ...data.noise import with_label_noise
from ...data.split import Split
from ...many import fit_many
from ...method.estimator import DRCL
from ...retrieval.evaluation import evaluate
from ...retrieval.metrics import precision_recall
from ...training.batches import generator
from ...training.preflight import check_noise
from ...training.settings import Settings
from ...training.watch import TrainingDiverged
from ..plan.grid import Record, Task
from ..plan.loading import dataset, digest
from ..plan.methods import compared, make
from ..store.results import Outcome, records_of
from .measures import PeakMemory, exactly, seeded, surroundings

STACK = 2 * 2**30
"""Bytes that a stack may take. The same on every machine, since it decides which runs are multiplied together."""

_ALONE = threading.Lock()


def run_task(task: Task) -> list[Record]:
    """Do a task, whatever happens: a record for each of its runs, with ``error`` where it failed.

    Only Ctrl-C and SIGTERM get through. In one process one task runs at a time: it has the process's random state,
    threads, memory and warnings to itself. Peak memory is the task's: that of a whole stack where it trains one, in
    each of its records.

    Example:
        >>> settings = {"hidden": [8], "dim": 10, "prior_epochs": 1, "epochs": 1, "progress": False}
        >>> records = run_task(Task("digits-halves", "tiny", "DRCL", settings, (0, 1)))
        >>> [(record["seed"], record["stack"], record["error"]) for record in records]
        [(0, 2, None), (1, 2, None)]
    """
    with _ALONE, exactly(task.threads), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        peak = PeakMemory()
        found = _attempt(partial(_outcomes, task))
        outcomes = found if isinstance(found, list) else [found] * len(task.seeds)
        told = list(dict.fromkeys(f"{w.category.__name__}: {one_line(w.message)}" for w in caught))
        facts = {
            "peak_memory_mb": peak.mb(),
            "peak_gpu_memory_mb": peak.gpu_mb(),
            "device": peak.device,
        }
        facts |= {
            "environment": surroundings(task.threads),
            "commit": commit(),
            "warnings": told[:5],
        }
        return records_of(task, outcomes, facts)


def one_line(error: object) -> str:
    """An error in one line, with its kind where its message alone wouldn't say much."""
    text = " ".join(str(error).split())
    plain = isinstance(error, (ValueError, RuntimeError, Warning)) and text
    return (
        text
        if plain or isinstance(error, str)
        else f"{type(error).__name__}: {text}".removesuffix(": ")
    )


def _attempt(work: Callable[[], Any]) -> Any:
    """What the work gives; a failure's outcome if it fails in any way but Ctrl-C and SIGTERM."""
    try:
        return work()
    except (KeyboardInterrupt, Terminated):
        raise
    except BaseException as error:
        return {"error": one_line(error), "diverged": isinstance(error, TrainingDiverged)}


def _outcomes(task: Task) -> list[Outcome]:
    if task.data and digest(task.dataset) != task.data:
        raise ValueError(
            f"{task.dataset!r} is another data set here (digest {digest(task.dataset)}, expected {task.data}): "
            "have the same file in every worker's data folder"
        )
    return _stack(task) if task.kind.startswith("DRCL") else [_single(task)]


def _stack(task: Task) -> list[Outcome]:
    """All runs of a DRCL task, trained together."""
    data = dataset(task.dataset)
    models = [make(task.kind, task.settings, seed) for seed in task.seeds]
    failure, start = "", time.perf_counter()
    try:
        fit_many(models, data.train, data.validation, memory=STACK)
    except TrainingDiverged as error:
        failure = one_line(error)
    seconds = (time.perf_counter() - start) / len(models)
    for model in models:
        _check_uninterrupted(model)

    def outcome(number: int, model: DRCL) -> Outcome:
        if set(model.encoders_) != set(data.train.modalities) or model.partial_:
            own = failure.partition(f"model {number} (seed {task.seeds[number]}): ")[2] or failure
            raise TrainingDiverged(own.partition(" | ")[0])
        chosen = {"source": model.prior_source_, "quality": model.quality_scores_}
        return {**_scored(model, data, task.test), "seconds": seconds, "prior": chosen}

    return [_attempt(partial(outcome, *pair)) for pair in enumerate(models)]


def _single(task: Task) -> Outcome:
    """One run of a compared method."""
    data, (seed,) = dataset(task.dataset), task.seeds
    train, settings, method = data.train, task.settings, compared()[task.kind]
    pairing = _pairing(train) if method.needs_pairs else None
    told = "label_noise" in settings
    if task.label_noise and (
        pairing == "class-wise" or not told
    ):  # pairs within classes must not know the right ones
        train = _noisy(train, task.label_noise, seed, pairing == "given")
        settings = {**settings, "label_noise": 0.0} if told else settings
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
    """Ctrl-C ends the grid, also where a model takes it and keeps what it had learned."""
    if getattr(model, "interrupted_", False):
        raise KeyboardInterrupt


def _scored(model: DRCL | Baseline, data: MultimodalDataset, test: bool) -> Outcome:
    """The mean mAP on validation, to choose by: of the modalities it has, if two; and every task's on test, to report.

    Beside them stands the mean precision–recall curve. A search's tries are not scored on test data.
    """
    held = data.validation
    mean = evaluate(model, held).mean() if held is not None and len(held.modalities) > 1 else None
    if not test:
        return {"validation": mean}
    scores = evaluate(model, data.test).records()
    return {
        "validation": mean,
        "scores": scores,
        "precision_recall": mean_precision(model.transform(data.test), data.test),
    }


def mean_precision(rows: Mapping[str, np.ndarray], split: Split) -> list[float]:
    """Interpolated precision at recalls 0, 0.1, …, 1, mean over the tasks.

    Example:
        >>> split = Split({"a": np.eye(2), "b": np.eye(2)}, {"a": [0, 1], "b": [0, 1]})
        >>> set(mean_precision(split.features, split))
        {1.0}
    """
    labels = split.labels
    curves = [
        precision_recall(rows[a], labels[a], rows[b], labels[b])[1]
        for a, b in permutations(rows, 2)
    ]
    return np.mean(curves, axis=0).round(5).tolist()


def _pairing(train: Split) -> str:
    try:
        check_pairs(train, "")
    except ValueError:
        return "class-wise"
    return "given"


def _noisy(train: Split, share: float, seed: int, paired: bool) -> Split:
    """Wrong training labels for methods that don't make them: those of DRCL of that seed, or one for each pair."""
    wrong = {}
    for name, y in train.labels.items():
        check_noise(train, name, Settings(label_noise=share))
        source = generator(seed, "noise", train.modalities[0] if paired else name)
        wrong[name] = (
            with_label_noise(one_hot(y, train.n_classes), share, source).argmax(dim=1).numpy()
        )
    return Relabelled(train.features, wrong, train.n_classes)

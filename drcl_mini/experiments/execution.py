"""One task: train, score, and say so in one record for each run."""

import threading
import time
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np

from ..baselines import class_pairs
from ..baselines.pairing import check_pairs
from ..batch import fit_many
from ..data import MultimodalDataset
from ..datasets import load_dataset
from ..evaluation import Evaluation, evaluate
from ..noise import with_label_noise
from ..recasting import one_hot
from ..split import Split
from ..training import TrainingDiverged, generator
from .grid import Task
from .measures import commit, exactly, peak_gpu_memory, peak_memory, reset_peak_memory, seeded, surroundings
from .methods import compared, make
from .results import Outcome, Record, records_of

STACK = 2 * 2**30
"""Bytes that a stack may take. The same on every machine, since it decides which runs are multiplied together."""

dataset = lru_cache(maxsize=4)(load_dataset)
_ALONE = threading.Lock()


def run_task(task: Task) -> list[Record]:
    """Do a task, whatever happens: a record for each of its runs, with ``error`` where it failed.

    Only Ctrl-C gets through. In one process one task runs at a time: it has the process's random state, threads,
    memory and warnings to itself.

    Example:
        >>> settings = {"hidden": [8], "dim": 10, "prior_epochs": 1, "epochs": 1, "progress": False}
        >>> records = run_task(Task("digits-halves", "tiny", "DRCL", settings, (0, 1)))
        >>> [(record["seed"], record["stack"], record["error"]) for record in records]
        [(0, 2, None), (1, 2, None)]
    """
    with _ALONE, exactly(task.threads), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        reset_peak_memory()
        try:
            outcomes = _stack(task) if task.kind.startswith("DRCL") else [_single(task)]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            outcomes = [{"error": one_line(error)}] * len(task.seeds)
        told = list(dict.fromkeys(f"{w.category.__name__}: {one_line(w.message)}" for w in caught))
        facts = {"peak_memory_mb": peak_memory(), "peak_gpu_memory_mb": peak_gpu_memory(), "warnings": told[:5]}
        facts |= {"device": "cuda" if facts["peak_gpu_memory_mb"] else "cpu"}
        facts |= {"environment": surroundings(task.threads), "commit": commit()}
        return records_of(task, outcomes, facts)


def one_line(error: object) -> str:
    """An error in one line, with its kind where its message alone wouldn't say much."""
    text = " ".join(str(error).split())
    plain = isinstance(error, (ValueError, RuntimeError, Warning)) and text
    return text if plain or isinstance(error, str) else f"{type(error).__name__}: {text}".removesuffix(": ")


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
    if any(model.interrupted_ for model in models):  # fit_many keeps what was trained; a grid doesn't want it
        raise KeyboardInterrupt
    outcomes = []
    for number, model in enumerate(models):
        if set(model.encoders_) != set(data.train.modalities) or model.partial_:
            own = failure.partition(f"model {number} (seed {task.seeds[number]}): ")[2] or failure
            outcomes.append({"error": own.partition(" | ")[0]})
        else:
            chosen = {"source": model.prior_source_, "quality": model.quality_scores_}
            outcomes.append({**_scored(model.transform, data), "seconds": seconds, "prior": chosen})
    return outcomes


def _single(task: Task) -> Outcome:
    """One run of a compared method; where it is for two modalities, a model for each pair of them."""
    data, (seed,) = dataset(task.dataset), task.seeds
    train, settings, method = data.train, task.settings, compared()[task.kind]
    pairing = _pairing(train) if method.needs_pairs else None
    told = "label_noise" in settings or "label_noise" in settings.get("settings", {})
    if task.label_noise and (pairing == "class-wise" or not told):  # pairs within classes must not know the right ones
        train = _noisy(train, task.label_noise, seed, pairing == "given")
        settings = {**settings, "label_noise": 0.0} if told else settings
    if pairing == "class-wise":
        train = class_pairs(train, seed)
    pairwise = method.two_only and len(train.modalities) > 2
    groups = list(combinations(train.modalities, 2)) if pairwise else [train.modalities]
    outcome = {"pairing": pairing, "pairwise": pairwise, "seconds": 0.0, "scores": [], "validation": []}
    for names in groups:
        model, held = make(task.kind, settings, seed), data.validation and data.validation.only(*names)
        with seeded(seed):
            start = time.perf_counter()
            model.fit(train.only(*names), held)
            outcome["seconds"] += time.perf_counter() - start
        found = _scored(model.transform, data, names)
        outcome["scores"] += found["scores"]
        outcome["validation"].append(found["validation"])
    means = outcome["validation"]
    return outcome | {"validation": None if None in means else float(np.mean(means))}


def _scored(transform: Callable[[Split], Any], data: MultimodalDataset, names: Sequence[str] = ()) -> Outcome:
    """Every task's mAP on test, and the mean mAP on validation: the first is to report, the second to choose by."""

    def of(split: Split) -> Evaluation:
        part = split.only(*(names or split.modalities))
        return evaluate(transform(part), part)

    held = None if data.validation is None else of(data.validation).mean()
    return {"scores": of(data.test).records(), "validation": held}


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
        source = generator(seed, "noise", train.modalities[0] if paired else name)
        wrong[name] = with_label_noise(one_hot(y, train.n_classes), share, source).argmax(dim=1).numpy()
    return Split(train.features, wrong)

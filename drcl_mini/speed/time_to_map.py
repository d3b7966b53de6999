"""How long two settings take to reach the same mAP: ``bench-speed --rows time-to-map``.

A model is trained stage by stage: SPL, then modality after modality. "The model of epoch e" has
encoders of e epochs each (one that had stopped before stays as it was), and its time is SPL's
seconds plus each modality's seconds until its epoch e. What the measuring takes isn't counted. Its
mAP is the paper's measure on the validation split: the mean of both directions.
"""

from statistics import mean
from time import perf_counter

import numpy as np
import torch

from ..data.dataset import MultimodalDataset
from ..data.load import load_dataset
from ..method.estimator import DRCL
from ..retrieval.evaluation import evaluate
from ..training.rows import embed
from ..training.settings import Settings
from .measure import NotMeasuredError, Plan, Row, fit_alone, fresh_encoder, timed

DATA = "wikipedia-classic"


def time_to_map(plan: Plan) -> Row:
    """Seconds until the default setting reaches the best validation mAP of ``released``, and less.

    ``released`` takes long, so it is trained once, and the default before and after it.
    """
    try:
        data = load_dataset("digits-halves" if plan.quick else DATA)
    except FileNotFoundError as error:
        raise NotMeasuredError(str(error)) from None
    rates = {"learning_rate": 1e-3} if plan.quick else {}
    default = Settings(**plan.settings())
    before = trajectory(data, default)
    slow = trajectory(data, plan.released(DATA, **rates))
    after = trajectory(data, default)
    best, figures = max(point["mAP"] for point in slow), {}
    for share in (1.0, 0.99, 0.95, 0.9):
        taken, *others = (until(points, share * best) for points in (slow, before, after))
        fast = None if None in others else mean(others)
        at = "" if share == 1 else f" at {share:.0%}"
        figures[f"mAP{at}"] = share * best
        figures[f"released seconds{at}"] = taken
        figures[f"default seconds{at}"] = fast
        figures[f"ratio{at}"] = fast and taken / fast
    trajectories = {"released": slow, "default before": before, "default after": after}
    return {"figures": figures, "trajectories": trajectories}


def until(points: list[dict[str, float]], level: float) -> float | None:
    """Seconds until a trajectory has reached a level of mAP; ``None`` if it never does.

    Example:
        >>> points = [{"seconds": 1.0, "mAP": 0.1}, {"seconds": 2.0, "mAP": 0.3}]
        >>> until(points, 0.2), until(points, 0.4)
        (2.0, None)
    """
    return next((point["seconds"] for point in points if point["mAP"] >= level), None)


def trajectory(data: MultimodalDataset, settings: Settings) -> list[dict[str, float]]:
    """One training: seconds and validation mAP of its model of each epoch."""
    learned = DRCL(**vars(settings.replace(epochs=0)))  # SPL alone
    _, spl = timed(lambda: learned.fit(data.train, data.validation), settings.device)
    passed = {
        name: _modality(data, learned.prior_, settings, name) for name in data.train.modalities
    }  # by modality: seconds and embeddings, point after point
    points = []
    for i in range(max(map(len, passed.values()))):
        now = {name: own[min(i, len(own) - 1)] for name, own in passed.items()}
        rows = {name: f for name, (_, f) in now.items()}
        seconds = spl + sum(taken for taken, _ in now.values())
        score = evaluate(rows, data.validation, k=None).mean()
        points.append({"epoch": i + 1, "seconds": seconds, "mAP": score})
    return points


def _modality(
    data: MultimodalDataset, prior: torch.Tensor, settings: Settings, name: str
) -> list[tuple[float, np.ndarray]]:
    """RSC of one modality: by epoch, seconds so far and embeddings of the validation split."""
    held = torch.from_numpy(data.validation.features[name])
    points, measuring, start = [], 0.0, perf_counter()
    encoder = fresh_encoder(data.train, settings, name)

    def look(record: Row) -> None:
        nonlocal measuring
        now = perf_counter()
        points.append((now - start - measuring, embed(encoder, held).cpu().numpy()))
        measuring += perf_counter() - now

    fit_alone(encoder, data.train, data.validation, prior, settings, name, look)
    return points

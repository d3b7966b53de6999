"""What the suite `paper` costs: ``python book/experiments/paper_cost.py``.

It takes about ten minutes of one core, three of them for timing.
Data are generated: as many items and features as the published files have. Operations are those of matrix products,
counted as they are made, with narrow hidden layers; they are a quadratic in the width, so three widths tell those of
4096. Time is that of one thread: of one step at the full width, for DRCL and a joint method on each data set, and of
two linear methods on as many items as Wikipedia has.
"""

import math
import time
import warnings
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from result_file import store
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from data_scripts import inria_websearch, nus_wide, wikipedia, xmedia, xmedianet
from drcl_mini import MultimodalDataset, Split
from drcl_mini.baselines import joint
from drcl_mini.baselines.linear import Linear
from drcl_mini.experiments.plan.choice import FINAL, FIRST, MORE, ROUNDS, SEEDS
from drcl_mini.experiments.plan.methods import Method, compared, make, methods
from drcl_mini.experiments.plan.suites import SUITES
from drcl_mini.experiments.run.execution import STACK
from drcl_mini.many.fit import run_bytes
from drcl_mini.training.settings import Settings

COMMAND = "python book/experiments/paper_cost.py"
SUITE, BATCH, WIDTH = SUITES["paper"], 1024, 4096
NARROW = (16, 32, 48)
TRIES = FIRST + ROUNDS * MORE + FINAL * len(SEEDS)
TIMED = ("DRCL", "MRL")
TWINS = {
    "DRCL released": "DRCL",
    "fixed simplex prior": "fixed orthogonal prior",
    "SPL's encoders": "SPL alone",
}
"""Methods whose steps are those of another one."""
FLOAT = 4
COPIES = 6
"""Of each weight: value, gradient, Adam's two moments, that of the best epoch, a buffer for the next best."""

VIDEOS = 969
"""Training videos of XMedia, as reported."""
ROWS = {
    "wikipedia": wikipedia.TRAIN,
    "xmedia": {**xmedia.TRAIN, "video": VIDEOS},
    "xmedianet": xmedianet.ROWS[
        "train"
    ],  # of the other three media at most, which aren't documented
    "nus-wide": nus_wide.ROWS["train"],
    "inria-websearch": inria_websearch.ROWS["train"],
}
HELD = {
    "wikipedia": wikipedia.VALIDATION,
    "xmedia": xmedia.TEST,
    "xmedianet": xmedianet.ROWS["validation"],
    "nus-wide": nus_wide.ROWS["validation"],
    "inria-websearch": inria_websearch.ROWS["validation"],
}
ABOUT = {
    m.ABOUT.name: m.ABOUT
    for m in (wikipedia, xmedia, xmedianet, nus_wide, inria_websearch)
}


def main() -> None:
    """Count every method on every data set, time a few, write all of it down."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    joint.STEP = BATCH  # one pass an epoch, that is one step
    begin, rows = time.perf_counter(), []
    timed, iterations = timed_linear("wikipedia")
    for name in ABOUT:
        data = generated(name)
        known, steps = methods(data), {}
        for method in map(known.get, SUITE.methods(data)):
            if is_linear(method):
                own = linear_cost(name, iterations if method.name == "SM" else 0)
            else:
                same = TWINS.get(method.name)
                steps[method.name] = steps.get(same) or counted(method, data)
                own = cost(method, name, steps[method.name])
            rows.append({"dataset": name, "method": method.name} | own)
        for method in TIMED:
            found = {
                "dataset": name,
                "method": method,
                "seconds": step_seconds(known[method], data),
            }
            timed.append(found | {"operations": steps[method]["operations"]})
        print(name, timed[-2:], f"{time.perf_counter() - begin:.0f} s", flush=True)
    about = {
        "batch": BATCH,
        "tries": TRIES,
        "seeds": SUITE.seeds,
        "iterations of SM": iterations,
    }
    about |= {
        "sizes": {name: size_of(name) for name in ABOUT},
        "timed": timed,
        "rows": rows,
    }
    store("paper-cost", COMMAND, about)


def size_of(name: str) -> dict[str, dict[str, int]]:
    """By medium, items in training and validation, and the published width."""
    about, train, held = ABOUT[name], ROWS[name], HELD[name]
    return {
        medium: {
            "train": train[medium] if isinstance(train, dict) else train,
            "validation": held[medium] if isinstance(held, dict) else held,
            "width": width,
        }
        for medium, width in about.dimensions.items()
    }


def generated(name: str, rows: int = BATCH) -> MultimodalDataset:
    """Random features of the published widths; all media have the same labels, so they are pairs."""
    source, about = np.random.default_rng(0), ABOUT[name]
    x = {
        m: source.standard_normal((rows, d), dtype=np.float32)
        for m, d in about.dimensions.items()
    }
    y = np.arange(rows) % about.classes
    split = Split(x, dict.fromkeys(x, y))
    return MultimodalDataset(
        split, None, split, name, tuple(map(str, range(about.classes)))
    )


def is_linear(method: Method) -> bool:
    """Whether it is computed on the processor in closed form, or nearly."""
    return issubclass(compared().get(method.kind, nn.Module), Linear)


def fitted(
    method: Method, data: MultimodalDataset, width: int, epochs: int = 1
) -> Any:
    """The method after one step, or none: an epoch is one batch."""
    about = SUITE.changes(data.name, method, [])
    about |= {"hidden": (width, width), "epochs": epochs, "prior_epochs": epochs}
    settings = method.settings(data.name, {**method.first, **about}) | {
        "device": "cpu"
    }
    return make(method.kind, settings, 0).fit(data.train)


def counted(method: Method, data: MultimodalDataset) -> dict[str, Any]:
    """Operations of a step (of both stages of DRCL) and parameters, at the full width."""
    operations, parameters, at_once = [], [], []
    for width in NARROW:
        with FlopCounterMode(display=False) as counter:
            model = fitted(method, data, width)
        operations.append(counter.get_total_flops())
        parts = [weights(network) for network in networks(model)]
        parameters.append(sum(parts))
        at_once.append(max(parts))
    return {
        "operations": at(WIDTH, operations),
        "parameters": at(WIDTH, parameters),
        "at once": at(WIDTH, at_once),
        "dim": getattr(model, "settings", model).dim,
    }


def at(width: int, values: Sequence[int]) -> int:
    """The value at a width of the quadratic through the values at three narrow ones."""
    total = Fraction(0)
    for i, value in enumerate(values):
        others = [other for j, other in enumerate(NARROW) if j != i]
        total += value * math.prod(
            Fraction(width - o, NARROW[i] - o) for o in others
        )
    return round(total)


def networks(model: Any) -> list[nn.Module]:
    """The networks that a fitted model consists of; each is trained alone."""
    if hasattr(model, "learned_"):
        return [learned.encoder for learned in model.learned_.values()]
    found = getattr(model, "encoders_", None) or model.networks_
    return list({id(network): network for network in found.values()}.values())


def weights(network: nn.Module) -> int:
    """How many numbers are trained, those of encoders that the network only names included."""
    return sum({id(p): p.numel() for p in network.parameters()}.values())


def step_seconds(method: Method, data: MultimodalDataset) -> float:
    """Seconds of one thread that a step takes at the full width, less what no step needs."""
    taken = []
    for epochs in (1, 0):
        start = time.process_time()
        fitted(method, data, WIDTH, epochs)
        taken.append(time.process_time() - start)
    return round(taken[0] - taken[1], 2)


def cost(method: Method, name: str, step: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters, bytes and operations of a row: a search's tries and ten seeds."""
    sizes, about = size_of(name), SUITE.changes(name, method, [])
    settings = method.settings(name, {**method.first, **about})
    epochs = settings.get("epochs", settings.get("prior_epochs"))
    together = getattr(compared().get(method.kind), "together", False)
    shares = {
        medium: encoder_weights(own["width"], step["dim"])
        for medium, own in sizes.items()
    }
    whole = sum(shares.values())
    items = {
        m: seen(method, own["train"], sizes, together) for m, own in sizes.items()
    }
    passes = sum(shares[m] / whole * items[m] / BATCH for m in sizes)
    trainings = SUITE.seeds + (TRIES if method.space else 0)
    return {
        "parameters": step["parameters"],
        "bytes": memory(method, name, settings, step, together),
        "trainings": trainings,
        "operations": float(
            f"{trainings * epochs * passes * step['operations']:.4g}"
        ),
    }


def seen(
    method: Method,
    rows: int,
    sizes: Mapping[str, Mapping[str, int]],
    together: bool,
) -> int:
    """Items of a medium in an epoch."""
    if method.kind == "DRCL released":  # what doesn't fill a batch is left out
        return rows // min(BATCH, rows) * min(BATCH, rows)
    if method.kind.startswith("DRCL") or method.kind.startswith("SPL"):
        return rows
    most = max(own["train"] for own in sizes.values()) if together else rows
    return most * math.ceil(
        min(BATCH, most) / 128
    )  # `drcl_mini.baselines.joint.STEP`


def encoder_weights(width: int, dim: int) -> int:
    """Weights of an encoder, without biases."""
    return width * WIDTH + WIDTH**2 + WIDTH * dim


def memory(
    method: Method,
    name: str,
    settings: Mapping[str, Any],
    step: Mapping[str, Any],
    together: bool,
) -> int:
    """About how many bytes a training takes: weights, activations of a batch, pairs of items, all data.

    DRCL's seeds are trained as a stack, as many at once as fit two gigabytes.
    """
    sizes = size_of(name)
    data = FLOAT * sum(
        (own["train"] + own["validation"]) * own["width"] for own in sizes.values()
    )
    media = len(sizes) if together else 1
    widths = [own["width"] + 2 * WIDTH + step["dim"] for own in sizes.values()]
    rows = 3 * BATCH * (sum(widths) if together else max(widths))
    one = FLOAT * (COPIES * step["at once"] + rows + 8 * (media * BATCH) ** 2)
    stack = 1
    if method.kind.startswith("DRCL"):
        own = Settings(hidden=(WIDTH, WIDTH), dim=step["dim"], batch_size=BATCH)
        classes = ABOUT[name].classes
        needs = [
            run_bytes(own, (o["train"], o["width"]), classes, o["validation"])
            for o in sizes.values()
        ]
        stack = max(1, min(SUITE.seeds, STACK // max(needs)))
    return one * stack + data


def linear_cost(name: str, iterations: int = 0) -> dict[str, Any]:
    """Of a linear method, at most: principal components of each medium, then one eigenproblem of all, or iterations.

    Its bytes are of main memory.
    """
    sizes = size_of(name).values()
    kept = [min(own["train"], own["width"]) for own in sizes]
    most, joined = max(own["train"] for own in sizes), sum(kept)
    prepared = sum(
        2 * own["train"] * own["width"] * k + 9 * k**3
        for own, k in zip(sizes, kept, strict=True)
    )
    classes = ABOUT[name].classes
    if iterations:
        scored = sum(own["train"] * k for own, k in zip(sizes, kept, strict=True))
        whole = prepared + iterations * 4 * scored * classes
    else:
        whole = prepared + 2 * most * joined**2 + 9 * joined**3
    trainings = SUITE.seeds + TRIES
    parameters = sum(own["width"] for own in sizes) * classes
    return {
        "parameters": parameters,
        "bytes": 8
        * (sum(own["train"] * own["width"] for own in sizes) + 4 * joined**2),
        "trainings": trainings,
        "operations": float(f"{trainings * whole:.4g}"),
    }


def timed_linear(name: str) -> tuple[list[dict[str, Any]], int]:
    """MCCA and SM on as many items as the data set has, and SM's iterations."""
    data, found, iterations = generated(name, ROWS[name]), [], 0
    for title in ("MCCA", "SM"):
        model = make(title, methods(data)[title].settings(name, {}), 0)
        start = time.process_time()
        model.fit(data.train)
        seconds = round(time.process_time() - start, 2)
        if title == "SM":
            iterations = max(
                int(c.n_iter_.max()) for c in model.classifiers_.values()
            )
        whole = linear_cost(name, iterations)["operations"] / (SUITE.seeds + TRIES)
        found.append(
            {
                "dataset": name,
                "method": title,
                "seconds": seconds,
                "operations": whole,
            }
        )
    return found, iterations


if __name__ == "__main__":
    main()

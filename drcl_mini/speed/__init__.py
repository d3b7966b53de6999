"""``python -m drcl_mini bench-speed``: how fast training and evaluation are, one JSON file a row.

What is compared is measured in turns within one run, as a ratio: seconds alone say little on a busy machine.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch

from ..core.environment import environment, write_json
from ..core.files import check_writable
from .compiled import compiled
from .epoch import released_epoch
from .measure import NotMeasuredError, Plan, Row
from .rows import precision, released_training, ten_seeds, ten_seeds_replayed
from .time_to_map import time_to_map

SETS = ("minimedia-small", "minimedia", "digits-halves", "wikipedia-classic", "spoken-digits")


def map_of_many(plan: Plan) -> Row:
    """mAP of 1,000, 5,000 and 20,000 queries in 20,000 items of 64 dimensions: seconds and memory."""
    from .retrieval import measure_map

    counts, items, dim = ((20, 50), 100, 8) if plan.quick else ((1_000, 5_000, 20_000), 20_000, 64)
    figures = {}
    for queries in counts:
        turns = [measure_map(queries, items, dim) for _ in range(plan.repetitions)]
        figures |= {f"{queries} queries {name}": value for name, value in _medians(turns).items()}
    return {"figures": figures}


def search(plan: Plan) -> Row:
    """The ten nearest of a million items for each of 10,000 queries: exact, and by FAISS."""
    from .retrieval import measure_search

    sizes = (20, 500, 8, 5) if plan.quick else (10_000, 1_000_000, 64, 10)
    return {"figures": _medians([measure_search(*sizes) for _ in range(plan.repetitions)])}


def _medians(turns: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: median(turn[name] for turn in turns) for name in turns[0]}


class Measured(NamedTuple):
    """One row: what measures it, where, and what its figures should be."""

    measure: Callable[[Plan], Row]
    target: dict[str, dict[str, float]]
    """By figure: ``{"at least": number}`` or ``{"at most": number}``."""
    device: str = "cpu"
    by_default: bool = True
    """Measured where no rows are named."""
    by_dataset: bool = False
    """Whether ``--datasets`` says what it trains on."""


SEARCH = {"exact_seconds": {"at most": 60}, "exact_peak_gb": {"at most": 1.5}}
SEARCH |= {"ratio": {"at least": 20}, "recall": {"at least": 0.95}}
EPOCH = {"float32 ratio": {"at least": 1.25}, "bfloat16 ratio": {"at least": 1.8}}
SEEDS = {f"{name} ratio": {"at least": 1} for name in SETS} | {
    "minimedia-small ratio": {"at least": 1.3}
}
ROWS = {
    "map": Measured(
        map_of_many,
        {"20000 queries seconds": {"at most": 40}, "20000 queries peak_gb": {"at most": 1}},
    ),
    "search": Measured(search, SEARCH),
    "released-epoch": Measured(released_epoch, EPOCH),
    "ten-seeds": Measured(ten_seeds, SEEDS, by_dataset=True),
    "ten-seeds-gpu": Measured(
        ten_seeds, {"minimedia-small ratio": {"at least": 6}}, "cuda", by_dataset=True
    ),
    "ten-seeds-replayed": Measured(ten_seeds_replayed, {}, "cuda", by_dataset=True),
    "released-training": Measured(released_training, {"float32 seconds": {"at most": 15}}, "cuda"),
    "precision": Measured(precision, {}, by_dataset=True),
    "compile": Measured(compiled, {}),
    "precision-gpu": Measured(precision, {}, "cuda", by_dataset=True),
    "time-to-map": Measured(time_to_map, {"ratio": {"at least": 20}}, by_default=False),
}


def add_parser(commands: Any) -> None:
    """Add ``bench-speed`` to the command line."""
    parser = commands.add_parser("bench-speed", help="measure how fast training and evaluation are")
    parser.add_argument(
        "--out",
        type=Path,
        help="folder of the results (default: book/results/speed; runs/speed if quick)",
    )
    parser.add_argument(
        "--rows",
        nargs="+",
        choices=ROWS,
        metavar="NAME",
        default=[name for name, row in ROWS.items() if row.by_default],
        help=f"what to measure: {', '.join(ROWS)} (default: all but time-to-map, which takes an hour)",
    )
    told = f"what to train on (default: each row's); for {', '.join(n for n, row in ROWS.items() if row.by_dataset)}"
    parser.add_argument(
        "--datasets", nargs="+", choices=SETS, metavar="NAME", default=[], help=told
    )
    parser.add_argument(
        "--repetitions", type=_count, default=3, metavar="N", help="turns of each comparison"
    )
    parser.add_argument("--quick", action="store_true", help="toy sizes: does it run?")


def bench_speed(options: argparse.Namespace) -> int:
    """Measure the rows, print their figures, write each to a file of its own."""
    out = check_writable(
        options.out or Path("runs/speed" if options.quick else "book/results/speed")
    )
    earlier = {name: _measured(out / f"{name}.json") for name in options.rows}
    for name in options.rows:
        row = ROWS[name]
        result = measure(
            row, Plan(options.quick, options.repetitions, row.device, options.datasets)
        )
        command = (
            f"python -m drcl_mini bench-speed --rows {name} --repetitions {options.repetitions}"
        )
        if row.by_dataset and options.datasets:
            command += f" --datasets {' '.join(options.datasets)}"
        command += " --quick" * options.quick
        about = {"command": command, "what": " ".join(row.measure.__doc__.split())}
        path = out / f"{name}.json"
        kept = "why" in result and earlier[name]
        if not kept:
            write_json(path, about | {"environment": environment(), "device": row.device} | result)
        why = f": not measured, {result['why']}" if "why" in result else ""
        print(f"{name} ({row.device}){why}" + "; what was measured before is kept" * kept)
        for figure, value in result.get("figures", {}).items():
            target = "".join(
                f", {kind} {bound} wanted" for kind, bound in row.target.get(figure, {}).items()
            )
            print(f"  {figure}: {value if value is None else round(value, 4)}{target}")
    print(f"saved in {out}")
    return 0


def measure(row: Measured, plan: Plan) -> Row:
    """A row's figures, with its targets and which of them it reaches; or why it wasn't measured."""
    try:
        if plan.device == "cuda" and not torch.cuda.is_available():
            raise NotMeasuredError("no CUDA device here")
        result = row.measure(plan)
    except NotMeasuredError as error:
        return {"measured": False, "why": str(error), "target": row.target}
    found = result["figures"]
    reached = {
        name: reaches(found[name], bounds) for name, bounds in row.target.items() if name in found
    }
    lacking = [name for name in row.target if name not in found]
    about = {"measured": True, "target": row.target, "reached": reached, "not here": lacking}
    return about | result


def _measured(path: Path) -> bool:
    """Whether a row's file has figures already; an error if it is something else."""
    if not path.exists():
        return False
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["measured"])
    except (ValueError, TypeError, KeyError) as error:
        told = "expected a file that  drcl_mini bench-speed  has written: move it, or use another --out"
        raise ValueError(
            f"{str(path)!r} is no row of this benchmark ({type(error).__name__}), {told}"
        ) from None


def reaches(value: float | None, bounds: dict[str, float]) -> bool:
    """Whether a figure is within its bounds; one that couldn't be had isn't.

    Example:
        >>> reaches(2, {"at least": 1}), reaches(2, {"at most": 1}), reaches(None, {"at most": 1})
        (True, False, False)
    """
    at_least, at_most = bounds.get("at least", float("-inf")), bounds.get("at most", float("inf"))
    return value is not None and at_least <= value <= at_most


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no count: expected an integer of at least 1")
    return int(text)

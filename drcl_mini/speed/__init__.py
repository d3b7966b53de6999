"""``python -m drcl_mini bench-speed``: how fast training and evaluation are, one JSON file a row.

What is compared is measured in turns within one run, as a ratio: seconds alone say little on a busy
machine.
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
from .retrieval import measure_map, measure_search
from .rows import SETS, precision, released_training, ten_seeds, ten_seeds_replayed
from .time_to_map import time_to_map


def map_of_many(plan: Plan) -> Row:
    """mAP of 1,000, 5,000 and 20,000 queries in 20,000 items of 64 dimensions: seconds, memory."""
    counts, items, dim = ((20, 50), 100, 8) if plan.quick else ((1_000, 5_000, 20_000), 20_000, 64)
    figures = {}
    for queries in counts:
        turns = [measure_map(queries, items, dim) for _ in range(plan.repetitions)]
        figures |= {f"{queries} queries {name}": value for name, value in _medians(turns).items()}
    return {"figures": figures}


def search(plan: Plan) -> Row:
    """The ten nearest of a million items for each of 10,000 queries: exact, and by FAISS."""
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


MAP = {"20000 queries seconds": {"at most": 40}, "20000 queries peak_gb": {"at most": 1}}
SEARCH = {"exact_seconds": {"at most": 60}, "exact_peak_gb": {"at most": 1.5}}
SEARCH |= {"ratio": {"at least": 20}, "recall": {"at least": 0.95}}
EPOCH = {"float32 ratio": {"at least": 1.25}, "bfloat16 ratio": {"at least": 1.8}}
SEEDS = {f"{name} ratio": {"at least": 1} for name in SETS}
SEEDS["minimedia-small ratio"] = {"at least": 1.3}
GPU_SEEDS = {"minimedia-small ratio": {"at least": 6}}
ROWS = {
    "map": Measured(map_of_many, MAP),
    "search": Measured(search, SEARCH),
    "released-epoch": Measured(released_epoch, EPOCH),
    "ten-seeds": Measured(ten_seeds, SEEDS, by_dataset=True),
    "ten-seeds-gpu": Measured(ten_seeds, GPU_SEEDS, "cuda", by_dataset=True),
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
    add, most = parser.add_argument, [name for name, row in ROWS.items() if row.by_default]
    told = "folder of the results (default: book/results/speed; runs/speed if quick)"
    add("--out", type=Path, help=told)
    told = f"what to measure: {', '.join(ROWS)} (default: all but time-to-map, which takes an hour)"
    add("--rows", nargs="+", choices=ROWS, metavar="NAME", default=most, help=told)
    rows = ", ".join(name for name, row in ROWS.items() if row.by_dataset)
    told = f"data sets to train on (default: each row's), for {rows}"
    add("--datasets", nargs="+", choices=SETS, metavar="NAME", default=[], help=told)
    told = "turns of each comparison (default: 3)"
    add("--repetitions", type=_count, default=3, metavar="N", help=told)
    add("--quick", action="store_true", help="toy sizes, to see whether it runs")


def bench_speed(options: argparse.Namespace) -> int:
    """Measure the rows, print their figures, write each to a file of its own."""
    folder = "runs/speed" if options.quick else "book/results/speed"
    out = check_writable(options.out or folder)
    earlier = {name: _measured(out / f"{name}.json") for name in options.rows}
    for name in options.rows:
        row, turns = ROWS[name], options.repetitions
        result = measure_row(row, Plan(options.quick, turns, row.device, options.datasets))
        command = f"python -m drcl_mini bench-speed --rows {name} --repetitions {turns}"
        if row.by_dataset and options.datasets:
            command += f" --datasets {' '.join(options.datasets)}"
        command += " --quick" * options.quick
        about = {"command": command, "what": " ".join(row.measure.__doc__.split())}
        about |= {"environment": environment(), "device": row.device}
        kept = "why" in result and earlier[name]
        if not kept:
            write_json(out / f"{name}.json", about | result)
        why = f": not measured, {result['why']}" if "why" in result else ""
        print(f"{name} ({row.device}){why}" + "; what was measured before is kept" * kept)
        for figure, value in result.get("figures", {}).items():
            bounds = row.target.get(figure, {}).items()
            wanted = "".join(f", {kind} {bound} wanted" for kind, bound in bounds)
            print(f"  {figure}: {value if value is None else round(value, 4)}{wanted}")
    print(f"saved in {out}")
    return 0


def measure_row(row: Measured, plan: Plan) -> Row:
    """A row's figures, with its targets and which of them it reaches; or why it wasn't measured."""
    try:
        if plan.device == "cuda" and not torch.cuda.is_available():
            raise NotMeasuredError("no CUDA device here")
        result = row.measure(plan)
    except NotMeasuredError as error:
        return {"measured": False, "why": str(error), "target": row.target}
    found = result["figures"]
    here = {name: bounds for name, bounds in row.target.items() if name in found}
    reached = {name: reaches(found[name], bounds) for name, bounds in here.items()}
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
        told = f"was not written by drcl_mini bench-speed  ({type(error).__name__})"
        raise ValueError(f"{str(path)!r} {told}: move it, or use another --out") from None


def reaches(value: float | None, bounds: dict[str, float]) -> bool:
    """Whether a figure is within its bounds; one that couldn't be measured isn't.

    Example:
        >>> reaches(2, {"at least": 1}), reaches(2, {"at most": 1}), reaches(None, {"at most": 1})
        (True, False, False)
    """
    least, most = bounds.get("at least", float("-inf")), bounds.get("at most", float("inf"))
    return value is not None and least <= value <= most


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not an integer of at least 1")
    return int(text)

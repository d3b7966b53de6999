"""Command line: ``run`` trains, ``probe`` says how hard data are, ``bench-speed`` how fast all is, ``env`` versions."""

import argparse
import shlex
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.checks import nearest
from ..core.devices import resolve_device
from ..core.environment import environment, write_json
from ..core.files import check_replaceable, check_writable, data_folder
from ..core.intervals import interval
from ..core.terminal import Parser, assignment, one_line, show_anything
from ..data.dataset import MultimodalDataset
from ..data.load import CONVERTED, EMBEDDED, available_datasets, load_dataset
from ..experiments.report import report as reports
from ..experiments.run import command as experiments
from ..many import fit_many
from ..method.estimator import DRCL
from ..retrieval.evaluation import Evaluation, evaluate
from ..speed import add_parser, bench_speed
from ..training.preflight import check_fit
from ..training.watch import TrainingDiverged
from .probe import linear_probe


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 failed, 2 usage."""
    show_anything()
    parser = Parser(prog="python -m drcl_mini", description=__doc__)
    names = "{run,probe,bench,report,bench-speed,env}"
    commands = parser.add_subparsers(
        dest="command", required=True, parser_class=Parser, metavar=names
    )
    run_parser = commands.add_parser(
        "run", help="train DRCL on a data set, print and save what came of it"
    )
    default = next(iter(EMBEDDED))
    run_parser.add_argument(
        "dataset", nargs="?", default=default, help=f"data set; {default} where none is named"
    )
    run_parser.add_argument(
        "--preset", choices=["default", "released"], default="default", help="settings"
    )
    run_parser.add_argument("--seed", type=int, help="random seed (default: the preset's)")
    run_parser.add_argument(
        "--seeds",
        type=int,
        default=1,
        metavar="N",
        help="N seeds, trained together, with their spread",
    )
    run_parser.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="keep progress in this file, and go on from it after a crash",
    )
    run_parser.add_argument("--device", help="auto, cpu, cuda, cuda:1, …")
    run_parser.add_argument(
        "--out", type=Path, help="folder for models and results.json (default: runs/…)"
    )
    run_parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="one setting, e.g. epochs=20; repeatable",
    )
    probe_parser = commands.add_parser(
        "probe", help="linear probes: how hard each modality is on its own"
    )
    probe_parser.add_argument("datasets", nargs="+", metavar="DATASET", help="data sets")
    probe_parser.add_argument("--out", type=Path, help="write the table to this JSON file")
    experiments.add_parser(commands)
    reports.add_parser(commands)
    add_parser(commands)
    commands.add_parser("env", help="versions, devices and data sets: paste it into a bug report")
    options = parser.parse_args(arguments)
    options.told = shlex.join(
        ["python", "-m", "drcl_mini", *(sys.argv[1:] if arguments is None else arguments)]
    )
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: print(
                f"warning: {message}", file=sys.stderr
            )
            if options.command == "run":
                return run(options, parser)
            others = {"probe": probe, "bench": experiments.bench, "report": reports.report}
            others |= {"bench-speed": bench_speed, "env": env}
            return others[options.command](options)
    except KeyboardInterrupt:
        print(one_line("interrupted"), file=sys.stderr)
    except (OSError, ValueError, RuntimeError, MemoryError, ImportError) as error:
        print(one_line(str(error) or type(error).__name__), file=sys.stderr)
    return 1


def run(options: argparse.Namespace, parser: Parser) -> int:
    """Train with one seed or several, print prior, scores and mAP table, save models and results."""
    names = [*available_datasets(), *CONVERTED]
    if options.dataset not in names:
        parser.error(f"unknown data set {options.dataset!r}: {nearest(options.dataset, names)}")
    try:
        settings = dict(assignment(text) for text in options.set)
        settings |= {
            n: getattr(options, n) for n in ("seed", "device") if getattr(options, n) is not None
        }
        make = (
            DRCL if options.preset == "default" else lambda **s: DRCL.released(options.dataset, **s)
        )
        first = make(**settings).settings
        if options.seeds < 1:
            raise ValueError(f"--seeds is {options.seeds}, expected at least 1")
        if options.checkpoint and options.seeds > 1:
            raise ValueError(
                f"--checkpoint keeps the progress of one seed, --seeds is {options.seeds}"
            )
        models = [
            make(**{**settings, "seed": first.seed + number}) for number in range(options.seeds)
        ]
    except ValueError as error:
        parser.error(str(error))
    resolve_device(first.device)
    data = load_dataset(options.dataset)
    check_fit(data.train, data.validation, first)
    out = check_writable(
        options.out or Path("runs") / f"{options.dataset}-{options.preset}-seed{first.seed}"
    )
    print(f"{options.dataset}: train {data.train!r}\n{models[0]!r}")
    start, lost = time.perf_counter(), None
    try:
        fit_many(models, data.train, data.validation, checkpoint=options.checkpoint)
    except TrainingDiverged as error:
        lost = error
    seconds = (time.perf_counter() - start) / len(models)
    learned = [model for model in models if model.encoders_]
    saved = [
        _saved(model, data, out / f"model-seed{model.settings.seed}.safetensors", seconds)
        for model in learned
    ]
    rows = [row for row, _ in saved]
    if rows:
        _write_results(out / "results.json", options, models[0], rows)
        print(*(told for _, told in saved), sep="\n")
        print(f"{len(rows)} seeds: {summary(rows)}\n" * (len(rows) > 1) + f"saved in {out}")
    if lost:
        raise TrainingDiverged(f"{lost}; saved in {out}") if rows else lost
    if not rows:
        raise RuntimeError("interrupted before any encoder had learned: nothing to save")
    return int(any(model.interrupted_ for model in models))


def _saved(
    model: DRCL, data: MultimodalDataset, path: Path, seconds: float
) -> tuple[dict[str, Any], str]:
    """Save a model; gives its scores, as a row of the results and as text."""
    model.save(path)
    qualities = ", ".join(f"{name} {score:.3f}" for name, score in model.quality_scores_.items())
    chosen = f"prior: {model.prior_source_}" + (
        f" (quality scores: {qualities})" if qualities else ""
    )
    told = f"\nseed {model.settings.seed}, {seconds:.1f} s; {chosen}"
    row = {"seed": model.settings.seed, "seconds": round(seconds, 2), "prior": model.prior_source_}
    ready = [name for name in data.test.modalities if name in model.encoders_]
    unfinished = [
        name for name in data.test.modalities if name not in ready or name in model.partial_
    ]
    row |= {
        "quality_scores": model.quality_scores_,
        "interrupted": model.interrupted_,
        "unfinished": unfinished,
    }
    row |= {"scores": []}
    if len(ready) > 1:
        scores = evaluate(model, data.test.only(*ready))
        row["scores"] = scores.records() + _means(scores)
        told += f"\n{scores}"
    return row, told


def _means(scores: Evaluation) -> list[dict[str, Any]]:
    return [
        {"query": "mean", "gallery": "mean", "k": k or "all", "map": scores.mean(k)}
        for k in (None, 50)
    ]


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """Mean mAP over seeds with its 95 % interval (Student's t), at each cut-off."""
    parts = []
    for k in ("all", 50):
        whole = [score for row in rows if not row["unfinished"] for score in row["scores"]]
        maps = [score["map"] for score in whole if score["query"] == "mean" and score["k"] == k]
        if len(maps) > 1:
            parts.append(f"mean mAP@{k} {np.mean(maps):.3f} ± {interval(maps):.3f}")
    return ", ".join(parts) + " (95 % interval)" if parts else "too few scores for a spread"


def _write_results(
    path: Path, options: argparse.Namespace, model: DRCL, rows: list[dict[str, Any]]
) -> None:
    """Write what the command gave; ``model`` is the first one."""
    command = f"python -m drcl_mini run {options.dataset} --preset {options.preset} --seeds {options.seeds}"
    command += f" --seed {model.settings.seed}" + "".join(
        f" --set {shlex.quote(text)}" for text in options.set
    )
    command += f" --device {options.device}" if options.device else ""
    settings = {
        k: v for k, v in model.get_params().items() if k not in ("seed", "device", "progress")
    }
    results = {"command": command, "settings": settings, "environment": environment(), "runs": rows}
    write_json(path, results)


def probe(options: argparse.Namespace) -> int:
    """Print, and with ``--out`` keep, the linear probes of each modality of each data set."""
    if options.out:
        check_replaceable(options.out)
    rows, loading = [], {}
    print(
        f"{'data set':<18}{'modality':<10}{'samples':>8}{'d':>6}{'chance':>9}{'centroid':>10}{'logistic':>10}"
    )
    for name in options.datasets:
        loading[name] = {}
        for turn in ("first", "again"):
            start = time.perf_counter()
            data = load_dataset(name)
            loading[name][turn] = round(time.perf_counter() - start, 2)
        for row in linear_probe(data):
            rows.append(row)
            scores = [row[key] for key in ("chance", "nearest centroid", "logistic regression")]
            print(
                f"{name:<18}{row['modality']:<10}{row['samples']:>8}{row['dimension']:>6}", end=""
            )
            print("{:9.3f}{:10.3f}{:10.3f}".format(*scores))
    if options.out:
        command = f"python -m drcl_mini probe {' '.join(options.datasets)}"
        results = {
            "command": command,
            "environment": environment(),
            "seconds to load": loading,
            "rows": rows,
        }
        write_json(options.out, results)
    return 0


def env(_: argparse.Namespace) -> int:
    """Print versions, devices, data folder and data sets."""
    facts = environment() | {
        "data folder": str(data_folder()),
        "data sets": ", ".join(available_datasets()),
    }
    for name, value in facts.items():
        print(f"{name:<13} {value}")
    return 0

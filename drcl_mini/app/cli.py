"""Train DRCL on a data set, benchmark methods, compare results, measure speed."""

import argparse
import shlex
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..core.checks import warn
from ..core.devices import resolve_device
from ..core.environment import environment, write_json
from ..core.files import check_replaceable, check_writable, data_folder
from ..core.intervals import interval
from ..core.terminal import Parser, assignment, in_tuples, one_line, show_anything
from ..data.dataset import MultimodalDataset
from ..data.load import EMBEDDED, available_datasets, check_dataset, is_path, load_dataset
from ..embed import command as embedding
from ..embed import page as pages
from ..experiments.report import report as reports
from ..experiments.run import command as experiments
from ..many import fit_many
from ..method.estimator import DRCL
from ..retrieval.evaluation import evaluate
from ..speed import add_parser, bench_speed
from ..training.preflight import check_fit
from ..training.settings import Settings
from ..training.watch import TrainingDiverged
from .probe import linear_probe

PROGRAM = ("python", "-m", "drcl_mini")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 failed, 2 usage."""
    show_anything()
    does = {"run": run, "probe": probe, "bench": experiments.bench, "report": reports.report}
    does |= {"embed": embedding.embed, "page": pages.page}
    does |= {"bench-speed": bench_speed, "env": env}
    parser = Parser(prog=" ".join(PROGRAM), description=__doc__)
    names = f"{{{','.join(does)}}}"
    commands = parser.add_subparsers(dest="command", required=True, metavar=names)
    _add_run(commands)
    told = "linear probes: how hard each modality is on its own"
    probe_parser = commands.add_parser("probe", help=told)
    probe_parser.add_argument("datasets", nargs="+", metavar="DATASET", help="data sets")
    probe_parser.add_argument("--out", type=Path, help="write the table to this JSON file")
    embedding.add_parser(commands)
    pages.add_parser(commands)
    experiments.add_parser(commands)
    reports.add_parser(commands)
    add_parser(commands)
    commands.add_parser("env", help="versions, devices and data sets: paste it into a bug report")
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = parser.parse_args(words)
    options.told = shlex.join([*PROGRAM, *words])
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            return does[options.command](options)
    except KeyboardInterrupt:
        print(one_line("interrupted"), file=sys.stderr)
    except (OSError, ValueError, RuntimeError, MemoryError, ImportError) as error:
        print(one_line(str(error) or type(error).__name__), file=sys.stderr)
    return 1


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"warning: {message}", file=sys.stderr)


def _add_run(commands: Any) -> None:
    parser = commands.add_parser("run", help="train DRCL on a data set, print and save the results")
    add = parser.add_argument
    default = next(iter(EMBEDDED))
    given = f"data set, or the path of an .npz (default: {default})"
    add("dataset", nargs="?", default=default, help=given)
    add("--preset", choices=["default", "released"], default="default", help="settings")
    add("--seed", type=int, help="random seed (default: the preset's)")
    seeds = "N seeds, trained together, with their spread"
    add("--seeds", type=int, default=1, metavar="N", help=seeds)
    checkpoint = "keep progress in this file, and go on from it after a crash"
    add("--checkpoint", type=Path, metavar="FILE", help=checkpoint)
    add("--device", help="auto, cpu, cuda, cuda:1, …")
    add("--out", type=Path, help="folder for models and results.json (default: runs/…)")
    told = "one setting, e.g. epochs=20 or hidden=256,256; repeatable"
    add("--set", action="append", default=[], metavar="NAME=VALUE", help=told)
    parser.set_defaults(fail=parser.error)


def _models(options: argparse.Namespace) -> list[DRCL]:
    """A model for each seed, not fitted yet."""
    check_dataset(options.dataset)
    if options.seeds < 1:
        raise ValueError(f"--seeds is {options.seeds}, expected at least 1")
    if options.checkpoint and options.seeds > 1:
        raise ValueError(f"--checkpoint keeps the progress of one seed, --seeds is {options.seeds}")
    given = dict(assignment(text) for text in options.set)
    settings = in_tuples(given, fields(Settings))
    for name in ("seed", "device"):
        if getattr(options, name) is not None:
            settings[name] = getattr(options, name)
    make = DRCL if options.preset == "default" else partial(DRCL.released, _name(options.dataset))
    first = make(**settings).settings.seed
    seeds = range(first, first + options.seeds)
    return [make(**{**settings, "seed": seed}) for seed in seeds]


def _name(dataset: str) -> str:
    """The name of a data set that may be given by its path."""
    return Path(dataset).stem if is_path(dataset) else dataset


def run(options: argparse.Namespace) -> int:
    """Train with one seed or several, print prior and scores, save models and results."""
    try:
        models = _models(options)
    except ValueError as error:
        options.fail(str(error))
    first = models[0].settings
    resolve_device(first.device)
    data = load_dataset(options.dataset)
    check_fit(data.train, data.validation, first)
    if len(data.test.modalities) < 2:
        told = f"the test split has {data.test.modalities[0]!r} only, scores need two modalities"
        warn(f"{told}: the model is trained and saved, without a table")
    name = f"{_name(options.dataset)}-{options.preset}-seed{first.seed}"
    out = check_writable(options.out or Path("runs", name))
    print(f"{options.dataset}: train {data.train!r}\n{models[0]!r}")
    lost = None
    start = time.perf_counter()
    try:
        fit_many(models, data.train, data.validation, checkpoint=options.checkpoint)
    except TrainingDiverged as error:
        lost = error
    seconds = (time.perf_counter() - start) / len(models)
    saved = [_saved(model, data, out, seconds) for model in models if model.encoders_]
    rows = [row for row, _ in saved]
    if rows:
        _write_results(out / "results.json", options, models[0], rows)
        for _, told in saved:
            print(told)
        if len(rows) > 1:
            print(f"{len(rows)} seeds: {summary(rows)}")
        print(f"saved in {out}")
    if lost:
        raise TrainingDiverged(f"{lost}; saved in {out}") if rows else lost
    if not rows:
        raise RuntimeError("interrupted before any encoder had learned: nothing to save")
    return int(any(model.interrupted_ for model in models))


def _saved(
    model: DRCL, data: MultimodalDataset, folder: Path, seconds: float
) -> tuple[dict[str, Any], str]:
    """Save a model; returns its scores, as a row of the results and as text."""
    seed, names = model.settings.seed, data.test.modalities
    model.save(folder / f"model-seed{seed}.safetensors")
    ready = [name for name in names if name in model.encoders_]
    row = {
        "seed": seed,
        "seconds": round(seconds, 2),
        "prior": model.prior_source_,
        "quality_scores": model.quality_scores_,
        "interrupted": model.interrupted_,
        "unfinished": [name for name in names if name not in ready or name in model.partial_],
        "scores": [],
    }
    told = f"\nseed {seed}, {seconds:.1f} s; prior: {model.prior_source_}"
    qualities = ", ".join(f"{name} {score:.3f}" for name, score in model.quality_scores_.items())
    if qualities:
        told += f" (quality scores: {qualities})"
    if len(ready) > 1:
        scores = evaluate(model, data.test.only(*ready))
        told += f"\n{scores}"
        row["scores"] = scores.records()
        for k, cut in ((None, "all"), (50, 50)):
            mean = {"query": "mean", "gallery": "mean", "k": cut, "map": scores.mean(k)}
            row["scores"].append(mean)
    return row, told


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
    """Write rows and settings, with a command that repeats them; ``model`` is the first one."""
    command = [*PROGRAM, "run", options.dataset, "--preset", options.preset]
    command += ["--seeds", str(options.seeds), "--seed", str(model.settings.seed)]
    for text in options.set:
        command += ["--set", text]
    if options.device:
        command += ["--device", options.device]
    settings = model.get_params()
    for name in ("seed", "device", "progress"):
        del settings[name]
    results = {"command": shlex.join(command), "settings": settings}
    write_json(path, results | {"environment": environment(), "runs": rows})


def probe(options: argparse.Namespace) -> int:
    """Print, and with ``--out`` keep, the linear probes of each modality of each data set."""
    if options.out:
        check_replaceable(options.out)
    columns = ["modality", "samples", "dimension"]
    columns += ["chance", "nearest centroid", "logistic regression"]
    heads = ["data set", "modality", "samples", "d", "chance", "centroid", "logistic"]
    rows, loading = [], {}
    print("{:<18}{:<10}{:>8}{:>6}{:>9}{:>10}{:>10}".format(*heads))
    for name in options.datasets:
        loading[name] = {}
        for turn in ("first", "again"):
            start = time.perf_counter()
            data = load_dataset(name)
            loading[name][turn] = round(time.perf_counter() - start, 2)
        for row in linear_probe(data):
            rows.append(row)
            figures = [row[column] for column in columns]
            print("{:<18}{:<10}{:>8}{:>6}{:9.3f}{:10.3f}{:10.3f}".format(name, *figures))
    if options.out:
        command = shlex.join([*PROGRAM, "probe", *options.datasets])
        results = {"command": command, "environment": environment()}
        write_json(options.out, results | {"seconds to load": loading, "rows": rows})
    return 0


def env(_: argparse.Namespace) -> int:
    """Print versions, devices, data folder and data sets."""
    facts = environment()
    facts |= {"data folder": data_folder(), "data sets": ", ".join(available_datasets())}
    for name, value in facts.items():
        print(f"{name:<13} {value}")
    return 0

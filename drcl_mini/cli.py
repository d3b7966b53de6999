"""Command line: ``run`` trains and evaluates, ``probe`` says how hard a data set is, ``env`` reports versions."""

import argparse
import json
import os
import platform
import shlex
import sys
import time
import warnings
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch

from . import __version__
from .checks import nearest
from .data import MultimodalDataset
from .datasets import CONVERTED, EMBEDDED, available_datasets, load_dataset
from .devices import resolve_device
from .estimator import DRCL
from .evaluation import Evaluation, evaluate, interval
from .files import check_writable, data_folder, replacing
from .preflight import check_fit
from .probe import linear_probe
from .training import TrainingDiverged


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors take one line; exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, one_line(message) + "\n")


def one_line(message: object) -> str:
    """An error as people read it in a terminal: one line, no traceback."""
    return "error: " + " ".join(str(message).split())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 failed, 2 usage."""
    parser = Parser(prog="python -m drcl_mini", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=Parser, metavar="{run,probe,env}")
    run_parser = commands.add_parser("run", help="train DRCL on a data set, print and save what came of it")
    default = next(iter(EMBEDDED))
    run_parser.add_argument("dataset", nargs="?", default=default, help=f"data set; {default} where none is named")
    run_parser.add_argument("--preset", choices=["default", "released"], default="default", help="settings")
    run_parser.add_argument("--seed", type=int, help="random seed (default: the preset's)")
    run_parser.add_argument("--seeds", type=int, default=1, metavar="N", help="N seeds in a row, with their spread")
    run_parser.add_argument("--device", help="auto, cpu, cuda, cuda:1, …")
    run_parser.add_argument("--out", type=Path, help="folder for models and results.json (default: runs/…)")
    run_parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="one setting, e.g. epochs=20; repeatable"
    )
    probe_parser = commands.add_parser("probe", help="linear probes: how hard each modality is on its own")
    probe_parser.add_argument("datasets", nargs="+", metavar="DATASET", help="data sets")
    probe_parser.add_argument("--out", type=Path, help="write the table to this JSON file")
    commands.add_parser("env", help="versions, devices and data sets: paste it into a bug report")
    options = parser.parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: print(f"warning: {message}", file=sys.stderr)
            if options.command == "run":
                return run(options, parser)
            return env() if options.command == "env" else probe(options)
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
        settings = dict(_setting(text) for text in options.set)
        settings |= {n: getattr(options, n) for n in ("seed", "device") if getattr(options, n) is not None}
        make = DRCL if options.preset == "default" else lambda **s: DRCL.released(options.dataset, **s)
        model = make(**settings)
        if options.seeds < 1:
            raise ValueError(f"--seeds is {options.seeds}, expected at least 1")
    except ValueError as error:
        parser.error(str(error))
    first = model.settings.seed
    resolve_device(model.settings.device)
    data = load_dataset(options.dataset)
    check_fit(data.train, data.validation, model.settings)
    out = check_writable(options.out or Path("runs") / f"{data.name}-{options.preset}-seed{first}")
    print(f"{data.name}: train {data.train!r}\n{model!r}")
    rows = []
    for seed in range(first, first + options.seeds):
        model = make(**{**settings, "seed": seed})
        rows.append(_one_run(model, data, out / f"model-seed{seed}.safetensors"))
        _write_results(out / "results.json", options, model, rows)
        if model.interrupted_:
            break
    if len(rows) > 1:
        print(f"{len(rows)} seeds: {summary(rows)}")
    print(f"saved in {out}")
    return int(model.interrupted_)


def _one_run(model: DRCL, data: MultimodalDataset, path: Path) -> dict[str, Any]:
    start = time.perf_counter()
    try:
        model.fit(data.train, data.validation)
    except TrainingDiverged as error:
        if not model.encoders_:
            raise
        raise TrainingDiverged(f"{error}; saved in {model.save(path)}") from None
    seconds = time.perf_counter() - start
    if not model.encoders_:
        raise RuntimeError("interrupted before any encoder had learned: nothing to save")
    model.save(path)
    qualities = ", ".join(f"{name} {score:.3f}" for name, score in model.quality_scores_.items())
    chosen = f"prior: {model.prior_source_}" + (f" (quality scores: {qualities})" if qualities else "")
    print(f"\nseed {model.settings.seed}, {seconds:.1f} s; {chosen}")
    row = {"seed": model.settings.seed, "seconds": round(seconds, 2), "prior": model.prior_source_}
    row |= {"quality_scores": model.quality_scores_, "interrupted": model.interrupted_, "scores": []}
    ready = [name for name in data.test.modalities if name in model.encoders_]
    if len(ready) > 1:
        scores = evaluate(model, data.test.only(*ready))
        row["scores"] = scores.records() + _means(scores)
        print(scores)
    return row


def _means(scores: Evaluation) -> list[dict[str, Any]]:
    return [{"query": "mean", "gallery": "mean", "k": k or "all", "map": scores.mean(k)} for k in (None, 50)]


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """Mean mAP over seeds with its 95 % interval (Student's t), at each cut-off."""
    parts = []
    for k in ("all", 50):
        whole = [score for row in rows if not row.get("interrupted") for score in row["scores"]]
        maps = [score["map"] for score in whole if score["query"] == "mean" and score["k"] == k]
        if len(maps) > 1:
            parts.append(f"mean mAP@{k} {np.mean(maps):.3f} ± {interval(maps):.3f}")
    return ", ".join(parts) + " (95 % interval)" if parts else "too few scores for a spread"


def _write_results(path: Path, options: argparse.Namespace, model: DRCL, rows: list[dict[str, Any]]) -> None:
    command = f"python -m drcl_mini run {options.dataset} --preset {options.preset} --seeds {options.seeds}"
    command += f" --seed {rows[0]['seed']}" + "".join(f" --set {shlex.quote(text)}" for text in options.set)
    command += f" --device {options.device}" if options.device else ""
    settings = {k: v for k, v in model.get_params().items() if k not in ("seed", "device", "progress")}
    results = {"command": command, "settings": settings, "environment": environment(), "runs": rows}
    write_json(path, results)


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"--set {text!r}: expected NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, {"None": None, "True": True, "False": False}.get(value, value)


def probe(options: argparse.Namespace) -> int:
    """Print, and with ``--out`` keep, the linear probes of each modality of each data set."""
    rows, loading = [], {}
    print(f"{'data set':<18}{'modality':<10}{'samples':>8}{'d':>6}{'chance':>9}{'centroid':>10}{'logistic':>10}")
    for name in options.datasets:
        loading[name] = {}
        for turn in ("first", "again"):
            start = time.perf_counter()
            data = load_dataset(name)
            loading[name][turn] = round(time.perf_counter() - start, 2)
        for row in linear_probe(data):
            rows.append(row)
            scores = [row[key] for key in ("chance", "nearest centroid", "logistic regression")]
            print(f"{name:<18}{row['modality']:<10}{row['samples']:>8}{row['dimension']:>6}", end="")
            print("{:9.3f}{:10.3f}{:10.3f}".format(*scores))
    if options.out:
        command = f"python -m drcl_mini probe {' '.join(options.datasets)}"
        results = {"command": command, "environment": environment(), "seconds to load": loading, "rows": rows}
        write_json(options.out, results)
    return 0


def write_json(path: Path, content: dict[str, Any]) -> None:
    """A JSON file for people and programs; whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def environment() -> dict[str, str]:
    """Versions and hardware, for reports and result files."""
    facts = {"drcl_mini": __version__, "python": platform.python_version(), "system": platform.platform(terse=True)}
    for package in ("torch", "numpy", "scikit-learn", "safetensors"):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = f"missing: pip install {package}"
    cuda = torch.cuda.is_available()
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())] if cuda else []
    return facts | {
        "cores": f"{os.cpu_count()}, torch uses {torch.get_num_threads()}",
        "cuda": ", ".join(names) or "none",
    }


def env() -> int:
    """Print versions, devices, data folder and data sets."""
    facts = environment() | {"data folder": str(data_folder()), "data sets": ", ".join(available_datasets())}
    for name, value in facts.items():
        print(f"{name:<13} {value}")
    return 0

"""Every plot that results files hold enough for, as PNG files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.checks import needs
from ...training.settings import Settings
from ..plan.grid import Record
from ..plan.variants import SWEEPS
from ..plan.variants import sweep as points_of
from ..store.results import POINTS
from .curves import noise_curves, sweep
from .plots import bars, precision_recall_curves, rank_diagram, task_heat_map
from .published import published_rows
from .scores import run_scores
from .statistics import curve, rank_methods, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

SYMBOLS = {
    "gamma": "γ",
    "alpha": "α",
    "beta": "β",
    "eta": "η",
    "dim": "D",
    "hidden": "hidden widths",
}
RECALL = np.linspace(0, 1, POINTS)


def draw_all(
    records: Sequence[Record],
    folder: Path,
    k: str | int = "all",
    published: "DataFrame | None" = None,
) -> list[Path]:
    """Draw bars, ranks, precision–recall curves, heat maps, sweeps and noise curves, as far as there are runs for them.

    Args:
        records: the runs of one or more results files.
        folder: where the files go.
        k: the cut-off.
        published: from :func:`drcl_mini.experiments.report.published.read_published`, to stand beside noise curves.

    Returns:
        The files.
    """
    close, paths = needs("matplotlib.pyplot", "matplotlib").close, []
    for name, figure in _figures(records, k, published):
        paths.append(folder / f"{name}.png")
        figure.savefig(paths[-1], dpi=150, bbox_inches="tight")
        close(figure)
    return paths


def _figures(
    records: Sequence[Record], k: str | int, published: "DataFrame | None"
) -> Iterator[tuple[str, "Figure"]]:
    clean = [record for record in records if not record["label_noise"]]
    if clean:
        yield "bars", bars(table(clean, k), label=_axis(k), highlight=_own(clean))
        ranked = _ranked(clean, k)
        if ranked:
            yield "ranks", rank_diagram(rank_methods(ranked, k, "runs"), highlight=_own(ranked))
    for name in dict.fromkeys(record["dataset"] for record in records):
        here = [record for record in clean if record["dataset"] == name and record["error"] is None]
        if here and k != "validation":
            curved = [record for record in here if record.get("precision_recall")]
            curves = {m: (RECALL, _mean(curved, m)) for m in sorted(_methods(curved))}
            if curves:
                yield (
                    f"precision-recall-{name}",
                    precision_recall_curves(curves, title=name, highlight=_own(curved)),
                )
            yield f"tasks-{name}", task_heat_map(here, name, k=k)
            for own in _own(here):
                yield f"tasks-{name}-{own}", task_heat_map(here, name, own, k=k)
        noisy = [record for record in records if record["dataset"] == name]
        if len({record["label_noise"] for record in noisy}) > 2:
            theirs = None if published is None else published_rows(published, name, k)
            theirs = None if theirs is None else theirs[theirs.method.isin(_methods(noisy))]
            theirs = None if theirs is None or theirs.empty else theirs
            yield (
                f"noise-{name}",
                noise_curves(curve(noisy, "label_noise", k), published=theirs, score=_axis(k)),
            )
    for setting in SWEEPS:
        default = _default(clean, setting)
        found = _sweep(clean, setting, default, k)
        if found is not None:
            told = ", ".join(map(str, default)) if isinstance(default, tuple) else default
            told = told if told in set(found.x) else None
            yield (
                f"sweep-{setting}",
                sweep(found, label=SYMBOLS[setting], default=told, score=_axis(k), even=True),
            )


def _ranked(records: Sequence[Record], k: str | int) -> list[Record]:
    """The runs of methods that have any, if they are three or more and two data sets and seeds have all of them."""
    done = run_scores(records, k).dropna()
    methods = set(done.method)
    whole = done.groupby(["dataset", "seed"]).method.nunique().eq(len(methods)).sum()
    return [r for r in records if r["method"] in methods] if len(methods) > 2 and whole > 1 else []


def _default(records: Sequence[Record], setting: str) -> Any:
    """The setting of the runs that a sweep starts from."""
    own = (
        r["settings"][setting]
        for r in records
        if r["method"] == "full" and setting in r.get("settings", {})
    )
    default = next(own, getattr(Settings(), setting))
    return tuple(default) if isinstance(default, list) else default


def _sweep(
    records: Sequence[Record], setting: str, default: Any, k: str | int
) -> "DataFrame | None":
    """The curve along a setting, if all of it was run somewhere; a line for each data set."""
    named = points_of(setting, vars(Settings()))
    points = {
        name for name, value in named.items() if name == "full" or value != default
    }  # a value is drawn once
    whole = {
        name for name in {r["dataset"] for r in records} if points <= set(_methods(records, name))
    }
    some = [r for r in records if r["dataset"] in whole and r["method"] in points]
    return curve(some, setting, k, by=["dataset"]) if some else None


def _methods(records: Sequence[Record], dataset: str | None = None) -> list[str]:
    return list(dict.fromkeys(r["method"] for r in records if dataset in (None, r["dataset"])))


def _own(records: Sequence[Record]) -> list[str]:
    return [name for name in ("DRCL", "full") if name in _methods(records)]


def _mean(records: Sequence[Record], method: str) -> Any:
    return np.mean(
        [record["precision_recall"] for record in records if record["method"] == method], axis=0
    )


def _axis(k: str | int) -> str:
    return "mean mAP@all on validation data" if k == "validation" else f"mean mAP@{k}"

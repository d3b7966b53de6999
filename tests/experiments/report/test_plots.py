"""What the plots hold and say. Nothing here compares pixels."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from drcl_mini.experiments.report.drawing import ACCENT
from drcl_mini.experiments.report.plots import (
    bars,
    noise_curves,
    precision_recall_curves,
    rank_diagram,
    sweep,
    task_heat_map,
)
from drcl_mini.experiments.report.significance import Ranking, average_ranks
from drcl_mini.experiments.report.statistics import curve, rank_methods, table

STYLE = Path(__file__).parents[3] / "book" / "drcl.mplstyle"
METHODS = (
    *("DRCL", "MCCA", "PLS", "DCCA", "DCCAE", "GMA", "MvDA", "MvDA-VC", "GSS-SL", "ACMR", "deep-SM", "FGCrossNet"),
    *("SDML", "DSCMR", "SMLN", "MRL", "MARS", "SM", "orthogonal", "simplex"),
)
DATASETS = {"wikipedia-classic": ("image", "text"), "spoken-digits": ("image", "audio"), "minimedia": tuple("abcde")}


def runs(datasets=tuple(DATASETS), methods=METHODS, seeds=3, **more):
    source = np.random.default_rng(0)
    return [
        {
            "dataset": dataset,
            "method": method,
            "seed": seed,
            "scores": [
                {"query": a, "gallery": b, "k": "all", "map": 0.7 - METHODS.index(method) / 40 + source.random() / 20}
                for a, b in itertools.permutations(DATASETS[dataset], 2)
            ],
            "error": None,
            **more,
        }
        for dataset in datasets
        for method in methods
        for seed in range(seeds)
    ]


def fail(records, **where):
    """These records, with the ones that match failed."""
    return [
        r | {"scores": [], "error": "diverged"} if all(r[key] == value for key, value in where.items()) else r
        for r in records
    ]


def noisy(methods=("DRCL", "MRL", "SDML")):
    return [r | {"label_noise": x} for x in (0.0, 0.4, 0.8) for r in runs(["spoken-digits"], methods)]


def words(axes):
    return [text.get_text() for text in axes.texts]


@pytest.fixture
def legible():
    """Every piece of text is large enough, inside the figure, and over no other; nothing is left behind."""

    def check(figure):
        figure.draw_without_rendering()
        shown = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
        boxes = {}
        for panel in figure.axes:  # ticks outside the limits exist, but aren't drawn
            for axis in (panel.xaxis, panel.yaxis):
                low, high = sorted(axis.get_view_interval())
                for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                    if not low - 1e-9 <= tick.get_loc() <= high + 1e-9 or not panel.axison:
                        shown = [text for text in shown if text not in (tick.label1, tick.label2)]
        for text in shown:
            assert text.get_fontsize() >= 9, text
            box = text.get_window_extent()
            assert box.x0 >= -1, text
            assert box.y0 >= -1, text
            assert box.x1 <= figure.bbox.x1 + 1, text
            assert box.y1 <= figure.bbox.y1 + 1, text
            boxes[text] = box.shrunk(0.95, 0.95)
        for (a, first), (b, second) in itertools.combinations(boxes.items(), 2):
            overlap = min(first.x1, second.x1) > max(first.x0, second.x0) and min(first.y1, second.y1) > max(
                first.y0, second.y0
            )
            assert not overlap, (a, b)
        assert plt.get_fignums() == []
        return figure

    return check


@pytest.fixture(autouse=True)
def no_global_state():
    plt.close("all")
    plt.get_backend()  # chosen when first asked for
    before = mpl.rcParams.copy()
    yield
    assert plt.get_fignums() == []
    assert mpl.rcParams == before


def test_every_plot_is_legible_at_full_size(legible):
    records = fail(fail(runs(), method="ACMR", dataset="minimedia"), method="MARS", seed=1)
    legible(bars(table(records), style=STYLE))
    legible(bars(table([r for r in records if r["dataset"] == "minimedia"]), style=STYLE))
    legible(task_heat_map(records, "minimedia", style=STYLE))
    legible(task_heat_map(records, "minimedia", "DRCL", style=STYLE))
    legible(task_heat_map(records, "spoken-digits", style=STYLE))
    legible(rank_diagram(rank_methods(runs()), style=STYLE))
    legible(rank_diagram(rank_methods(fail(runs(), method="ACMR", dataset="minimedia")), style=STYLE))
    curves = {name: (np.linspace(0, 1, 11), np.linspace(0.9, 0.1, 11) / (i + 1)) for i, name in enumerate(METHODS)}
    legible(precision_recall_curves(curves, title="image → text", style=STYLE))
    steps = [r | {"gamma": g} for g in (0.5, 0.8, 0.9, 1.0) for r in runs(DATASETS, ["DRCL"])]
    legible(sweep(curve(fail(steps, seed=1, gamma=0.5), "gamma"), label="γ", default=0.9, style=STYLE))
    legible(noise_curves(curve(noisy(), "label_noise"), published=published(), style=STYLE))


def published(methods=("MRL", "FGCrossNet")):
    rows = itertools.product(methods, (0.2, 0.8), (("image", "text", 0.4), ("text", "image", 0.5)))
    return pd.DataFrame(
        [{"dataset": "Wikipedia", "k": "all", "method": m, "label_noise": x, "map": v} for m, x, (_, _, v) in rows]
    )


def test_bars_are_sorted_with_the_method_highlighted():
    figure = bars(table(runs(["spoken-digits"])))
    (panel,) = figure.axes
    lengths = [bar.get_width() for bar in panel.patches]
    assert lengths == sorted(lengths, reverse=True)
    names = [text.get_text() for text in panel.get_yticklabels()]
    colours = dict(zip(names, (mpl.colors.to_hex(bar.get_facecolor()) for bar in panel.patches), strict=True))
    assert [name for name, colour in colours.items() if colour == ACCENT.lower()] == ["DRCL"]
    assert [text.get_text() for text in panel.get_yticklabels() if text.get_weight() == "bold"] == ["DRCL"]
    assert panel.get_ylim()[0] > panel.get_ylim()[1]  # best on top
    assert words(panel) == [f"{length:.3f}" for length in lengths]
    (intervals,) = panel.containers[1].errorbar.lines[2]
    assert len(intervals.get_segments()) == 20


def test_bars_have_a_panel_for_each_data_set_and_one_order():
    figure = bars(table(runs()), highlight=["DRCL", "SM"])
    assert [panel.get_title() for panel in figure.axes] == sorted(DATASETS)
    assert [len(panel.patches) for panel in figure.axes] == [20] * 3
    assert sum(mpl.colors.to_hex(bar.get_facecolor()) == ACCENT.lower() for bar in figure.axes[2].patches) == 2


def test_bars_say_what_failed_or_did_not_run():
    records = fail(runs(["spoken-digits", "minimedia"], ["DRCL", "SM", "ACMR"]), method="ACMR", dataset="minimedia")
    records = fail([r for r in records if (r["method"], r["dataset"]) != ("SM", "minimedia")], method="DRCL", seed=0)
    first, second = bars(table(records)).axes
    assert words(first)[1:] == ["3 failed", "not run"]
    assert words(first)[0].endswith(", 1 failed")
    assert all("failed" not in told for told in words(second)[1:])


def test_bars_on_given_axes(complains):
    figure, axes = plt.subplots(1, 3)
    assert bars(table(runs(seeds=1)), axes) is figure  # one run: no interval, but a bar
    assert all(len(panel.patches) == 20 for panel in axes)
    with complains("3 axes", "expected 1"):
        bars(table(runs(["minimedia"])), axes)
    assert bars(table(runs(["minimedia"])), axes[0]) is figure
    plt.close(figure)


def test_precision_recall_draws_a_line_a_method():
    curves = {
        name: ([0, 0.5, 1], [level, level / 2, 0.1]) for name, level in (("SM", 0.5), ("DRCL", 0.9), ("PLS", 0.2))
    }
    (panel,) = precision_recall_curves(curves, title="image → text").axes
    assert len(panel.lines) == 3
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["DRCL", "SM", "PLS"]  # as they lie
    assert panel.get_title() == "image → text"
    assert {line.get_label(): line.get_color() for line in panel.lines}["DRCL"] == ACCENT
    assert precision_recall_curves(curves, legend=False).axes[0].get_legend() is None


def test_twenty_lines_are_all_different():
    curves = {name: ([0, 1], [1, 0]) for name in METHODS}
    lines = precision_recall_curves(curves).axes[0].lines
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 20


def test_heat_map_of_one_method():
    panel, bar = task_heat_map(runs(["minimedia"]), "minimedia", "SM").axes
    assert [text.get_text() for text in panel.get_xticklabels()] == list("abcde")
    assert [text.get_text() for text in panel.get_yticklabels()] == list("abcde")
    assert sum(bool(word) for word in words(panel)) == 20
    assert bar.get_ylabel() == "mAP@all"


def test_heat_map_of_all_methods_best_first():
    records = fail(runs(["spoken-digits"], ["SM", "DRCL", "PLS"]), method="PLS")
    panel = task_heat_map(records, "spoken-digits").axes[0]
    assert [text.get_text() for text in panel.get_yticklabels()] == ["DRCL", "SM", "PLS (failed)"]
    assert [text.get_text() for text in panel.get_xticklabels()] == ["image → audio", "audio → image"]
    means = np.mean([[task["map"] for task in r["scores"]] for r in records if r["method"] == "DRCL"], axis=0)
    assert words(panel)[:2] == [f"{mean:.3f}"[1:] for mean in means]


def test_rank_diagram_names_every_method_and_joins_cliques():
    ranking = Ranking({"A": 1.2, "DRCL": 1.9, "C": 3.3, "D": 3.6}, 9, 7.0, 0.01, 1.0, ("toy (without A)",))
    panel = rank_diagram(ranking).axes[0]
    told = " ".join(words(panel))
    for fragment in ("A  1.2", "DRCL  1.9", "3.3  C", "3.6  D", "critical difference 1.00", "9 of 10 blocks", "0.01"):
        assert fragment in told
    assert len(ranking.cliques) == 2
    assert len(panel.lines) == 4 + 2 + 1  # methods, cliques, the critical difference
    assert "wider than the axis" in " ".join(words(rank_diagram(Ranking({"A": 1, "B": 2, "C": 3}, 2, 1, 1, 9)).axes[0]))


def test_rank_diagram_of_identical_methods():
    (panel,) = rank_diagram(average_ranks({name: [0.1, 0.2] for name in "ABC"})).axes
    assert "2 blocks; Friedman p = 1" in words(panel)


def test_sweep_has_a_band_a_line_and_marks_the_default():
    steps = [r | {"alpha": a} for a in (1.0, 0.0, 0.1) for r in runs(["minimedia", "spoken-digits"], ["DRCL"])]
    found = curve(steps, "alpha")
    (panel,) = sweep(found, label="α", default=0.1).axes
    assert len(panel.collections) == 2  # bands
    assert len(panel.lines) == 3
    assert panel.lines[2].get_xdata()[0] == 0.1
    assert words(panel) == ["default"]
    (panel,) = sweep(found, label="α", default=0.1, even=True).axes
    assert [text.get_text() for text in panel.get_xticklabels()] == ["0.0", "0.1", "1.0"]
    assert panel.lines[2].get_xdata()[0] == 1


def test_sweep_of_text_keeps_its_order_and_counts_failures():
    steps = [r | {"hidden": h} for h in ([256, 256], [64], [1024]) for r in runs(["minimedia"], ["DRCL"])]
    (panel,) = sweep(curve(fail(steps, hidden=[64], seed=0), "hidden"), label="widths", default="256, 256").axes
    assert [text.get_text() for text in panel.get_xticklabels()] == ["64", "256, 256", "1024"]
    assert panel.get_xlabel() == "widths\n(1 failed run is left out)"
    assert panel.get_legend() is None


def test_noise_curves_with_published_points():
    (panel,) = noise_curves(curve(noisy(), "label_noise"), published=published(), source="published").axes
    hollow = [line for line in panel.lines if line.get_markerfacecolor() == "none" and len(line.get_xdata())]
    assert [line.get_ydata().tolist() for line in hollow] == [[0.45, 0.45]] * 2  # the mean of both tasks
    own = {line.get_label(): line for line in panel.lines}
    assert hollow[0].get_color() == own["MRL"].get_color()
    told = [text.get_text() for text in panel.get_legend().get_texts()]
    assert told == ["DRCL", "FGCrossNet", "SDML", "MRL", "published"]  # as they lie
    assert len(panel.collections) == 3


def test_a_backend_that_starts_with_the_first_plot_keeps_its_settings(tmp_path):
    # As in a notebook, whose backend shows figures only while Matplotlib is interactive.
    (tmp_path / "lively.py").write_text(
        "import matplotlib\nfrom matplotlib.backends.backend_agg import *\nmatplotlib.interactive(True)\n"
    )
    code = (
        "import matplotlib\nfrom drcl_mini.experiments.report.plots import precision_recall_curves\n"
        f"precision_recall_curves({{'DRCL': ([0, 1], [1, 0])}}, style={str(STYLE)!r})\n"
        "print(matplotlib.is_interactive())"
    )
    paths = os.pathsep.join([str(tmp_path), str(STYLE.parents[1])])
    environment = os.environ | {"MPLBACKEND": "module://lively", "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_bad_input_is_told_in_one_line(complains):
    found, records = table(runs(["minimedia"], ["DRCL"])), runs(["minimedia"], ["DRCL"])
    with complains("no rows"):
        bars(found[:0])
    with complains("'dataset'", "table("):
        bars(records)
    with complains("'x'", "curve("):
        sweep(found, label="γ")
    with complains("no curves"):
        precision_recall_curves({})
    with complains("'minimedium'", "did you mean 'minimedia'"):
        task_heat_map(records, "minimedium")
    with complains("'DRLC'", "did you mean 'DRCL'"):
        task_heat_map(records, "minimedia", "DRLC")
    with complains("no finished runs", "3 failed"):
        task_heat_map(fail(records, dataset="minimedia"), "minimedia")
    for twice in ([*records, records[0]], [*records, *(r | {"label_noise": 0.4} for r in records)]):
        with complains("DRCL on minimedia, seed 0", "more than once", "label noise"):
            task_heat_map(twice, "minimedia")
        with complains("more than once"):
            task_heat_map(twice, "minimedia", "DRCL")
    others = runs(["spoken-digits"], ["DRCL"])
    task_heat_map([*records, *others, *others], "minimedia")
    with complains("mAP@50"):
        task_heat_map(records, "minimedia", k=50)
    with complains("0.7", "0.5"):
        sweep(curve([r | {"gamma": 0.5} for r in records], "gamma"), label="γ", default=0.7)
    mixed = pd.concat([published(), published().assign(dataset="NUS-WIDE")])
    with complains("several dataset", "NUS-WIDE"):
        noise_curves(curve(noisy(), "label_noise"), published=mixed)


def test_a_missing_matplotlib_is_named(complains, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with complains("pip install matplotlib", error=ImportError):
        precision_recall_curves({"DRCL": ([0, 1], [1, 0])})

"""Differences as text and as a figure; what ``report`` prints where runs keep their items."""

import numpy as np
import pytest

from drcl_mini.app.cli import main
from drcl_mini.experiments.report.differences import as_text, draw_differences, verdict

ROWS = [
    {"dataset": name, "method": method, "reference": "DRCL", "difference": gap, "low": gap - 0.02, "high": gap + 0.02}
    | {"seen": 0.028}
    for name in ("toy", "play")
    for method, gap in (("A", 0.05), ("B", 0.01), ("C", -0.05))
]


def test_words_follow_the_interval():
    assert [verdict(row) for row in ROWS[:3]] == ["ahead", "no difference found", "behind"]


def test_the_text_has_a_table_for_each_set_best_first():
    lines = as_text(ROWS[::-1]).splitlines()
    assert [line.split(":")[0] for line in lines if ":" in line] == ["play", "toy"]
    assert [line.split()[0] for line in lines[2:5]] == ["A", "B", "C"]
    assert "[-0.0100, 0.0300]" in lines[3]
    assert lines[3].endswith("no difference found")


def test_the_figure_has_a_line_for_each_method_and_greys_what_was_not_found():
    figure = draw_differences(ROWS)
    assert [panel.get_title() for panel in figure.axes] == ["toy", "play"]
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["C", "B", "A"]
    colours = [line.get_color() for line in figure.axes[0].lines[1:]]
    assert colours[0] == colours[2] != colours[1]
    assert np.ptp(figure.axes[0].lines[1].get_xdata()) == 0


def test_report_prints_and_draws_them(out, grid, capsys, tmp_path):
    assert grid("DRCL", "SM", more=["--seeds", "2", "--set", "epochs=2", "--set", "DRCL.prior_epochs=1"]) == 0
    capsys.readouterr()
    plots = tmp_path / "plots"
    assert main(["report", str(out / "results.jsonl"), "--plots", str(plots)]) == 0
    printed = capsys.readouterr().out
    assert "digits-halves: difference to DRCL, 95 % interval of each over seeds and test items" in printed
    assert (plots / "differences.png").stat().st_size > 5000


@pytest.mark.parametrize("k", ["50", "validation"])
def test_other_scores_have_no_items(out, grid, capsys, k):
    assert grid("DRCL", "SM", more=["--seeds", "2", "--set", "epochs=2", "--set", "DRCL.prior_epochs=1"]) == 0
    assert main(["report", str(out / "results.jsonl"), "--k", k]) == 0
    assert "of each over seeds and test items" not in capsys.readouterr().out

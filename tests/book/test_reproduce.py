"""What the page on the paper's data sets says with numbers is what its result files say."""

import json
import re
import subprocess
import sys
from pathlib import Path

import kit
import pytest

from drcl_mini.experiments.plan.choice import FINAL, FIRST, MORE, ROUNDS, SEEDS
from drcl_mini.experiments.plan.suites import PAPER, SUITES
from drcl_mini.experiments.report.published import COLUMNS

BOOK = Path(__file__).parents[2] / "book"
PAGE = (BOOK / "reference/reproduce.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def cost():
    return json.loads((BOOK / "results/paper-cost.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def recipes():
    found = json.loads((BOOK / "results/classic-recipes.json").read_text(encoding="utf-8"))["recipes"]
    return lambda name, query, items=462: next(v for k, v in found[name][str(items)].items() if k.startswith(query))


@pytest.mark.parametrize("part", re.findall(r"book/tools/paper_cost.py (\w+)", PAGE))
def test_every_part_can_be_printed(part):
    command = [sys.executable, BOOK / "tools/paper_cost.py", part]
    assert "<" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_costs_are_of_the_suite(cost):
    assert {row["dataset"] for row in cost["rows"]} == set(PAPER)
    assert (cost["tries"], cost["seeds"]) == (FIRST + ROUNDS * MORE + FINAL * len(SEEDS), SUITES["paper"].seeds)
    methods = {row["method"] for row in cost["rows"]}
    assert len(cost["rows"]) == len(PAPER) * len(methods)
    assert f"all {len(methods) - 1} comparisons" in PAGE
    assert 0.05 < (len(methods) - 1) * 2 / 2**10 < 0.0515
    assert (len(methods) - 1) * 2 / 2**11 < 0.05


def test_what_is_said_of_the_recipes(recipes):
    for name in ("CM", "SM", "SM, rows centred", "SCM"):
        for query in ("image", "text"):
            assert abs(recipes(name, query, 693) - recipes(name, query)) < 0.01
    image, text = (recipes("SM, rows centred", query, 693) - recipes("SM", query, 693) for query in ("image", "text"))
    assert (round(image, 2), round(text, 3)) == (0.06, -0.006)


def test_what_is_said_of_our_rows_beside_them(recipes):
    def ours(folder, method, query):
        records = [r for r in kit.runs(folder) if r["method"] == method]
        runs = [r["scores"] for r in records if r["dataset"] == "wikipedia-classic"]
        maps = [s["map"] for run in runs for s in run if (s["query"], s["k"]) == (query, "all")]
        return sum(maps) / len(maps)

    for query in ("image", "text"):
        assert abs(ours("benchmark", "MCCA", query) - recipes("CM", query)) < 0.015
    for folder in ("benchmark", "evidence"):
        assert recipes("SM", "image") < ours(folder, "SM", "image") < recipes("SM, rows centred", "image")


def test_published_scores_of_the_classic_features_have_a_place():
    head, *rows = (BOOK / "results/published-classic.csv").read_text(encoding="utf-8").splitlines()
    assert tuple(head.split(",")) == COLUMNS
    assert all(row.startswith("Wikipedia classic,") for row in rows)

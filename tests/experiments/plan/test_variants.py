import pytest

from drcl_mini import Settings
from drcl_mini.experiments.plan.variants import ABLATIONS, SWEEPS, sweep, variants

DEFAULT = vars(Settings())
TERMS = {"intra", "inter", "mse", "label"}


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("full", TERMS),
        ("label loss only", {"label"}),
        ("without intra", TERMS - {"intra"}),
        ("without inter", TERMS - {"inter"}),
        ("without intra and inter", {"mse", "label"}),
        ("without mse", TERMS - {"mse"}),
        ("without label loss", TERMS - {"label"}),
    ],
)
def test_losses_that_are_left(name, terms):
    assert set(Settings(**ABLATIONS[name]).weights) == terms


def test_no_two_variants_are_the_same_setting():
    table = variants(["image", "text"], DEFAULT)
    settings = [str(vars(Settings(**changes))) for changes in table.values()]
    assert len(set(settings)) == len(settings) == len(table)
    assert {"prior of image", "prior of text", "full", "without FA", "Beta mixup", "dim = 64"} <= set(table)


@pytest.mark.parametrize("setting", SWEEPS)
def test_a_sweep_passes_through_the_default_and_the_ablations(setting):
    points, table = sweep(setting, DEFAULT), variants(["image"], DEFAULT)
    assert tuple(points.values()) == SWEEPS[setting]
    assert points["full"] == DEFAULT[setting]
    for name, value in points.items():
        assert getattr(Settings(**table[name]), setting) == value
    assert all(len(table[name]) <= 1 for name in points)


def test_q_is_annealed_or_not():
    assert Settings(**ABLATIONS["q = 1 throughout"]).q(1) == 1
    assert Settings(**ABLATIONS["q = 0 throughout"]).q(999) == 0
    assert 0 < Settings().q(1) < 1

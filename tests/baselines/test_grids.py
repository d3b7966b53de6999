"""What a benchmark may choose: as many combinations for every method, the defaults among them."""

from dataclasses import fields
from itertools import combinations, product

import pytest

from drcl_mini import baselines
from drcl_mini.baselines import Baseline, FixedPrior
from drcl_mini.baselines.joint import RATES, DeepBaseline

METHODS = [
    method
    for method in map(vars(baselines).get, baselines.__all__)
    if isinstance(method, type) and issubclass(method, Baseline) and method is not Baseline
]


def settings(model):
    """All of a model's settings, those of a DRCL inside it spelled out."""
    found = {field.name: getattr(model, field.name) for field in fields(model)}
    return {**found, "settings": model.model_.settings} if isinstance(model, FixedPrior) else found


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_a_grid_holds_six_different_settings_and_the_defaults(method):
    assert set(method.grid) <= {field.name for field in fields(method)}
    found = [
        settings(method(**dict(zip(method.grid, values, strict=True)))) for values in product(*method.grid.values())
    ]
    assert len(found) == 6
    assert all(a != b for a, b in combinations(found, 2))
    assert settings(method()) in found


@pytest.mark.parametrize("method", [m for m in METHODS if issubclass(m, DeepBaseline)], ids=lambda m: m.__name__)
def test_every_deep_method_may_choose_its_learning_rate(method):
    assert method.grid["learning_rate"] == RATES
    assert len(method.grid) == 2


def test_all_methods_are_here():
    assert len(METHODS) == 24

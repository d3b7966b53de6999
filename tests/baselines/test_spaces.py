"""What a search may choose: ranges that hold the defaults, rates over three decades for every deep method."""

from dataclasses import fields

import pytest

from drcl_mini import baselines
from drcl_mini.baselines import Baseline, FixedPrior
from drcl_mini.baselines.joint import DeepBaseline
from drcl_mini.training.space import Log

METHODS = [
    method
    for method in map(vars(baselines).get, baselines.__all__)
    if isinstance(method, type) and issubclass(method, Baseline) and method is not Baseline
]
SEARCHED = [method for method in METHODS if method is not FixedPrior]


@pytest.mark.parametrize("method", SEARCHED, ids=lambda method: method.__name__)
def test_ranges_hold_the_defaults_away_from_their_edges(method):
    model = method()
    assert set(method.space) <= {field.name for field in fields(method)}
    for name, values in method.space.items():
        default = getattr(model, name)
        if not isinstance(values, Log):
            assert default in values.values
        elif name != "weight_decay":  # which is off
            assert values.low < default < values.high
            assert values.edge(default) == ""


@pytest.mark.parametrize("method", [m for m in METHODS if issubclass(m, DeepBaseline)], ids=lambda m: m.__name__)
def test_every_deep_method_chooses_its_rate_over_three_decades(method):
    rate = method.space["learning_rate"]
    assert rate.high / rate.low == pytest.approx(1000)
    assert rate.each != method.together


def test_all_methods_are_here():
    assert len(METHODS) == 24


@pytest.mark.parametrize("method", [m for m in METHODS if getattr(m, "shares_last", False)], ids=lambda m: m.__name__)
def test_methods_that_share_a_last_layer_always_have_a_hidden_one(method):
    assert () not in method.space["hidden"].values

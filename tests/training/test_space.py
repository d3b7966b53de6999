"""Spaces of settings: evenly drawn, their edges, and what lies beyond."""

import math

import numpy as np
import pytest

from drcl_mini.training.space import Choice, Log, beyond, draw, edges

SPACE = {"rate": Log(1e-4, 1e-1), "layers": Choice(1, 2, 4, 8)}


def test_draws_are_even_over_orders_of_magnitude_and_values():
    drawn = draw(SPACE, 16, 0)
    decades = np.floor([math.log10(settings["rate"]) + 1e-9 for settings in drawn])
    assert set(np.unique_counts(decades).counts.tolist()) <= {5, 6}
    assert sorted(settings["layers"] for settings in drawn) == sorted([1, 2, 4, 8] * 4)
    assert draw(SPACE, 16, 0) == drawn
    assert draw(SPACE, 16, 1) != drawn
    assert len(draw(SPACE, 5, 0)) == 5


def test_each_modality_may_have_a_number_of_its_own():
    drawn = draw({"rate": Log(1e-4, 1e-1, each=True), "on": Choice(True, False)}, 4, 0, ("image", "text"))
    assert all(list(settings["rate"]) == ["image", "text"] for settings in drawn)
    assert any(settings["rate"]["image"] < 1e-3 < settings["rate"]["text"] for settings in drawn)


@pytest.mark.parametrize(
    ("value", "edge"), [(1e-4, "low"), (1.9e-4, "low"), (2.1e-4, ""), (0.049, ""), (0.051, "high"), (0.1, "high")]
)
def test_the_outer_tenth_is_an_edge(value, edge):
    assert Log(1e-4, 1e-1).edge(value) == edge


def test_what_a_setting_cannot_be_is_no_edge():
    share = Log(0.01, 1.0, least=0.01, most=1.0)
    assert (share.edge(1.0), share.edge(0.01)) == ("", "")
    assert Choice(1, 2).edge(2) == ""


def test_beyond_an_edge_is_half_a_range_up_to_what_a_setting_can_be():
    assert Log(1e-4, 1e-2).beyond("high") == Log(1e-2, 1e-1)
    assert Log(1e-4, 1e-2).beyond("low") == Log(1e-5, 1e-4)
    assert Log(1e-2, 0.9, most=1.0).beyond("high").high == 1.0
    assert Log(1e-2, 1.0, least=5e-3).beyond("low").low == 5e-3


def test_edges_of_what_was_chosen_and_the_space_beyond_them():
    chosen = {"rate": {"image": 0.003, "text": 0.1}, "layers": 8, "other": 3}
    assert edges(SPACE, chosen) == {"rate": {"text": "high"}}
    assert edges(SPACE, {}) == {}
    further = beyond(SPACE, {"rate": "high"})
    assert further["rate"].low == 0.1
    assert further["layers"] == SPACE["layers"]


def test_only_the_modality_on_the_edge_goes_beyond_it():
    space = {"rate": Log(1e-4, 1e-1, each=True), "layers": Choice(1, 2)}
    found = edges(space, {"rate": {"image": 0.003, "text": 0.1}})
    drawn = draw(beyond(space, found), 8, 0, ("image", "text"), found)
    assert all(settings["rate"]["text"] >= 0.1 for settings in drawn)
    assert min(settings["rate"]["image"] for settings in drawn) < 1e-3 < 1e-1
    assert all(1e-4 <= settings["rate"]["image"] <= 1e-1 for settings in drawn)

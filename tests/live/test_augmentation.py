"""Two features, dragged: both losses are those of the formula, and missions are ticked."""

import numpy as np
import pytest
import torch

from drcl_mini.method.augmentation import augment
from drcl_mini.method.losses import generalized_cross_entropy

CENTRE, RADIUS = 140, 115


def knob(figure, i):
    return figure.host.get_by_role("button", name=f"feature f{i}")


def features(figure):
    """f₁ and f₂, (2, 2), as they stand on the circle."""
    at = [[float(knob(figure, i).get_attribute(f"c{axis}")) for axis in "xy"] for i in (1, 2)]
    return torch.tensor([[x - CENTRE, CENTRE - y] for x, y in at], dtype=torch.float64) / RADIUS


def told(figure):
    return [float(figure.told(name)) for name in ("mixing", "smoothing")]


def expected(figure, share, length):
    F, Y = features(figure), torch.eye(2, dtype=torch.float64)
    mixed, labels = augment(F, Y, share, torch.tensor([1, 0]))
    return [generalized_cross_entropy(length * rows[:1], labels[:1], 0).item() for rows in (mixed, F)]


@pytest.mark.parametrize(("share", "length"), [(0.7, 2.5), (0.9, 1.0), (0.2, 3.5)])
def test_both_losses_are_those_of_the_package(open_figure, share, length):
    figure = open_figure("augmentation")
    figure.slide("share γ", share)
    figure.slide("length of W", length)
    assert told(figure) == pytest.approx(expected(figure, share, length), abs=1e-6)
    figure.drag(knob(figure, 2), 60, 60)
    assert told(figure) == pytest.approx(expected(figure, share, length), abs=1e-6)
    np.testing.assert_allclose(features(figure).norm(dim=1), 1)
    assert figure.faults == []


def test_curves_become_one_where_the_features_meet(open_figure):
    figure = open_figure("augmentation")
    assert figure.done() == [False, False, False]
    first, second = (knob(figure, i).bounding_box() for i in (1, 2))
    figure.drag(knob(figure, 2), first["x"] - second["x"], first["y"] - second["y"])
    assert figure.done() == [True, False, False]
    lines = [line.get_attribute("points") for line in figure.host.locator(".chart polyline").all()]
    heights = [[float(point.split(",")[1]) for point in line.split()] for line in lines]
    np.testing.assert_allclose(*heights, atol=2)


def test_a_share_near_one_is_smoothing_and_a_small_one_is_not(open_figure):
    figure = open_figure("augmentation")
    figure.slide("share γ", 1)
    assert not figure.done()[1], "γ = 1 is no mixture"
    figure.slide("share γ", 0.97)
    assert figure.done() == [False, True, False]
    figure.slide("share γ", 0.1)
    mixing, smoothing = told(figure)
    assert smoothing - mixing > 1
    assert figure.done() == [False, True, True]


def test_keys_and_reset(open_figure):
    figure = open_figure("augmentation")
    before = features(figure)
    for _ in range(3):
        knob(figure, 1).press("ArrowUp")
    after = features(figure)
    assert after[0, 1] > before[0, 1] + 0.15
    assert torch.equal(after[1], before[1])
    figure.press("reset")
    assert torch.equal(features(figure), before)
    assert figure.faults == []


def test_it_is_dragged_by_touch(open_figure):
    figure = open_figure("augmentation", viewport={"width": 360, "height": 700}, has_touch=True)
    before = features(figure)
    box = knob(figure, 1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = figure.page.context.new_cdp_session(figure.page)
    for kind, at in (("touchStart", y), ("touchMove", y - 30), ("touchMove", y - 60)):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": at}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert features(figure)[0, 1] > before[0, 1] + 0.15

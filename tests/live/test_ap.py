"""Average precision by tiles: the package's numbers after drags, keys and touch; a blind guess; missions."""

from itertools import combinations

import numpy as np
import pytest

from drcl_mini import average_precision, precision_recall

START = [1, 0, 1, 0, 0, 1, 0, 0, 1, 0]


def marks(figure):
    """Which of the ten are right, in the order that the figure shows."""
    return [int(x) for x in figure.told("marks").split(",")]


def numbers(figure, name):
    return [float(x) for x in figure.told(name).split(",")]


def tile(figure, place):
    """The tile at a place, 1 to 10."""
    return figure.host.get_by_role("button", name=f", place {place}:")


def curve(right):
    """Interpolated precision of a ranking, by the package: items in falling cosine with the query."""
    angles = np.linspace(0, 1, len(right))
    gallery = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return precision_recall([[1.0, 0.0]], [1], gallery, np.array(right))[1]


def agrees(figure, k=10):
    right = marks(figure)
    assert float(figure.told("ap")) == pytest.approx(average_precision(right, k).item(), abs=1e-9)
    assert numbers(figure, "yours") == pytest.approx(curve(right), abs=1e-9)


def test_average_precision_and_the_curve_are_the_packages(open_figure):
    figure = open_figure("ap")
    assert marks(figure) == START
    agrees(figure)
    for _ in range(4):
        figure.press("shuffle")
        agrees(figure)
    assert marks(figure) != START
    figure.slide("k", 3)
    agrees(figure, k=3)
    shown = figure.host.locator("p.status").inner_text()
    assert shown.startswith(f"AP@3 = {average_precision(marks(figure), 3).item():.3f}")
    figure.press("one more right")
    assert sum(marks(figure)) == 5
    for left in (4, 3, 2, 1, 0, 0):
        figure.press("one less")
        assert sum(marks(figure)) == left
        agrees(figure, k=3)
    assert figure.host.locator("p.status").inner_text() == "AP@3 = 0.000: the mean of nothing."
    for _ in range(12):
        figure.press("one more right")
    assert marks(figure) == [1] * 10
    figure.press("reset")
    assert marks(figure) == START
    assert figure.faults == []


def test_a_blind_guess_is_the_mean_over_all_orders(open_figure):
    figure = open_figure("ap")
    orders = [[int(i in places) for i in range(10)] for places in combinations(range(10), 4)]
    assert numbers(figure, "blind") == pytest.approx(np.mean([curve(o) for o in orders], axis=0), abs=1e-9)
    figure.press("one less")
    orders = [[int(i in places) for i in range(10)] for places in combinations(range(10), 3)]
    assert numbers(figure, "blind") == pytest.approx(np.mean([curve(o) for o in orders], axis=0), abs=1e-9)


def test_a_tile_is_dragged_to_its_place(open_figure):
    figure = open_figure("ap")
    step = tile(figure, 2).bounding_box()["x"] - tile(figure, 1).bounding_box()["x"]
    figure.drag(tile(figure, 3), 5 * step, 0)  # from place 3 to place 8
    assert marks(figure) == [1, 0, 0, 0, 1, 0, 0, 1, 1, 0]
    agrees(figure)
    figure.drag(tile(figure, 8), -20 * step, 0)  # far out: the first place
    assert marks(figure) == [1, 1, 0, 0, 0, 1, 0, 0, 1, 0]
    agrees(figure)
    assert figure.faults == []


def test_a_tile_is_dragged_by_touch(open_figure):
    figure = open_figure("ap", viewport={"width": 320, "height": 700}, has_touch=True)
    first, second = (tile(figure, place).bounding_box() for place in (1, 2))
    x, y, step = first["x"] + first["width"] / 2, first["y"] + first["height"] / 2, second["x"] - first["x"]
    session = figure.page.context.new_cdp_session(figure.page)
    for kind, at in (("touchStart", x), ("touchMove", x + step / 2), ("touchMove", x + 3 * step)):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert marks(figure) == [0, 1, 0, 1, 0, 1, 0, 0, 1, 0]
    agrees(figure)


def test_missions_are_done_by_keys_and_drags(open_figure):
    figure = open_figure("ap")
    assert figure.done() == [False, False, False]
    tile(figure, 6).press("ArrowRight")
    assert figure.done() == [False, False, False]  # AP falls more elsewhere
    tile(figure, 7).press("ArrowLeft")
    knob = tile(figure, 1)
    knob.press("ArrowRight")
    assert marks(figure)[:3] == [0, 1, 1]
    assert figure.done() == [False, True, False]
    assert "place 2" in figure.page.evaluate("document.activeElement.getAttribute('aria-label')")
    figure.press("reset")
    figure.slide("k", 5)
    assert not figure.done()[0]
    step = tile(figure, 2).bounding_box()["x"] - tile(figure, 1).bounding_box()["x"]
    figure.drag(tile(figure, 3), 7 * step, 0)
    assert not figure.done()[0]
    figure.drag(tile(figure, 5), 5 * step, 0)
    assert float(figure.told("ap")) == 1
    assert figure.done() == [True, True, False]
    for _ in range(5):
        figure.press("one more right")
    wrong = marks(figure).index(0) + 1
    figure.drag(tile(figure, wrong), (1 - wrong) * step, 0)
    assert marks(figure) == [0] + 9 * [1]
    assert not figure.done()[2]
    for _ in range(2):
        figure.press("one less")
    figure.drag(tile(figure, 1), 7 * step, 0)
    assert marks(figure) == 7 * [1] + 3 * [0]
    assert figure.done() == [True, True, True]
    assert figure.faults == []


def test_right_and_wrong_differ_by_more_than_colour(open_figure):
    figure = open_figure("ap")
    for place, right in enumerate(START, 1):
        assert tile(figure, place).locator("text").inner_html() == ("✓" if right else "✗")
        assert tile(figure, place).get_attribute("aria-label").startswith("right" if right else "wrong")


def test_a_swap_that_costs_nothing_is_no_fall(open_figure):
    figure = open_figure("ap")
    for _ in range(6):
        figure.press("one more right")
    tile(figure, 1).press("ArrowRight")
    assert float(figure.told("ap")) == 1
    assert not figure.done()[1]

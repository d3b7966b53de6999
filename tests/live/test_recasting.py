"""Dragging columns of W: lengths, angles and κ follow, missions are ticked, keys do what a pointer does."""

import numpy as np
import pytest


def kappa(figure):
    return float(figure.told("kappa"))


def columns(figure):
    """The two columns that the figure shows."""
    return np.array(
        [
            [float(x) for x in knob.get_attribute("aria-valuetext").split(", ")]
            for knob in figure.host.locator(".handle").all()
        ]
    )


def test_dragging_a_column_moves_its_target_and_the_condition_number(open_figure):
    figure = open_figure("recasting")
    before = kappa(figure)
    assert before == pytest.approx(np.linalg.cond(columns(figure)), abs=0.01)
    figure.drag(1, 90, 20)
    assert kappa(figure) == pytest.approx(np.linalg.cond(columns(figure)), rel=0.02)
    assert kappa(figure) > before + 0.5
    lengths = np.linalg.norm(np.linalg.pinv(columns(figure).T), axis=1)
    told = figure.host.locator("tr").nth(1).locator("td").nth(1).inner_text()
    assert [float(x) for x in told.split(", ")] == pytest.approx(lengths, abs=0.02)
    assert figure.faults == []


def test_missions_are_done_by_drags_and_by_keys(open_figure):
    figure = open_figure("recasting")
    assert figure.done() == [False, False, False]
    first, second = figure.host.locator(".handle").all()
    for knob, (x, y) in ((first, (1, 0)), (second, (0, 1))):  # length 1 on the axes
        for _ in range(60):
            now = [float(v) for v in knob.get_attribute("aria-valuetext").split(", ")]
            if abs(now[0] - x) > 0.03:
                knob.press("ArrowRight" if now[0] < x else "ArrowLeft")
            elif abs(now[1] - y) > 0.03:
                knob.press("ArrowUp" if now[1] < y else "ArrowDown")
            else:
                break
    assert kappa(figure) < 1.05
    assert figure.done()[2]
    figure.drag(0, 90, 0)
    figure.drag(1, 0, -90)
    assert figure.done()[0]


def test_ridge_keeps_targets_finite_where_columns_meet(open_figure):
    figure = open_figure("recasting")
    figure.slide("ridge λ", 1.0)
    told = figure.host.locator("tr").nth(1).locator("td").nth(1).inner_text()
    W = columns(figure).T
    expected = np.linalg.norm(np.linalg.inv(W.T @ W + np.eye(2)) @ W.T, axis=1)
    assert [float(x) for x in told.split(", ")] == pytest.approx(expected, abs=0.02)


def test_a_click_drops_an_encoders_output(open_figure):
    figure = open_figure("recasting")
    figure.host.locator("svg.stage").click(position={"x": 60, "y": 300})
    assert figure.host.locator("svg.stage g circle").count() == 1
    figure.press("reset")
    assert figure.host.locator("svg.stage g circle").count() == 0
    assert figure.faults == []


def test_it_is_dragged_by_touch(open_figure):
    figure = open_figure("recasting", viewport={"width": 360, "height": 700}, has_touch=True)
    before = kappa(figure)
    knob = figure.host.locator(".handle").nth(1)
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = figure.page.context.new_cdp_session(figure.page)
    for kind, at in (("touchStart", x), ("touchMove", x + 30), ("touchMove", x + 60)):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert kappa(figure) != before

"""Columns that repel each other come to the simplex where it fits; a learned prior's cosines, epoch by epoch."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

FRAMES = Path(__file__).parents[2] / "book" / "results" / "gram-frames.json"
REST = """(node) => { const { dataset } = node.closest(".drcl-live");
  for (let i = 0; i < 4000 && dataset.rest === "false"; i++) node.click(); }"""


def columns(figure, classes=4):
    """The columns as rows (C, D), of length 1."""
    W = np.array([float(x) for x in figure.told("columns").split(",")]).reshape(classes, -1)
    np.testing.assert_allclose(np.linalg.norm(W, axis=1), 1, atol=1e-9)
    return W


def gram(figure):
    """The numbers in the table of cosines."""
    cells = [float(x) for x in figure.host.locator("svg.stage [text-anchor=middle]").all_text_contents()]
    size = int(len(cells) ** 0.5)
    return np.array(cells).reshape(size, size)


def rest(figure):
    """Step until nothing moves."""
    figure.host.get_by_role("button", name="step", exact=True).evaluate(REST)
    assert figure.told("rest") == "true"


def off_diagonal(G):
    return G[~np.eye(len(G), dtype=bool)]


def choose(figure, classes, dims):
    figure.slide("columns C", classes)
    figure.host.get_by_label("dimensions").select_option(dims)


def test_a_step_goes_down_the_gradient_that_the_text_names(open_figure):
    figure = open_figure("repulsion")
    W = torch.tensor(columns(figure), requires_grad=True)
    energy = (2 * (W @ W.T)[~torch.eye(4, dtype=torch.bool)]).exp().sum().log()
    energy.backward()
    figure.press("step")
    expected = torch.nn.functional.normalize(W - 0.06 * W.grad, dim=1)
    np.testing.assert_allclose(columns(figure), expected.detach(), atol=1e-9)
    np.testing.assert_allclose(gram(figure), columns(figure) @ columns(figure).T, atol=0.006)


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_up_to_four_columns_find_the_simplex_in_three_dimensions(open_figure, classes):
    figure = open_figure("repulsion")
    choose(figure, classes, "3")
    rest(figure)
    np.testing.assert_allclose(off_diagonal(gram(figure)), -1 / (classes - 1), atol=0.011)
    told = np.array([float(x) for x in figure.told("cosines").split(",")])
    np.testing.assert_allclose(told, -1 / (classes - 1), atol=0.011)
    assert figure.done() == [classes == 4, False, False]
    assert "All are equal" in figure.host.inner_text()


@pytest.mark.parametrize("classes", [5, 8])
def test_more_columns_need_more_dimensions(open_figure, classes):
    figure = open_figure("repulsion")
    choose(figure, classes, "3")
    rest(figure)
    assert np.ptp(off_diagonal(gram(figure))) > 0.5
    assert f"No room: {classes} equal cosines need {classes - 1} dimensions" in figure.host.inner_text()
    assert figure.done() == [False, True, False]
    choose(figure, classes, "8")
    rest(figure)
    assert columns(figure, classes).shape == (classes, 8)
    np.testing.assert_allclose(off_diagonal(gram(figure)), -1 / (classes - 1), atol=0.011)
    assert figure.done() == [False, True, True]
    assert figure.faults == []


@pytest.mark.parametrize("dims", ["3", "8"])
def test_a_column_is_dragged_and_moved_by_keys(open_figure, dims):
    figure = open_figure("repulsion")
    choose(figure, 4, dims)
    knob = figure.host.get_by_role("button", name="column 4: drag it, or use the arrow keys")
    before, box = columns(figure), knob.bounding_box()
    figure.drag(knob, -40, -30, steps=1)
    after = columns(figure)
    np.testing.assert_allclose(after[:3], before[:3], atol=1e-12)
    assert np.abs(after[3] - before[3]).max() > 0.1
    now = knob.bounding_box()
    centres = [(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2) for b in (box, now)]
    np.testing.assert_allclose(np.subtract(*centres), (40, 30), atol=1)
    knob.press("ArrowLeft")
    assert np.abs(columns(figure)[3] - after[3]).max() > 0.01
    np.testing.assert_allclose(gram(figure), columns(figure) @ columns(figure).T, atol=0.006)


def test_turning_the_sphere_changes_no_cosine(open_figure):
    figure = open_figure("repulsion")
    sphere = figure.host.get_by_role("button", name="the sphere: drag it, or use the arrow keys")
    knob = figure.host.get_by_role("button", name="column 1: drag it, or use the arrow keys")
    before, at = columns(figure), knob.bounding_box()
    box = sphere.bounding_box()
    mouse = figure.page.mouse
    mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.3 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"], steps=4)
    mouse.up()
    np.testing.assert_array_equal(columns(figure), before)
    assert abs(knob.bounding_box()["x"] - at["x"]) + abs(knob.bounding_box()["y"] - at["y"]) > 5
    assert figure.faults == []


def test_a_column_is_dragged_by_touch(open_figure):
    figure = open_figure("repulsion", viewport={"width": 320, "height": 900}, has_touch=True)
    knob = figure.host.get_by_role("button", name="column 4: drag it, or use the arrow keys")
    before, box = columns(figure), knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = figure.page.context.new_cdp_session(figure.page)
    for kind, at in (("touchStart", x), ("touchMove", x - 30), ("touchMove", x - 60)):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": at, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert np.abs(columns(figure) - before).max() > 0.1


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_play_comes_to_rest_and_a_drag_sets_it_off_again(open_figure, motion):
    figure = open_figure("repulsion", reduced_motion=motion)
    figure.press("play")
    resting = "document.querySelector('.drcl-live').dataset.rest === 'true'"
    figure.page.wait_for_function(resting, timeout=20_000)
    knob = figure.host.get_by_role("button", name="column 1: drag it, or use the arrow keys")
    for _ in range(4):
        knob.press("ArrowRight")
    figure.page.wait_for_function(resting, timeout=20_000)
    np.testing.assert_allclose(off_diagonal(gram(figure)), -1 / 3, atol=0.011)
    figure.press("pause")


def test_a_learned_prior_is_scrubbed(open_figure, example):
    data = example("repulsion")
    figure = open_figure("repulsion", data)
    assert figure.done() == [False] * 4
    figure.slide("learned prior:", 1)
    np.testing.assert_allclose(gram(figure), data["frames"][1]["gram"])
    assert "epoch 9" in figure.host.inner_text()
    assert "Nearest: bird and bug; farthest: bird and boat." in figure.host.inner_text()
    assert figure.host.locator(".handle").first.is_hidden()
    assert figure.told("cosines") == "-0.60,-0.40,-0.20,-0.50"
    assert figure.done() == [False, False, False, True]
    figure.slide("learned prior:", -1)
    assert gram(figure).shape == (4, 4)
    assert figure.host.locator(".handle").first.is_visible()
    rest(figure)
    figure.slide("learned prior:", 1)
    assert figure.done() == [True, False, False, True], "cosines of a prior are no columns at rest"
    assert figure.faults == []


def test_without_data_there_is_no_learned_prior(open_figure):
    figure = open_figure("repulsion")
    assert figure.host.get_by_label("learned prior:").count() == 0
    assert len(figure.done()) == 3


def test_the_stored_frames_begin_at_right_angles_and_part():
    assert FRAMES.stat().st_size < 60_000
    found = json.loads(FRAMES.read_text(encoding="utf-8"))
    grams = np.array([frame["gram"] for frame in found["frames"]])
    assert grams.shape[1:] == 2 * (len(found["classes"]),)
    np.testing.assert_array_equal(grams[0], np.eye(grams.shape[1]))
    np.testing.assert_array_equal(grams, grams.transpose(0, 2, 1))
    means = [off_diagonal(G).mean() for G in grams]
    assert (np.diff(means) < 0).all()
    assert -1 / 11 < means[-1] < -0.05

"""Points with wrong labels: their weights are p^q, the line learns as the package would, and q decides who counts."""

import re

import numpy as np
import pytest
import torch

from drcl_mini.method.losses import generalized_cross_entropy

POINTS = "(nodes) => nodes.map((n) => ['x', 'y', 'rx', 'fill-opacity', 'aria-label'].map((a) => n.getAttribute(a)))"
STEPS = "(node, n) => { for (let i = 0; i < n; i++) node.click(); }"


def marks(figure):
    """The points that can be pressed."""
    return figure.host.locator("svg.stage [role=button]")


def points(figure):
    """X (n, 3), true classes, given labels and weights, as drawn."""
    rows = marks(figure).evaluate_all(POINTS)
    x, y, rx, weight = np.array([row[:4] for row in rows], dtype=float).T
    truth = (rx == 1).astype(int)
    given = np.where([row[4].startswith("wrong") for row in rows], 1 - truth, truth)
    return np.stack([(x + 7 - 180) / 80, (190 - y - 7) / 80, np.ones_like(x)], axis=1), truth, given, weight


def line(figure):
    return np.array([float(x) for x in figure.told("line").split(",")])


def steps(figure, n):
    figure.host.get_by_role("button", name="step", exact=True).evaluate(STEPS, n)


def numbers(figure):
    """Accuracy on the true labels, on the given ones, weight of right labels, of wrong ones."""
    text = figure.host.locator(".two p").first.inner_text()
    return [float(x) if x != "–" else None for x in re.findall(r"(\d\.\d\d|–) o[nf]", text)]


@pytest.mark.parametrize("q", [0, 0.3, 1])
def test_a_points_opacity_is_its_weight(open_figure, q):
    figure = open_figure("gce")
    figure.press("make 20 % wrong")
    figure.slide("q", q)
    steps(figure, 30)
    X, truth, given, weight = points(figure)
    assert (given != truth).sum() == 12
    z = X @ line(figure)
    p = 1 / (1 + np.exp(np.where(given == 1, -z, z)))
    np.testing.assert_allclose(weight, p**q, atol=1e-3)
    loss = ((1 - p**q) / q if q else -np.log(p)).mean()
    assert float(figure.told("loss")) == pytest.approx(loss, abs=1e-4)
    wrong = given != truth
    expected = [((z > 0) == of).mean() for of in (truth, given)] + [(p**q)[~wrong].mean(), (p**q)[wrong].mean()]
    assert numbers(figure) == pytest.approx(expected, abs=0.006)
    assert figure.faults == []


@pytest.mark.parametrize("annealed", [False, True])
def test_it_trains_as_the_package_does(open_figure, annealed):
    figure = open_figure("gce")
    figure.press("make 20 % wrong")
    if annealed:
        figure.host.get_by_role("checkbox").check()
        figure.slide("rate", 0.1)
    else:
        figure.slide("q", 0.6)
    X, _, given, _ = points(figure)
    w = torch.tensor(line(figure), requires_grad=True)
    adam = torch.optim.Adam([w], lr=0.05, betas=(0.5, 0.999))
    for epoch in range(1, 15):
        z = torch.tensor(X) @ w
        q = min(1, 0.1 * epoch) if annealed else 0.6
        loss = generalized_cross_entropy(torch.stack([0 * z, z], dim=1), torch.eye(2).double()[given], q)
        adam.zero_grad()
        loss.backward()
        adam.step()
        steps(figure, 1)
    np.testing.assert_allclose(line(figure), w.detach().numpy(), atol=1e-5)
    assert float(figure.told("q")) == (1 if annealed else 0.6)


def test_a_quarter_of_one_class_pulls_the_line_at_0_and_not_at_1(open_figure):
    figure = open_figure("gce")
    X, truth, _, _ = points(figure)
    for i in np.flatnonzero(truth == 1)[np.argsort(-X[truth == 1, 0])][:8]:
        marks(figure).nth(i).focus()
        figure.page.keyboard.press("Enter")
    assert (points(figure)[2] != truth).sum() == 8
    steps(figure, 150)
    assert numbers(figure)[0] < 0.95
    assert numbers(figure)[2:] == [1, 1]
    assert figure.done() == [False, False, False]
    figure.press("reset")
    figure.slide("q", 1)
    steps(figure, 150)
    assert numbers(figure)[0] >= 0.95
    assert numbers(figure)[3] < 0.1
    assert figure.done() == [True, True, True]
    assert "q = 1 does learn" in figure.host.inner_text()


def test_q_of_1_is_no_start_from_1_if_it_came_later(open_figure):
    figure = open_figure("gce")
    steps(figure, 1)
    figure.slide("q", 1)
    steps(figure, 80)
    assert numbers(figure)[0] >= 0.95
    assert numbers(figure)[3] is None
    assert figure.done() == [False, False, False]


def test_points_are_flipped_by_click_by_touch_and_by_keys(open_figure):
    figure = open_figure("gce", viewport={"width": 320, "height": 700}, has_touch=True)
    wrong = figure.host.locator("svg.stage [aria-label^=wrong]")
    marks(figure).first.scroll_into_view_if_needed()
    box = marks(figure).first.bounding_box()
    figure.page.touchscreen.tap(box["x"] - 3, box["y"] + box["height"] / 2)  # beside it: the nearest counts
    assert wrong.count() == 1
    marks(figure).first.click()
    assert wrong.count() == 0
    marks(figure).first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Enter"):
        figure.page.keyboard.press(key)
    assert marks(figure).nth(1).get_attribute("aria-label").startswith("wrong")
    area = figure.host.locator("svg.stage").bounding_box()
    figure.page.mouse.click(area["x"] + 4, area["y"] + 4)  # far from all points
    assert wrong.count() == 1
    assert figure.faults == []


def test_it_plays_and_pauses_also_with_reduced_motion(open_figure):
    for motion in ("no-preference", "reduce"):
        figure = open_figure("gce", reduced_motion=motion)
        figure.press("play")
        figure.page.wait_for_function("+document.querySelector('.drcl-live').dataset.epoch >= 20")
        figure.press("pause")
        epoch = figure.told("epoch")
        figure.page.wait_for_timeout(300)
        assert figure.told("epoch") == epoch
        assert figure.host.locator(".chart polyline").first.get_attribute("points").count(",") == int(epoch)
        figure.press("reset")
        assert figure.told("epoch") == "0"

"""The mathematics of the live figures beside that of the package, on the same numbers."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from drcl_mini.method import losses
from drcl_mini.method.augmentation import augment
from drcl_mini.method.recasting import pseudo_inverse
from drcl_mini.retrieval.metrics import mean_average_precision

CORE = Path(__file__).parents[2] / "book" / "live" / "core.js"
ASK = """
(given) => {
  const { Mat, Adam, ...core } = drclLive.core;
  const [F, W, Y] = [given.F, given.W, given.Y].map(Mat.of);
  const inverted = core.pseudoInverse(W);
  const told = { inverted: inverted.rows(), ridge: core.pseudoInverse(W, 0.3).rows(), terms: [] };
  told.targets = core.recast(Y, W).rows();
  told.augmented = core.augment(F, 0.7, given.order).rows();
  for (const q of given.qs) {
    const terms = core.consistency(F, Y, W, inverted, q);
    const plain = (term) => ({ value: term.value, gradient: term.gradient.rows() });
    const logits = core.gce(F.times(W), Y, q);
    told.terms.push({
      ...Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, plain(term)])),
      logits: logits.gradient.rows(),
    });
  }
  const values = Float64Array.from(given.start);
  const adam = new Adam(values.length, 0.02, { decay: 0.1 });
  told.adam = given.steps.map((gradient) => (adam.step(values, gradient), Array.from(values)));
  told.ap = given.relevance.map((r) => [core.averagePrecision(r), core.averagePrecision(r, 3)]);
  const gallery = Mat.of(given.gallery);
  told.map = [core.meanAveragePrecision(F, given.y, gallery, given.z),
    core.meanAveragePrecision(F, given.y, gallery, given.z, 3)];
  return told;
}
"""


def arrays(seed=0, n=7, dim=5, classes=3):
    """Features, a prior, labels and what else is asked, as lists."""
    source = np.random.default_rng(seed)
    y = source.integers(0, classes, n)
    mixed = 0.9 * np.eye(classes)[y] + 0.1 * np.eye(classes)[source.permutation(y)]
    given = {
        "F": source.normal(size=(n, dim)),
        "W": source.normal(size=(dim, classes)),
        "Y": mixed,
        "order": source.permutation(n),
        "start": source.normal(size=4),
        "steps": source.normal(size=(5, 4)),
        "relevance": source.random((6, 8)) < 0.4,
        "gallery": source.normal(size=(9, dim)),
        "y": y,
        "z": source.integers(0, classes, 9),
    }
    return {k: v.tolist() for k, v in given.items()} | {"qs": [0, 0.03, 0.5, 1]}


@pytest.fixture(params=["node", "browser"])
def told(request):
    """What the JavaScript says of some arrays, by Node and in a browser."""
    given = arrays()
    if request.param == "browser":
        page = request.getfixturevalue("browser").new_page()
        page.add_script_tag(path=str(CORE))
        found = page.evaluate(f"({ASK})({json.dumps(given)})")
        page.close()
        return given, found
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node on this machine; the browser's test asks the same")
    script = f"{CORE.read_text()}\nconsole.log(JSON.stringify(({ASK})({json.dumps(given)})))"
    answer = subprocess.run([node, "-e", script], capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    return given, json.loads(answer.stdout)


def tensor(rows):
    return torch.tensor(rows, dtype=torch.float64)


def near(found, expected):
    np.testing.assert_allclose(np.array(found), expected.detach().numpy(), atol=1e-6)


def test_recasting_and_augmentation(told):
    given, found = told
    F, W, Y = (tensor(given[name]) for name in "FWY")
    near(found["inverted"], pseudo_inverse(W))
    near(found["targets"], Y @ pseudo_inverse(W))
    near(found["ridge"], torch.linalg.inv(W.T @ W + 0.3 * torch.eye(3)) @ W.T)
    near(found["augmented"], augment(F, Y, 0.7, torch.tensor(given["order"]))[0])


def test_every_loss_and_its_gradient(told):
    given, found = told
    W, Y = tensor(given["W"]), tensor(given["Y"])
    R = Y @ pseudo_inverse(W)
    for q, terms in zip(given["qs"], found["terms"], strict=True):
        F = tensor(given["F"]).requires_grad_()
        Z = F @ W
        Z.retain_grad()
        expected = {
            "intra": losses.intra_modal_consistency(R, F),
            "inter": losses.inter_modal_consistency(R, F),
            "mse": losses.recast_mse(R, F),
            "label": losses.generalized_cross_entropy(Z, Y, q),
        }
        for name, value in expected.items():
            (gradient,) = torch.autograd.grad(value, F, retain_graph=True)
            near(terms[name]["value"], value)
            near(terms[name]["gradient"], gradient)
        (logits,) = torch.autograd.grad(expected["label"], Z)
        near(terms["logits"], logits)


def test_steps_of_adam(told):
    given, found = told
    values = tensor(given["start"]).requires_grad_()
    optimiser = torch.optim.AdamW([values], lr=0.02, betas=(0.5, 0.999), weight_decay=0.1)
    for gradient, after in zip(given["steps"], found["adam"], strict=True):
        values.grad = tensor(gradient)
        optimiser.step()
        near(after, values)


def test_average_precision(told):
    given, found = told
    for relevance, pair in zip(given["relevance"], found["ap"], strict=True):
        for k, value in zip((8, 3), pair, strict=True):
            first = np.array(relevance[:k])
            precision = np.cumsum(first) / np.arange(1, k + 1)
            expected = (precision * first).sum() / first.sum() if first.any() else 0.0
            assert value == pytest.approx(expected, abs=1e-12)
    task = [torch.tensor(given[name]) for name in ("F", "y", "gallery", "z")]
    for k, value in zip((None, 3), found["map"], strict=True):
        assert value == pytest.approx(mean_average_precision(*task, k=k, no_match="zero"), abs=1e-6)


GLOBE = """() => {
  const { stage, globe } = drclLive.ui;
  const area = stage(200, 200, "a globe");
  document.body.append(area);
  let turns = 0;
  const v = [0.6, 0.64, -0.48];
  const ball = globe(area, { D: 3, centre: 100, radius: 80, turned: () => (turns += 1) });
  const told = () => { const [x, y, depth] = ball.spot(v, 50); return { at: [x, y, depth],
    back: ball.back(x, y, depth, 50) }; };
  area.append(...ball.nodes);
  const before = told();
  for (const key of ["ArrowRight", "ArrowUp"]) ball.nodes[0].dispatchEvent(new KeyboardEvent("keydown", { key }));
  const flat = globe(area, { D: 2, centre: 100, radius: 80, turned: () => {} });
  return { v, before, after: told(), turns, flat: [flat.spot([0, 1]), flat.back(180, 100, 7)],
    net: ball.nodes.slice(1).map((node) => node.getAttribute("d").split("M").length - 1) };
}"""


def test_a_globe_turns_and_knows_what_stands_where(browser):
    page = browser.new_page()
    for script in (CORE, CORE.with_name("ui.js")):
        page.add_script_tag(path=str(script))
    found = page.evaluate(GLOBE)
    page.close()
    assert found["turns"] == 2
    for moment in ("before", "after"):
        np.testing.assert_allclose(found[moment]["back"], found["v"], atol=1e-12)
        x, y, depth = found[moment]["at"]
        assert np.hypot((x - 100) / 50, (y - 100) / 50) ** 2 + depth**2 == pytest.approx(1)
    assert np.abs(np.subtract(found["after"]["at"], found["before"]["at"])).max() > 1
    assert found["flat"] == [[100, 20, 0], [1, 0]]
    assert sum(found["net"]) == 180
    assert min(found["net"]) > 60

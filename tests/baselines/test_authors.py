"""Whole objectives of methods whose authors published their code, as that code computes them, in NumPy."""

import math

import numpy as np
import pytest
import torch

from drcl_mini.baselines import DSCMR, MARS, MRL, SDML, class_pairs
from drcl_mini.training.fitting import tensors

SMALL = {"hidden": (16,), "dim": 8, "epochs": 3, "learning_rate": 0.01, "device": "cpu"}


@pytest.fixture
def three(make_split):
    return class_pairs(make_split({"a": (30, 7), "b": (24, 5), "c": (20, 4)}))


def seen(model, split):
    """Of each modality: its network, and one batch of all items as a loss sees it."""
    for name, (x, y) in tensors(split, 3, torch.device("cpu")).items():
        network = model.networks_[name]
        yield name, network, network.standard(name, x), y


def array(rows):
    return rows.detach().double().numpy()


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def softmax(logits):
    weights = np.exp(logits)
    return weights / weights.sum(axis=1, keepdims=True)


def pair_loss(a, b, same, scale):
    cosines = scale * unit(a) @ unit(b).T
    return np.mean(np.log(1 + np.exp(cosines)) - same * cosines)


def total(model, network, batch):
    """The sum of a model's losses on {modality: (X, Y)}."""
    x = {name: pair[0] for name, pair in batch.items()}
    y = {name: pair[1] for name, pair in batch.items()}
    outputs = {name: network.outputs(name, rows) for name, rows in x.items()}
    return sum(model.losses(network, x, y, outputs).values()).item()


def test_mars(train):
    """github.com/PKU-ICST-MIPL/MARS_TCSVT2021, ``MARS.py``: ``pair_loss`` and the sums in ``train_view``, less the
    exclusive branch."""
    model, count = MARS(**SMALL, alpha=0.7).fit(train), 0
    for name, network, x, y in seen(model, train):
        f, h, labels = array(network.outputs(name, x)), array(model.guide_(y)), array(y)
        same = (labels @ labels.T > 0.5).astype(float)
        expected = pair_loss(h, f, same, 2) + pair_loss(f, f, same, 2)
        expected += pair_loss(h, h, same, 2) if name == "image" else 0  # LabNet learns with the first modality only
        expected -= 0.7 * np.mean(np.sum(labels * np.log(softmax(f @ array(model.prior_))), axis=1))
        assert total(model, network, {name: (x, y)}) == pytest.approx(expected, rel=1e-5)
        count += 1
    assert count == 2
    np.testing.assert_allclose(array(model.prior_).T @ array(model.prior_), np.eye(3), atol=1e-6)
    assert not model.prior_.requires_grad


def test_sdml(train):
    """github.com/penghu-cs/SDML, ``SDML.py``: ``criterion``, ``ae_loss`` and ``d_loss``; α is the reconstruction's."""
    model, count = SDML(**SMALL, alpha=0.3).fit(train), 0
    for name, network, x, y in seen(model, train):
        f = network.outputs(name, x)
        recovered, predicted, expected = array(network.parts["decoder"](f)), array(f) @ array(model.projection_), 0
        for i in range(len(y)):
            expected += 0.3 * math.dist(recovered[i], array(x)[i]) / len(y)
            expected += 0.7 * math.dist(predicted[i], array(y)[i]) / len(y)
        assert total(model, network, {name: (x, y)}) == pytest.approx(expected, rel=1e-5)
        count += 1
    assert count == 2


def test_dscmr(train):
    """github.com/penghu-cs/DSCMR, ``train_model.py``: ``calc_loss``."""
    split = class_pairs(train)
    model = DSCMR(**SMALL, likelihood_weight=0.2, invariance_weight=0.4).fit(split)
    (image, network, x, y), (text, _, z, _) = seen(model, split)
    last = network.parts["labels"][0]
    f, g, labels = array(network.outputs(image, x)), array(network.outputs(text, z)), array(y)
    same, expected = labels @ labels.T, 0
    for rows in (f, g):
        residuals = rows @ array(last.weight).T + array(last.bias) - labels
        expected += np.mean(np.sqrt(np.sum(residuals**2, axis=1)))
    expected += 0.2 * sum(pair_loss(a, b, same, 0.5) for a, b in [(f, f), (f, g), (g, g)])
    expected += 0.4 * np.mean(np.sqrt(np.sum((f - g) ** 2, axis=1)))
    assert total(model, network, {image: (x, y), text: (z, y)}) == pytest.approx(expected, rel=1e-5)


def test_mrl(three):
    """github.com/penghu-cs/MRL, ``main_noisy.py``: ``cross_modal_contrastive_ctriterion`` and the sum in ``train``;
    ``src/utils.py``: ``MeanClusteringError``."""
    model = MRL(**SMALL, beta=0.7).fit(three)
    parts = list(seen(model, three))
    network, labels = parts[0][1], array(parts[0][3])
    (centers,) = map(array, network.parts["centers"])
    centers = centers / np.linalg.norm(centers, axis=0)
    views = [array(network.outputs(name, x)) for name, _, x, _ in parts]
    clusters = sum(np.mean(np.log(np.sum((1 - labels) * softmax(f @ centers), axis=1))) for f in views)
    n, alike = len(labels), np.exp(np.vstack(views) @ np.vstack(views).T)
    alike -= np.diag(np.diag(alike))
    by_row, by_column = [], []
    for i in range(3 * n):
        mine = [v * n + i % n for v in range(3)]  # the same item in all views
        by_row.append(-math.log(alike[i, mine].sum() / alike[i].sum()))
        by_column.append(-math.log(alike[mine, i].sum() / alike[:, i].sum()))
    expected = 0.7 * clusters + 0.3 * (np.mean(by_row) + np.mean(by_column))
    batch = {name: (x, y) for name, _, x, y in parts}
    assert total(model, network, batch) == pytest.approx(expected, rel=1e-5)

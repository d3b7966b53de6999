import numpy as np
import pytest
import torch

import drcl_mini.method.consistency
from drcl_mini import Settings, mean_average_precision
from drcl_mini.data.labels import one_hot
from drcl_mini.method import losses
from drcl_mini.method.augmentation import augment
from drcl_mini.method.consistency import consistency_losses, fit_encoder
from drcl_mini.method.encoder import build_encoder
from drcl_mini.method.recasting import pseudo_inverse
from drcl_mini.training.batches import batches, generator
from drcl_mini.training.monitor import target_map

F = torch.randn(6, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
W = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
Y = torch.eye(3, dtype=torch.float64)[[0, 1, 2, 0, 1, 1]]


def test_total_is_the_weighted_sum_of_the_four_losses():
    terms = consistency_losses(F, Y, W, pseudo_inverse(W), 0.3, Settings(alpha=0.3, beta=0.7, eta=1.9).weights)
    r = Y @ torch.linalg.inv(W.T @ W) @ W.T
    expected = {
        "intra": losses.intra_modal_consistency(r, F).item(),
        "inter": losses.inter_modal_consistency(r, F).item(),
        "mse": losses.recast_mse(r, F).item(),
        "label": losses.generalized_cross_entropy(F @ W, Y, 0.3).item(),
    }
    weights = {"intra": 0.3, "inter": 0.3, "mse": 0.7, "label": 1.9}
    expected["total"] = sum(weights[name] * expected[name] for name in weights)
    assert {name: term.item() for name, term in terms.items()} == pytest.approx(expected, 1e-12)


@pytest.mark.parametrize(("weight", "missing"), [("alpha", {"intra", "inter"}), ("beta", {"mse"}), ("eta", {"label"})])
def test_a_term_without_weight_is_left_out(weight, missing):
    arguments = F, Y, W, pseudo_inverse(W), 0.3
    full, less = (consistency_losses(*arguments, Settings(**s).weights) for s in ({}, {weight: 0}))
    assert full.keys() - less.keys() == missing
    lost = sum(getattr(Settings(), weight) * full[name].item() for name in missing)
    assert less["total"].item() == pytest.approx(full["total"].item() - lost, 1e-12)


def test_total_gradients():
    inverse = pseudo_inverse(W)
    assert torch.autograd.gradcheck(
        lambda f: consistency_losses(f, Y, W, inverse, 0.3, Settings().weights)["total"], F.clone().requires_grad_()
    )


def test_target_map_takes_each_label_as_a_query_once():
    classes, targets = Y.argmax(dim=1), pseudo_inverse(W)
    expected = np.mean([mean_average_precision(targets[c : c + 1], [c], F, classes) for c in range(3)])
    assert target_map(F, Y, targets).item() == pytest.approx(expected, 1e-12)
    assert target_map(Y @ targets, Y, targets) == 1


@pytest.mark.parametrize("drop_last", [False, True])
def test_training_equals_a_plain_loop(tiny, train, drop_last):
    settings = Settings().replace(**tiny | {"q_rate": 0.4}, gamma=0.8, drop_last=drop_last)
    x, y, w = torch.from_numpy(train.features["image"]), one_hot(train.labels["image"], 3), W.float()
    w = torch.cat([w, w[:1]])  # dim 6
    encoder, plain = (build_encoder(x, settings, generator(0)) for _ in range(2))
    history = fit_encoder(encoder, x, y, w, settings, "image")

    optimiser = torch.optim.Adam(plain.parameters(), lr=0.01, betas=(0.5, 0.999))
    source = generator(0, "batches", "image")
    for epoch in (1, 2, 3, 4):
        for index, partner in batches(len(x), 16, drop_last, source):
            optimiser.zero_grad()
            f, targets = augment(plain(x[index]), y[index], 0.8, partner)
            consistency_losses(f, targets, w, pseudo_inverse(w), min(1, 0.4 * epoch), settings.weights)[
                "total"
            ].backward()
            optimiser.step()
    assert [record["q"] for record in history] == [0.4, 0.8, 1, 1]
    assert history[-1]["total"] < history[0]["total"]
    for trained, expected in zip(encoder.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(trained, expected, atol=1e-5)


@pytest.mark.parametrize(("monitor", "best"), [("map", 2), ("loss", 0), (None, 5)])
def test_the_monitor_picks_the_epoch(tiny, train, monkeypatch, monitor, best):
    settings = Settings().replace(**tiny | {"epochs": 6, "patience": 2}, monitor=monitor)
    x, y = torch.from_numpy(train.features["text"]), one_hot(train.labels["text"], 3)
    held = x, y.roll(1, dims=1)  # all wrong: the more it learns, the greater the loss
    scores = iter([0.1, 0.2, 0.8, 0.4, 0.3, 0.2])
    monkeypatch.setattr(drcl_mini.method.consistency, "monitored_map", lambda *arguments: torch.tensor([next(scores)]))
    encoder, ends = build_encoder(x, settings, generator(0)), []

    def outputs(record=None):
        with torch.no_grad():
            ends.append(encoder(x))
        return ends[-1]

    w = torch.cat([W, W[:1]]).float()
    history = fit_encoder(encoder, x, y, w, settings, "text", held, outputs)
    inverse = pseudo_inverse(w)
    expected = [
        consistency_losses(f, held[1], w, inverse, 0.01 * (e + 1), settings.weights) for e, f in enumerate(ends)
    ]
    assert [record["validation_loss"] for record in history] == [terms["total"].item() for terms in expected]
    assert len(history) == (6 if monitor is None else best + 3)
    assert min(history, key=lambda record: record["validation_loss"]) is history[0]
    assert torch.equal(outputs(), ends[best])

"""The main paths on every device there is."""

import math

import numpy as np
import pytest
import torch

from drcl_mini import (
    DRCL,
    Settings,
    evaluate,
    mean_average_precision,
    nearest_neighbours,
    precision_at_k,
    precision_recall,
)
from drcl_mini.core import devices
from drcl_mini.core.devices import resolve_device
from drcl_mini.method.consistency import consistency_losses
from drcl_mini.method.prior import orthogonal_prior
from drcl_mini.method.recasting import pseudo_inverse
from drcl_mini.training.monitor import target_map

SOURCE = np.random.default_rng(0)
ONCE = SOURCE.normal(size=(12, 33)).astype(np.float32)
GALLERY, QUERIES = np.concatenate([ONCE, ONCE]), SOURCE.normal(size=(9, 33)).astype(np.float32)
LABELS = SOURCE.integers(0, 3, 24), SOURCE.integers(0, 3, 9)


def test_names(device, complains):
    assert resolve_device(device).type == device
    assert resolve_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    for name in ("gpu", "cuda:99", ""):
        with complains(f"device {name!r} can't be used"):
            resolve_device(name)


@pytest.mark.parametrize(("most", "free"), [("9000", 7500), ("max", None), ("1000", 0)])
def test_free_memory_of_a_container(tmp_path, monkeypatch, most, free):
    """What was read from files is used until somebody needs the room."""
    for name, told in {"max": most, "current": "4000", "stat": "anon 900\ninactive_file 2000\nactive_file 500"}.items():
        (tmp_path / f"memory.{name}").write_text(f"{told}\n")
    monkeypatch.setattr(devices, "CGROUP", tmp_path)
    found = devices.free_memory(torch.device("cpu"))
    assert found == free if free is not None else found > 9000


def test_losses(device):
    f = torch.nn.functional.normalize(torch.from_numpy(ONCE[:, :6]), dim=1)
    w, y = orthogonal_prior(6, 3, torch.Generator().manual_seed(0)), torch.eye(3).repeat(4, 1)
    exact = (f.double(), y.double(), w.double(), pseudo_inverse(w.double()))
    expected = consistency_losses(*exact, 0.3, Settings().weights)
    f, y, w = f.to(device).requires_grad_(), y.to(device), w.to(device)
    found = consistency_losses(f, y, w, pseudo_inverse(w), 0.3, Settings().weights)
    found["total"].backward()
    assert {k: v.item() for k, v in found.items()} == pytest.approx({k: v.item() for k, v in expected.items()}, 1e-5)
    assert f.grad.device.type == device
    assert f.grad.isfinite().all()


def test_the_validation_score(device):
    f, y = torch.from_numpy(GALLERY[:, :4]), torch.eye(3)[LABELS[0]]
    inverse = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    moved = target_map(*(x.to(device) for x in (f.expand(2, -1, -1), y, inverse)))
    assert moved.tolist() == pytest.approx(target_map(f.expand(2, -1, -1), y, inverse).tolist(), 1e-12)


@pytest.mark.parametrize("wrap", [torch.from_numpy, np.asarray], ids=["tensors", "arrays"])
@pytest.mark.parametrize("multi_hot", [False, True])
def test_metrics(device, wrap, multi_hot):
    y = list(LABELS)
    if multi_hot:
        y = [np.eye(4, dtype=int)[labels] | np.eye(4, dtype=int)[np.arange(len(labels)) % 4] for labels in LABELS]
    given = QUERIES, y[1], GALLERY, y[0]
    moved = [wrap(x).to(device) if wrap is torch.from_numpy else x for x in given]
    assert mean_average_precision(*moved, [None, 5]) == pytest.approx(mean_average_precision(*given, [None, 5]), 1e-12)
    assert precision_at_k(*moved, 5) == pytest.approx(precision_at_k(*given, 5), 1e-12)
    assert precision_recall(*moved)[1] == pytest.approx(precision_recall(*given)[1], abs=1e-6)


def test_metrics_check_tensors_wherever_they_are(device, complains):
    gallery = torch.from_numpy(GALLERY).to(device)
    queries, labels = torch.from_numpy(QUERIES).to(device), [torch.from_numpy(y).to(device) for y in LABELS]
    with complains("query", "9 samples", "8 labels"):
        mean_average_precision(queries, labels[1][1:], gallery, labels[0])
    with complains("query", "NaN", "row 0"):
        mean_average_precision(queries * math.nan, labels[1], gallery, labels[0])
    with complains("gallery", "whole numbers"):
        mean_average_precision(queries, labels[1], gallery, labels[0] + 0.5)
    whole = mean_average_precision(queries, labels[1], gallery, labels[0].float(), no_match="zero")
    assert whole == mean_average_precision(queries, labels[1], gallery, labels[0], no_match="zero")


def test_search(device, rank_order):
    found = nearest_neighbours(QUERIES, GALLERY, 7, device)
    assert found.indices.tolist() == [row[:7] for row in rank_order(QUERIES, GALLERY)[0]]


@pytest.mark.parametrize("given", [False, True])
def test_fit_transform_predict_search_save_load(device, given, tiny, train, validation, tmp_path, same):
    settings = tiny | {"device": device, "prior_epochs": 20, "epochs": 20}
    prior = orthogonal_prior(6, 3, torch.Generator().manual_seed(0)) if given else None
    model = DRCL(**settings).fit(train, validation, prior)
    assert model.prior_.device.type == device
    assert evaluate(model, validation, device=device).mean() > 0.7
    assert evaluate(model, validation, device=device).mean() == pytest.approx(evaluate(model, validation).mean(), 1e-9)
    assert all((p == validation.labels[name]).mean() > 0.7 for name, p in model.predict(validation).items())
    x = validation.features["image"]
    assert model.search(torch.from_numpy(x).to(device), "image", x, "image", k=1).scores == pytest.approx(1, abs=1e-6)
    model.save(tmp_path / "model")
    back = DRCL.load(tmp_path / "model", device)
    assert same(model.transform(validation), back.transform(validation))
    there = DRCL.load(tmp_path / "model", "cpu").transform(validation)
    assert all(np.allclose(there[name], f, atol=1e-5) for name, f in back.transform(validation).items())
    model.add_modality("audio", *(part["text"] for part in (train.features, train.labels)))
    assert model.encoders_["audio"].mean.device.type == device


def test_the_start_is_the_same_on_every_device(device, tiny, train):
    still = {"epochs": 0, "prior": "orthogonal"}
    there, here = (DRCL(**tiny | still | {"device": name}).fit(train) for name in (device, "cpu"))
    assert torch.equal(there.prior_.cpu(), here.prior_)
    for name, encoder in there.encoders_.items():
        for key, value in encoder.state_dict().items():
            assert torch.allclose(value.cpu(), here.encoders_[name].state_dict()[key], rtol=1e-6)

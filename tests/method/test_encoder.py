import math

import pytest
import torch

from drcl_mini import Encoder, Settings
from drcl_mini.method.encoder import build_encoder


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_output_equals_loops():
    encoder, x = Encoder(3, (4, 5), 2, seeded()).double(), torch.randn(6, 3, generator=seeded(1)).double()
    layers = [layer for layer in encoder.layers if isinstance(layer, torch.nn.Linear)]
    for row, got in zip(x.tolist(), encoder(x).tolist(), strict=True):
        for layer in layers:
            biases = [0.0] * layer.out_features if layer.bias is None else layer.bias.tolist()
            row = [
                sum(w * v for w, v in zip(ws, row, strict=True)) + b
                for ws, b in zip(layer.weight.tolist(), biases, strict=True)
            ]
            if layer is not layers[-1]:
                row = [max(0.0, v) for v in row]
        assert got == pytest.approx([v / math.hypot(*row) for v in row], 1e-12)


@pytest.mark.parametrize("hidden", [(), (9,), (9, 9)])
def test_start_is_as_the_method_says(hidden):
    encoder = Encoder(400, hidden, 50, seeded())
    *first, last = [layer for layer in encoder.layers if isinstance(layer, torch.nn.Linear)]
    assert last.bias is None
    assert 0.95 / 20 < last.weight.abs().max() <= 1 / 20  # ±1/√d_v, whatever the width before it
    for layer in first:
        bound = 1 / math.sqrt(layer.in_features)
        assert 0.7 * bound < layer.weight.abs().max() <= bound
        assert 0 < layer.bias.abs().max() <= bound


def test_the_source_alone_decides_the_start():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first, same, other = (Encoder(3, (4,), 2, seeded(seed)).state_dict() for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert not torch.equal(first["layers.0.weight"], other["layers.0.weight"])


def test_rows_are_units(device):
    encoder = Encoder(7, (8,), 5, seeded()).to(device)
    lengths = encoder(100 * torch.randn(50, 7, generator=seeded(1)).to(device)).norm(dim=1)
    assert (lengths - 1).abs().max() < 1e-6


def test_standardisation_uses_the_training_features():
    x = torch.randn(40, 4, generator=seeded()) * torch.tensor([1e-6, 1.0, 1e6, 0.0]) + torch.tensor(
        [0.0, 5.0, -1e6, 3.0]
    )
    encoder = build_encoder(x, Settings(hidden=(8,), dim=5, standardise=True), seeded())
    raw = Encoder(4, (8,), 5, seeded())
    standard = (x - x.mean(dim=0)) / x.std(dim=0, correction=0)
    standard[:, 3] = 0  # a constant feature says nothing
    assert torch.allclose(encoder(x), raw(standard), atol=1e-5)
    assert encoder(x).isfinite().all()


def test_raw_features_stay_raw():
    x = 7 + torch.randn(40, 4, generator=seeded())
    encoder = build_encoder(x, Settings(hidden=(8,), dim=5, standardise=False), seeded())
    assert torch.equal(encoder(x), Encoder(4, (8,), 5, seeded())(x))
    assert encoder.mean is None


@pytest.mark.parametrize("size", [1e-30, 1e-25, 1e-19, 1e17])
def test_standardisation_where_squares_leave_float32(size):
    x = torch.randn(40, 3, generator=seeded())
    x[:, 2] = 7.0
    settings = Settings(hidden=(8,), dim=5)
    expected = build_encoder(x, settings, seeded())(x)
    encoder = build_encoder(x * size, settings, seeded())
    assert torch.allclose(encoder(x * size), expected, atol=1e-5)
    assert encoder.scale[2] == 1


def test_standardisation_is_exact_in_float32_for_all_other_features():
    x = torch.randn(40, 3, generator=seeded()) * torch.tensor([1e-15, 1.0, 1e15])
    assert torch.equal(build_encoder(x, Settings(), seeded()).scale, x.var(dim=0, correction=0).sqrt())

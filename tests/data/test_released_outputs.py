import numpy as np
import pytest

from drcl_mini.data.load import load_released_outputs

pytestmark = pytest.mark.mirror


@pytest.fixture
def outputs(built, monkeypatch):
    built("released-outputs", monkeypatch)
    return load_released_outputs()


def test_shapes(outputs):
    assert {name: x.shape for name, x in outputs.test.features.items()} == dict.fromkeys(["image", "text"], (462, 2048))
    assert {name: x.shape for name, x in outputs.predictions.items()} == dict.fromkeys(["image", "text"], (462, 10))
    assert {name: w.shape for name, w in outputs.priors.items()} == dict.fromkeys(["image", "text"], (2048, 10))
    assert np.array_equal(outputs.test.labels["image"], outputs.test.labels["text"])
    assert "0.5619" in outputs.log


def test_they_show_what_is_known_of_them(outputs):
    assert np.array_equal(outputs.prior, outputs.priors["image"])
    assert np.linalg.cond(outputs.prior) == pytest.approx(3.07, abs=0.005)
    accuracy = {name: (p.argmax(axis=1) == outputs.test.labels[name]).mean() for name, p in outputs.predictions.items()}
    assert accuracy == pytest.approx({"image": 0.561, "text": 0.855}, abs=0.0005)
    basis, _ = np.linalg.qr(outputs.prior.astype(float))
    inside = {name: np.mean(((x @ basis) ** 2).sum(axis=1)) for name, x in outputs.test.features.items()}
    assert inside == pytest.approx({"image": 0.43, "text": 0.81}, abs=0.005)
    lengths = np.linalg.norm(np.linalg.pinv(outputs.prior.astype(float)), axis=1)
    assert (round(lengths.min(), 2), round(lengths.max(), 2)) == (0.22, 0.28)

import sys
import types

import joblib
import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer

from drcl_mini.data.features import picture_features, sound_features, text_features
from drcl_mini.embed.models import ModelError, features, load_model, source_of
from drcl_mini.embed.reading import Item

WORDS = ["a dog", "a cat", "two dogs"]
TEXTS = [Item(word, word) for word in WORDS]
PIXELS = [np.full((6, 6, 3), grey, np.uint8) for grey in (0, 100, 200)]
PICTURES = [Item(Image.fromarray(pixels), pixels) for pixels in PIXELS]
TONES = [(3000 * np.sin(np.arange(2000) / (3 + i))).astype(np.int16) for i in range(3)]
SOUNDS = [Item((tone / 2**15, 8000), tone) for tone in TONES]


def stand_in(monkeypatch, name, **parts):
    module = types.ModuleType(name)
    module.__dict__.update(parts)
    monkeypatch.setitem(sys.modules, name, module)
    return module


def mean_colour(picture):
    """A transform: (3, 1, 1)."""
    return torch.tensor(np.asarray(picture) / 255, dtype=torch.float32).mean(dim=(0, 1))[:, None, None]


class Network(torch.nn.Module):
    """Features (n, 6), then ten classes by a last layer of the given name."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Flatten()
        self.classifier = torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Linear(3, 10))

    def forward(self, x):
        assert not self.training
        assert not torch.is_grad_enabled()
        return self.classifier(self.body(x))


def test_the_package_has_features_of_its_own():
    assert np.array_equal(features(load_model("classic", "text"), TEXTS, ""), text_features(WORDS))
    assert np.array_equal(features(load_model("classic", "picture"), PICTURES, ""), picture_features(PIXELS))
    assert np.array_equal(features(load_model("classic", "sound"), SOUNDS, ""), sound_features(TONES))


def test_torchvision_as_its_weights_tell(monkeypatch):
    weights = types.SimpleNamespace(transforms=lambda: mean_colour)
    asked = []

    def get_model(name, weights):
        asked.append((name, weights))
        return Network()

    models = types.SimpleNamespace(
        get_model_weights=lambda name: types.SimpleNamespace(DEFAULT=weights), get_model=get_model
    )
    stand_in(monkeypatch, "torchvision", models=models)
    found = features(load_model("torchvision:resnet50", "picture"), PICTURES, "")
    assert asked == [("resnet50", weights)]
    expected = [[grey / 255] * 3 for grey in (0, 100, 200)]  # what the last layer would have got
    assert np.allclose(found, expected)


def test_timm_as_its_settings_tell(monkeypatch):
    def create_model(name, pretrained, num_classes):
        assert (name, pretrained, num_classes) == ("vit", True, 0)
        return torch.nn.Flatten()

    data = types.SimpleNamespace(
        resolve_data_config=lambda given, model: {"of": type(model)},
        create_transform=lambda of: mean_colour if of is torch.nn.Flatten else None,
    )
    stand_in(monkeypatch, "timm", create_model=create_model, data=data)
    assert features(load_model("timm:vit", "picture"), PICTURES, "").shape == (3, 3)


def test_sentence_transformers(monkeypatch):
    class SentenceTransformer:
        def __init__(self, name):
            assert name == "some/model"

        def encode(self, given, convert_to_numpy, show_progress_bar):
            assert convert_to_numpy
            assert not show_progress_bar
            return np.array([[len(text), 1] for text in given])

    stand_in(monkeypatch, "sentence_transformers", SentenceTransformer=SentenceTransformer)
    found = features(load_model("sentence-transformers:some/model", "text"), TEXTS, "")
    assert found.tolist() == [[5, 1], [5, 1], [8, 1]]


def test_a_fitted_transformer_of_scikit_learn(tmp_path):
    joblib.dump(TfidfVectorizer().fit(WORDS), tmp_path / "words.joblib")
    found = features(load_model(f"sklearn:{tmp_path / 'words.joblib'}", "text"), TEXTS, "")
    assert np.allclose(found, TfidfVectorizer().fit_transform(WORDS).toarray())
    fitted = PCA(2).fit(picture_features(PIXELS))
    joblib.dump(fitted, tmp_path / "pca.joblib")
    found = features(load_model(f"sklearn:{tmp_path / 'pca.joblib'}", "picture"), PICTURES, "")
    assert np.allclose(found, fitted.transform(picture_features(PIXELS)), atol=1e-5)


def test_any_callable(tmp_path, monkeypatch):
    (tmp_path / "own_models.py").write_text("def sizes(pictures):\n    return [p.size for p in pictures]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    found = features(load_model("call:own_models:sizes", "picture"), PICTURES, "")
    assert found.tolist() == [[6, 6]] * 3
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("spec", "kind", "fragments"),
    [
        ("clasic", "text", ["'clasic'", "did you mean 'classic'", "torchvision:resnet50"]),
        ("timm", "picture", ["'timm'", "LIBRARY:NAME"]),
        ("torchvision:resnet50", "picture", ["pip install torchvision"]),
        ("timm:vit", "picture", ["pip install timm"]),
        ("sentence-transformers:a", "text", ["pip install sentence-transformers"]),
        ("sentence-transformers:a", "sound", ["texts or pictures"]),
        ("timm:vit", "text", ["is for pictures, not for texts"]),
        ("sklearn:none.joblib", "text", ["no fitted transformer 'none.joblib'"]),
        ("call:json", "text", ["call:package.module:function"]),
        ("call:json:none", "text", ["no attribute 'none'"]),
        ("call:no_such_module:f", "text", ["no_such_module"]),
    ],
)
def test_a_model_that_is_not_there(monkeypatch, complains, spec, kind, fragments):
    for name in ("torchvision", "timm", "sentence_transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    with complains(*fragments, error=ModelError):
        load_model(spec, kind)


@pytest.mark.parametrize(
    ("model", "fragment"),
    [
        (lambda items: 1 / 0, "model 'own' fails: division by zero"),
        (lambda items: np.ones((2, 5)), "shape (2, 5), expected (3, d)"),
        (lambda items: np.ones(3), "shape (3,), expected (3, d)"),
        (lambda items: ["a", "b", "c"], "model 'own' fails: could not convert"),
    ],
)
def test_a_model_that_fails(complains, model, fragment):
    with complains(fragment, error=ModelError):
        features(model, TEXTS, "own")


def test_the_file_of_a_model():
    assert source_of("classic") is source_of("timm:vit") is source_of("call:no_such_module:f") is None
    assert source_of("call:") is source_of("call:no_such.module:f") is None
    assert str(source_of("sklearn:a/b.joblib")) == "a/b.joblib"
    assert source_of("call:joblib:load").name == "__init__.py"

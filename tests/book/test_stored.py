"""Load or train: what is stored comes back, and what it was not made by is refused."""

import numpy as np
import pytest
import torch
from kit import claims
from kit import stored as module

from drcl_mini import DRCL
from drcl_mini.core.tensorfile import load_checkpoint

CHAPTER = """
SETTINGS = {"width": 3, "seeds": range(2)}


def helper():
    return SETTINGS["width"]


def make():
    return {"width": helper(), ("a", 1): [None, True, "text", 0.5], "large": large}
"""


@pytest.fixture
def stored(monkeypatch, tmp_path):
    """The kit's module of that name, with an empty folder of models."""
    monkeypatch.setattr(module, "MODELS", tmp_path / "models")
    return module


@pytest.fixture
def chapter(tmp_path):
    """A function that runs the source of a chapter, changed or not, and gives its names."""

    def run(*change):
        file = tmp_path / f"chapter{len(list(tmp_path.iterdir()))}.py"
        file.write_text(CHAPTER.replace(*change) if change else CHAPTER)
        names = {"large": np.arange(20_000, dtype=np.float32) / 7}
        exec(compile(file.read_text(), file, "exec"), names)
        return names

    return run


def test_what_is_stored_comes_back(stored, chapter):
    made = chapter()["make"]
    kept = stored.load_or_train("some", made, "store")
    for back in (kept, stored.load_or_train("some", made)):
        assert back.keys() == {"width", ("a", 1), "large"}
        assert (back["width"], back["a", 1]) == (3, [None, True, "text", 0.5])
        assert back["large"].dtype == np.float32
        np.testing.assert_array_equal(back["large"], made()["large"].astype(np.float16))
    about = stored.provenance("some")
    assert about["command"] == "python book/tools/refresh.py models"
    assert about["environment"]["torch"] == torch.__version__
    assert about["recipe"].keys() == {"make()", "helper()", "SETTINGS"}


def test_training_leaves_the_file_alone(stored, chapter):
    names = chapter()
    assert stored.load_or_train("some", names["make"], True)["large"] is names["large"]
    assert not stored.MODELS.exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"width": 3', '"width": 4', r"SETTINGS \(stored with {'width': 3, .* now {'width': 4, "),
        ('"text"', '"other text"', r"now: make\(\)\. Set TRAIN = True"),
        ('return SETTINGS["width"]', 'return SETTINGS["width"] + 1', r"now: helper\(\)\. Set TRAIN = True"),
    ],
)
def test_other_code_or_settings_are_refused(stored, chapter, old, new, told):
    stored.load_or_train("some", chapter()["make"], "store")
    changed = chapter(old, new)["make"]
    with pytest.raises(ValueError, match=told):
        stored.load_or_train("some", changed)
    stored.load_or_train("some", changed, "store")  # made anew
    stored.load_or_train("some", changed)


def test_what_is_stored_by_this_recipe_is_not_made_again(stored, chapter):
    names = chapter()
    stored.load_or_train("some", names["make"], "store")
    names["large"][:] = 0
    assert stored.load_or_train("some", names["make"], "store")["large"].any()


def test_a_name_that_is_not_stored(stored, chapter):
    with pytest.raises(FileNotFoundError, match="set TRAIN = True in this chapter"):
        stored.load_or_train("some", chapter()["make"])


def test_what_can_not_be_stored(stored):
    def make():
        return {1, 2}

    with pytest.raises(TypeError, match="set can't be stored"):
        stored.load_or_train("some", make, "store")


def test_a_model_searches_as_before(stored, tiny, train, same):
    def make():
        return DRCL(**tiny).fit(train)

    model, back = make(), stored.load_or_train("some", make, "store")
    again = stored.load_or_train("some", make)
    assert back.get_params() == model.get_params()
    assert back.history_ == model.history_
    assert torch.equal(back.prior_, model.prior_)
    for name, rows in model.transform(train).items():
        np.testing.assert_array_equal(again.transform(train)[name], rows)


def test_large_numbers_are_refused_before_they_overflow(stored):
    def make():
        return np.full(20_000, 1e5)

    with pytest.raises(ValueError, match="half precision, which ends at 65504"):
        stored.load_or_train("some", make, "store")


def test_claims(monkeypatch, tmp_path):
    claims.claim("mAP", 0.5, above=0.4)
    claims.claim("loss", 0.5, below=0.6)
    with pytest.raises(AssertionError, match=r"mAP: 0\.5 was found, expected above 0\.6"):
        claims.claim("mAP", 0.5, above=0.6)
    with pytest.raises(AssertionError, match=r"loss: nan was found, expected below 0\.4"):
        claims.claim("loss", float("nan"), below=0.4)
    for both in ({}, {"above": 1, "below": 2}):
        with pytest.raises(TypeError, match="give one of above and below"):
            claims.claim("mAP", 0.5, **both)
    monkeypatch.setenv(claims.RECORD, str(tmp_path / "record"))
    claims.claim("mAP", 0.5, above=0.6)
    assert (tmp_path / "record").read_text() == '{"name": "mAP", "value": 0.5, "above": 0.6, "below": null}\n'


def models_in(packed):
    """The packed models within what a file holds."""
    if isinstance(packed, dict):
        if "model" in packed:
            yield packed
        packed = list(packed.values())
    for inner in packed if isinstance(packed, list) else []:
        yield from models_in(inner)


def test_stored_models_load_and_predict():
    count = 0
    for path in sorted(module.MODELS.glob("*.safetensors")):
        tensors, header = load_checkpoint(path, module.KIND)
        for packed in models_in(header["content"]):
            model = module._unpack(packed, tensors)
            assert len(model.class_names_) == model.n_classes_
            x = {name: np.ones((2, encoder.widths[0])) for name, encoder in model.encoders_.items()}
            assert all(set(found) <= set(model.classes_) for found in model.predict(x).values())
            count += 1
    assert count

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from drcl_mini import DRCL, Split
from drcl_mini.core.tensorfile import digest, load_checkpoint


@pytest.fixture
def saved(fitted, tmp_path):
    return fitted.save(tmp_path / "model.safetensors")


@pytest.fixture
def rewrite(saved, tmp_path):
    """Write the saved model again with some of it changed, with a checksum that fits."""

    def write(metadata=None, header=None, tensors=None, without=(), lost=()):
        with safe_open(saved, "pt") as file:
            meta = file.metadata()
            kept = {name: file.get_tensor(name) for name in file.keys() if name not in without}  # noqa: SIM118
        kept |= tensors or {}
        stored = json.loads(meta["header"]) | (header or {})
        meta["header"] = json.dumps({key: value for key, value in stored.items() if key not in lost})
        meta |= {"sha256": digest(kept, meta["header"])} | (metadata or {})
        path = tmp_path / "other.safetensors"
        save_file(kept, path, {k: v for k, v in meta.items() if v is not None})
        return path

    return write


def test_everything_comes_back(fitted, saved, train, state, same):
    back = DRCL.load(saved, "cpu")
    assert same(state(fitted), state(back))
    assert same(fitted.transform(train), back.transform(train))
    assert same(fitted.predict(train), back.predict(train))
    for name in ("history_", "quality_scores_", "prior_source_", "n_classes_", "interrupted_"):
        assert getattr(back, name) == getattr(fitted, name)
    assert back.get_params() == fitted.get_params()
    assert list(back.encoders_) == list(fitted.encoders_)


@pytest.mark.parametrize("words", [False, True])
def test_names_of_classes_and_columns_come_back(tiny, train, tmp_path, words):
    labels = {m: np.array(["b", "ü", "a"])[y] if words else 10 * y + 900 for m, y in train.labels.items()}
    frames = {m: pd.DataFrame(x).add_prefix("column ") for m, x in train.features.items()}
    model = DRCL(**tiny).fit(Split(frames, labels))
    back = DRCL.load(model.save(tmp_path / "model"), "cpu")
    assert back.classes_.tolist() == model.classes_.tolist() == (["a", "b", "ü"] if words else [900, 910, 920])
    assert back.class_names_ == model.class_names_ == tuple(map(str, back.classes_))
    assert back.columns_ == model.columns_ == {m: tuple(frame.columns) for m, frame in frames.items()}
    assert back.classes_.dtype.kind == model.classes_.dtype.kind


def test_what_was_saved_before_there_were_names_loads(rewrite, train):
    back = DRCL.load(rewrite(lost=["classes", "class_names", "columns"]), "cpu")
    assert (back.classes_.tolist(), back.class_names_, back.columns_) == ([0, 1, 2], ("0", "1", "2"), {})
    assert back.predict(train)["image"].dtype == np.int64


@pytest.mark.parametrize(
    "settings", [{"learning_rate": {"image": 0.1, "text": 0.2}}, {"hidden": ()}, {"patience": None}]
)
def test_settings_come_back_as_they_were(tiny, train, tmp_path, settings):
    model = DRCL(**tiny | settings).fit(train)
    assert DRCL.load(model.save(tmp_path / "model"), "cpu").get_params() == model.get_params()


def test_a_loaded_model_can_grow_and_be_saved_again(fitted, saved, train, state, same, tmp_path):
    back = DRCL.load(saved, "cpu")
    for model in (fitted, back):
        model.add_modality("audio", train.features["text"], train.labels["text"])
    assert same(state(fitted), state(back))
    assert same(state(back), state(DRCL.load(back.save(saved), "cpu")))
    assert not any(p.requires_grad for encoder in back.encoders_.values() for p in encoder.parameters())


def test_what_is_loaded_lies_in_memory_as_what_was_made(fitted, saved):
    tensors = load_checkpoint(saved)[0]
    assert {tensor.data_ptr() % 64 for tensor in tensors.values()} == {0}
    assert DRCL.load(saved, "cpu").prior_.stride() == fitted.prior_.stride()


def test_the_random_state_is_left_alone(saved):
    before = torch.get_rng_state()
    DRCL.load(saved, "cpu")
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("length", [0, 1, 8, 100, 2000, 0.5, -100, -1])
def test_a_file_cut_off_is_no_checkpoint(saved, complains, length):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(length * len(whole)) if isinstance(length, float) else length])
    with complains(str(saved), "cut off"):
        DRCL.load(saved)


def test_foreign_files_are_no_checkpoints(tmp_path, complains):
    path = tmp_path / "foreign"
    path.write_text("hello")
    with complains(str(path), "no checkpoint"):
        DRCL.load(path)
    save_file({"x": torch.ones(2)}, path)
    with complains(str(path), "no checkpoint of drcl_mini"):
        DRCL.load(path)
    with complains("no checkpoint", "absent", error=FileNotFoundError):
        DRCL.load(tmp_path / "absent")
    with complains(str(tmp_path), "it is a folder"):
        DRCL.load(tmp_path)


@pytest.mark.parametrize(
    ("changes", "fragments"),
    [
        ({"metadata": {"version": "2"}}, ["version 2", "reads 1"]),
        ({"metadata": {"version": None}}, ["version None"]),
        ({"metadata": {"header": "{", "sha256": None}}, ["header"]),
        ({"metadata": {"header": None}}, ["checksum"]),
        ({"metadata": {"header": "[]", "sha256": None}}, ["usable"]),
        ({"metadata": {"header": "{}"}}, ["checksum"]),
        ({"metadata": {"sha256": "0"}}, ["checksum"]),
        ({"tensors": {"priors/0": torch.ones(7, 3)}}, ["prior", "(7, 3)", "(6, 3)"]),
        ({"tensors": {"encoders/1/layers.0.weight": torch.ones(8, 9)}}, ["layers.0.weight", "9"]),
        ({"without": ["encoders/0/layers.0.bias"]}, ["layers.0.bias"]),
        ({"without": ["priors/0"]}, ["priors/0"]),
        ({"header": {"settings": {"depth": 3}}}, ["unknown setting 'depth'"]),
        ({"header": {"settings": None}}, ["usable"]),
        ({"header": {"classes": [0, 1]}}, ["2 classes of int64 and 3 names", "expected 3"]),
        ({"header": {"class_names": ["a"]}}, ["3 classes of int64 and 1 names"]),
        ({"header": {"classes": [0.5, 1, 2]}}, ["float64", "integers or words"]),
        ({"header": {"columns": 3}}, ["usable"]),
        ({"header": {"modalities": {"image": [9, 8, 6], "text": [5, 8, 6]}}}, ["9", "7"]),
    ],
)
def test_a_checkpoint_that_does_not_fit_says_why(rewrite, complains, changes, fragments):
    path = rewrite(**changes)
    with complains(str(path), *fragments):
        DRCL.load(path)


@pytest.mark.parametrize("metadata", [{}, {"sha256": None}], ids=["as it was", "without a checksum, as at first"])
def test_an_unchanged_rewrite_loads(rewrite, metadata):
    assert load_checkpoint(rewrite(metadata))[1]["n_classes"] == 3


@pytest.mark.parametrize("place", [0.01, 0.5, 0.99])
def test_a_changed_bit_of_a_number_is_told(saved, place, complains):
    content = bytearray(saved.read_bytes())
    start = 8 + int.from_bytes(content[:8], "little")  # numbers come after the header and its length
    content[start + int(place * (len(content) - start))] ^= 1
    saved.write_bytes(content)
    with complains(str(saved), "checksum"):
        DRCL.load(saved)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_changed_bit_of_the_header_is_told(saved, place, complains):
    content = bytearray(saved.read_bytes())
    content[8 + int(place * int.from_bytes(content[:8], "little"))] ^= 1
    saved.write_bytes(content)
    with complains(str(saved)):
        DRCL.load(saved)


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("os.replace", OSError(28, "No space left on device")),
        ("safetensors.torch.save_file", SafetensorError("I/O error: No space left on device")),
    ],
)
def test_nothing_is_left_when_saving_fails(fitted, saved, monkeypatch, step, error):
    whole = saved.read_bytes()

    def full(*arguments):
        raise error

    monkeypatch.setattr(step, full)
    with pytest.raises(OSError, match="No space left"):
        fitted.save(saved)
    assert [(path.name, path.read_bytes()) for path in saved.parent.iterdir()] == [(saved.name, whole)]

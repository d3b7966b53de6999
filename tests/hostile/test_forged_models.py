"""Models and progress with a right checksum that hold what the package would never write: refused by name."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from drcl_mini import DRCL
from drcl_mini.core.tensorfile import digest
from drcl_mini.training import progress as progress_module


@pytest.mark.parametrize("name", ["gamma", "alpha", "learning_rate", "mixup"])
@pytest.mark.parametrize(
    "value", [10**400, -(10**400), float("inf"), float("nan")], ids=["huge", "-huge", "inf", "NaN"]
)
def test_numbers_beyond_float64_are_bad_settings(name, value, complains):
    with complains(repr(name)):
        DRCL(**{name: value})


@pytest.fixture
def forge(tmp_path):
    """Write a safetensors file again, with a right checksum, after a change of its tensors or its header."""

    def write(path, tensors=lambda t: None, header=lambda h: None):
        with safe_open(path, "pt") as file:
            about = file.metadata()
        kept, head = load_file(path), json.loads(about["header"])
        tensors(kept)
        head = header(head) or head
        text = head if isinstance(head, str) else json.dumps(head)
        save_file(kept, path, about | {"header": text, "sha256": digest(kept, text)})
        return path

    return write


def lost(name):
    return lambda given: given.__delitem__(name)


def put(**some):
    return lambda given: given.update(some)


MODELS = {
    "nested": ({"header": lambda h: "[" * 100_000}, "damaged header"),
    "huge": ({"header": lambda h: put(image=[10**12, 8, 6])(h["modalities"])}, "shape (8, 7)"),
    "history": ({"header": put(history="long")}, "history"),
    "classes": ({"header": put(n_classes=3.0)}, "n_classes"),
    "settings": ({"header": lambda h: put(gamma=10**400)(h["settings"])}, "'gamma'"),
    "no scale": ({"tensors": lost("encoders/0/scale")}, "scale of 'image'"),
    "long scale": ({"tensors": put(**{"encoders/0/scale": torch.ones(9)})}, "scale of 'image'"),
    "double": ({"tensors": put(**{"priors/0": torch.ones(6, 3).double()})}, "float32"),
    "complex": ({"tensors": put(**{"encoders/0/mean": torch.ones(7, dtype=torch.complex64)})}, "float32"),
    "NaN": ({"tensors": put(**{"priors/0": torch.full((6, 3), torch.nan)})}, "NaN"),
}


@pytest.mark.parametrize("case", MODELS)
def test_a_model(fitted, forge, tmp_path, complains, case):
    changes, told = MODELS[case]
    path = forge(fitted.save(tmp_path / "model.safetensors"), **changes)
    with complains("model.safetensors", told):
        DRCL.load(path, "cpu")


def phase(header, number=-1):
    return list(header["phases"].values())[number]


FITS = {
    "nested": ({"header": lambda h: '{"a":' * 100_000}, "damaged header"),
    "records of words": ({"header": lambda h: put(records=["a"])(phase(h))}, "no progress"),
    "a record of lists": ({"header": lambda h: put(total=[])(phase(h)["records"][0])}, "records"),
    "no score": ({"header": lambda h: lost("score")(phase(h, 0)["records"][0])}, "records"),
    "more records than epochs": ({"header": lambda h: put(records=phase(h)["records"] * 9)(phase(h))}, "records"),
    "done too early": ({"header": lambda h: put(done=True)(phase(h))}, "'done'"),
    "infinite": ({"header": lambda h: put(waited=float("inf"))(phase(h))}, "infinity"),
    "a step of many": ({"tensors": put(**{"2/step/0": torch.ones(3)})}, "step/0"),
    "weights of NaN": ({"tensors": put(**{"2/now/0": torch.full((8, 7), torch.nan)})}, "now/0"),
    "moments of NaN": ({"tensors": put(**{"2/exp_avg/0": torch.full((8, 7), torch.nan)})}, "exp_avg/0"),
    "negative squares": ({"tensors": put(**{"2/exp_avg_sq/0": -torch.ones(8, 7)})}, "exp_avg_sq/0"),
}


@pytest.mark.parametrize("case", FITS)
def test_the_progress_of_a_fit(tiny, train, forge, tmp_path, complains, monkeypatch, case):
    path, write, (changes, told) = tmp_path / "fit.safetensors", progress_module.save_checkpoint, FITS[case]

    def stop_at(*arguments):
        write(*arguments)
        if len(arguments[2]["phases"]) == 3:  # an encoder's first epoch
            raise InterruptedError

    with monkeypatch.context() as patch:
        patch.setattr(progress_module, "save_checkpoint", stop_at)
        with pytest.raises(InterruptedError):
            DRCL(**tiny).fit(train, checkpoint=path, every=1)
    before = forge(path, **changes).read_bytes()
    with complains("fit.safetensors", told):
        DRCL(**tiny).fit(train, checkpoint=path)
    assert path.read_bytes() == before

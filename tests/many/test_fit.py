"""Many models fitted at once equal the same models fitted alone."""

import warnings

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import drcl_mini.many.fit
import drcl_mini.many.stages
from drcl_mini import DRCL, TrainingDiverged, fit_many
from drcl_mini.many import replayed
from drcl_mini.method.prior import simplex_prior

VARIANTS = {
    "seeds": [{"seed": seed} for seed in (0, 3, 5)],
    "priors": [{"prior": prior} for prior in ("selected", "orthogonal", "simplex", "text")],
    "augmentation and weights": [{"gamma": 1.0}, {"alpha": 0.5}, {"beta": 0.0}, {"eta": 0.2}, {"alpha": 0, "beta": 0}],
    "terms": [{"terms": ("label",)}, {"terms": ("inter", "mse", "label")}, {}],
    "mixup": [{"mixup": 0.4}, {}, {"mixup": 0.4, "seed": 1}],
    "q": [{"q_rate": 0}, {"q_rate": 1}, {}],
    "noise": [{"label_noise": 0.4}, {}, {"label_noise": 0.4, "seed": 1}],
    "rates": [{"learning_rate": 0.003}, {"learning_rate": {"image": 0.01, "text": 0.02}}, {"prior_learning_rate": 0.1}],
    "lengths": [{"epochs": 2}, {"epochs": 0, "prior_epochs": 1}, {"epochs": 9, "patience": 1}, {"prior_epochs": 5}],
    "monitors": [{"monitor": "loss"}, {"monitor": None}, {"keep_best_prior": False}, {}],
    "released quirks": [{"prior_first_epoch": 0, "drop_last": True, "seed": s} for s in (1, 2)],
    "raw": [{"standardise": False, "seed": s} for s in (1, 2)],
    "two shapes": [{"hidden": (5,)}, {"hidden": (8, 4)}, {"hidden": (5,), "seed": 2}],
    "bfloat16": [{"precision": "bfloat16", "seed": s} for s in (1, 2)],
}


@pytest.fixture
def models(tiny):
    return lambda variants: [DRCL(**tiny | settings) for settings in variants]


class Synchronisations(TorchDispatchMode):
    """Counts what makes the host wait for a device: reading a number, copying, sizes that depend on values."""

    NAMES = ("_local_scalar_dense", "nonzero", "unique", "_unique2", "masked_select", "is_nonzero", "equal")

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        name, options = function.overloadpacket.__name__, options or {}
        self.count += name in self.NAMES or (name == "_to_copy" and options.get("device") is not None)
        return function(*arguments, **options)

    def __enter__(self):
        self.count = 0
        return super().__enter__()


@pytest.mark.parametrize("runs", [1, 3])
def test_an_epoch_waits_no_more_often_for_the_device_however_many_batches_it_has(tiny, train, validation, runs, device):
    counts = set()
    for batch_size in (24, 4):  # one batch of images, and six
        batch = [DRCL(**tiny | {"batch_size": batch_size, "seed": seed, "device": device}) for seed in range(runs)]
        with Synchronisations() as waits:
            fit_many(batch, train, validation)
        counts.add(waits.count)
    assert len(counts) == 1, counts
    assert counts != {0}


def assert_close(model, alone, state, tolerance=2e-4):
    found, expected = state(model), state(alone)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(found[name], value, atol=tolerance), name
    assert model.prior_source_ == alone.prior_source_
    assert model.quality_scores_ == pytest.approx(alone.quality_scores_, abs=tolerance)
    assert [record.keys() for record in model.history_] == [record.keys() for record in alone.history_]
    for record, other in zip(model.history_, alone.history_, strict=True):
        numbers = {k: v for k, v in other.items() if not isinstance(v, str) and k != "validation_map"}
        assert {k: record[k] for k in numbers} == pytest.approx(numbers, abs=20 * tolerance)


@pytest.mark.parametrize("variants", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.filterwarnings("ignore:the prior has rank")
def test_a_run_in_a_batch_equals_the_run_alone(models, train, validation, state, variants, device):
    variants = [settings | {"device": device} for settings in variants]
    batch = models(variants)
    fit_many(batch, train, validation)
    for model, alone in zip(batch, models(variants), strict=True):
        alone.fit(train, validation)
        assert_close(model, alone, state, 5e-2 if alone.settings.precision == "bfloat16" else 2e-4)
        assert all(w.untyped_storage().nbytes() == w.nbytes for e in model.encoders_.values() for w in e.parameters())


@pytest.mark.parametrize("prior", [None, np.eye(6, 3)], ids=["learned", "given"])
def test_one_model_is_fitted_as_by_fit(models, train, validation, state, same, tmp_path, prior):
    (alone,), (model,), (resumed,) = models([{}]), models([{}]), models([{}])
    alone.fit(train, validation, prior)
    path = tmp_path / "fit.safetensors"
    fit_many([model], train, validation, [prior], checkpoint=path, every=2)
    before = path.read_bytes()
    with replayed():  # which needs a stack, and a stack keeps no progress
        fit_many([resumed], train, validation, [prior], checkpoint=path)
    assert same(state(model), state(alone))
    assert same(state(resumed), state(alone))
    assert model.history_ == resumed.history_ == alone.history_
    assert path.read_bytes() == before


def test_runs_differ_from_each_other(models, train, validation):
    batch = models(VARIANTS["seeds"])
    fit_many(batch, train, validation)
    outputs = [model.transform(validation)["image"] for model in batch]
    assert not np.allclose(outputs[0], outputs[1], atol=0.1)
    assert batch[0].encoders_["image"] is not batch[1].encoders_["image"]


def test_multi_hot_labels(models, make_split, state):
    train, held = make_split(multi_hot=True), make_split(multi_hot=True, seed=1)
    batch = models(VARIANTS["seeds"])
    fit_many(batch, train, held)
    for model, alone in zip(batch, models(VARIANTS["seeds"]), strict=True):
        assert_close(model, alone.fit(train, held), state)


def test_given_priors(models, train, state):
    w = simplex_prior(6, 3, torch.Generator().manual_seed(7)).numpy() + 0.1
    batch = models([{}, {}])
    fit_many(batch, train, priors=[w, None])
    assert [model.prior_source_ for model in batch] == ["given", batch[1].prior_source_]
    (alone,) = models([{}])
    assert_close(batch[0], alone.fit(train, prior=w), state)


@pytest.mark.parametrize(("memory", "largest"), [(1, 1), (None, 3)])
def test_too_many_runs_for_the_memory_are_split(models, train, state, monkeypatch, memory, largest):
    sizes, fit_encoders = [], drcl_mini.many.fit.fit_encoders

    def spy(encoders, *arguments):
        sizes.append(len(encoders))
        return fit_encoders(encoders, *arguments)

    monkeypatch.setattr(drcl_mini.many.fit, "fit_encoders", spy)
    batch = models(VARIANTS["seeds"])
    fit_many(batch, train, memory=memory)
    assert max(sizes) == largest
    assert sum(sizes) == 3 * 2
    for model, alone in zip(batch, models(VARIANTS["seeds"]), strict=True):
        assert_close(model, alone.fit(train), state)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate")])
def test_out_of_memory_halves_the_batch(models, train, state, monkeypatch, complains, error):
    fit_encoders = drcl_mini.many.fit.fit_encoders

    def scarce(encoders, *arguments):
        found = fit_encoders(encoders, *arguments)
        if len(encoders) > most:
            raise error
        return found

    monkeypatch.setattr(drcl_mini.many.fit, "fit_encoders", scarce)
    most, batch = 1, models(VARIANTS["seeds"])
    fit_many(batch, train)
    for model, alone in zip(batch, models(VARIANTS["seeds"]), strict=True):
        assert_close(model, alone.fit(train), state)
    most = 0
    with complains("out of memory on cpu", "'image'", "batch_size", error=RuntimeError):
        fit_many(batch, train)


def test_a_run_that_diverges_leaves_the_others_alone(models, train, validation, state, complains):
    variants = [{}, {"learning_rate": {"image": 1e30, "text": 0.01}}, {"seed": 4}, {"prior_learning_rate": 1e30}]
    batch = models(variants)
    with complains("2 of 4", "model 1", "model 3", "'image'", error=drcl_mini.TrainingDiverged):
        fit_many(batch, train, validation)
    for i in (0, 2):
        (alone,) = models([variants[i]])
        assert_close(batch[i], alone.fit(train, validation), state)
    assert not batch[3].encoders_


def test_ctrl_c_stops_all(models, train, monkeypatch):
    augment, calls = drcl_mini.many.stages.augment, []

    def interrupted(*arguments):
        calls.append(None)
        if len(calls) == 4:  # the second epoch of the first modality
            raise KeyboardInterrupt
        return augment(*arguments)

    monkeypatch.setattr(drcl_mini.many.stages, "augment", interrupted)
    batch = models(VARIANTS["seeds"])
    with pytest.warns(UserWarning, match="3 of 3 models are unfinished"):
        fit_many(batch, train)
    for model in batch:
        assert model.interrupted_
        assert model.partial_ == ["image"]
        assert np.isfinite(model.transform({"image": train.features["image"]})["image"]).all()


def test_bad_batches(models, train, complains):
    (model,) = models([{}])
    with complains("2 models and 2 priors", "different"):
        fit_many([model, model], train)
    with complains("1 models and 2 priors"):
        fit_many([model], train, priors=[None, None])
    with complains("'precision' is 'tf32'", "float32"):
        model.set_params(precision="tf32").fit(train)
    for memory in (0, 1.5, "1 GB"):
        with complains(f"memory (bytes) is {memory!r}", "at least 1"):
            fit_many([model], train, memory=memory)
    with complains("checkpoint keeps the progress of one model, got 2"):
        fit_many(models([{}, {}]), train, checkpoint="nowhere")
    fit_many([], train)


def test_label_noise_needs_one_class_a_sample(models, make_split, complains):
    (model,) = models([{"label_noise": 0.2}])
    with complains("'label_noise' is 0.2", "'image'", "multi-hot"):
        model.fit(make_split(multi_hot=True))


def test_bfloat16_is_near_float32_and_not_equal(models, train, validation):
    exact, rounded = (m.fit(train, validation) for m in models([{}, {"precision": "bfloat16"}]))
    a, b = exact.transform(validation)["image"], rounded.transform(validation)["image"]
    assert a.dtype == b.dtype == np.float32
    assert 0 < np.abs(a - b).max() < 0.1


def test_what_cannot_be_one_stack_is_fitted_one_by_one(tiny, train, state, same):
    known = train.take({name: np.flatnonzero(y < 2) for name, y in train.labels.items()})
    for changes, data in (({"class_weight": "balanced"}, (train, train)), ({}, (known, train))):
        models, alone = ([DRCL(**tiny | changes | {"seed": s}) for s in (0, 1)] for _ in range(2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit_many(models, *data)
            for model in alone:
                model.fit(*data)
        assert all(same(state(a), state(b)) for a, b in zip(models, alone, strict=True))


def test_ctrl_c_and_divergence_one_by_one_are_both_told(tiny, train, monkeypatch):
    def fit(self, *args):
        self.interrupted_ = self.settings.seed == 1
        if self.settings.seed == 0:
            raise TrainingDiverged("lost")
        return self

    models = [DRCL(**tiny | {"seed": seed, "class_weight": "balanced"}) for seed in range(3)]
    monkeypatch.setattr(DRCL, "fit", fit)
    with pytest.warns(UserWarning, match="1 of 3 models were not begun"), pytest.raises(TrainingDiverged, match="lost"):
        fit_many(models, train)
    assert [model.interrupted_ for model in models[1:]] == [True, True]

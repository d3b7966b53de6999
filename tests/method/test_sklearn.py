"""The manners of scikit-learn's estimators, and fits within torch's modes."""

import copy
import pickle

import joblib
import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

import drcl_mini.method.estimator
from drcl_mini import DRCL, Split, evaluate, fit_many
from drcl_mini.baselines import DSCMR, PLS, FixedPrior, class_pairs

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
MODES = pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])


def test_check_is_fitted(tiny, train, fitted, tmp_path):
    with pytest.raises(NotFittedError, match="DRCL"):
        check_is_fitted(DRCL(**tiny))
    check_is_fitted(fitted)
    check_is_fitted(DRCL.load(fitted.save(tmp_path / "model"), "cpu"))
    with pytest.raises(NotFittedError):
        check_is_fitted(clone(fitted))


def test_tags():
    utils = pytest.importorskip("sklearn.utils", "1.6")
    tags = utils.get_tags(DRCL())
    assert tags.estimator_type is None
    assert not tags.target_tags.required
    assert tags.requires_fit


def test_a_pipeline_can_be_made_shown_cloned_and_set(tiny):
    pipeline = make_pipeline(DRCL(**tiny))
    assert repr(pipeline).startswith("Pipeline(steps=[('drcl',")
    assert "DRCL" in pipeline._repr_html_()
    assert clone(pipeline)[0].get_params() == pipeline[0].get_params()
    assert pipeline.set_params(drcl__seed=4)[0].settings.seed == 4


def test_a_pipeline_does_what_the_model_does(tiny, train, validation, fitted, same):
    pipeline = make_pipeline(DRCL(**tiny)).fit(train, validation)
    check_is_fitted(pipeline)
    assert same(pipeline.transform(validation), fitted.transform(validation))
    assert same(pipeline.predict(validation), fitted.predict(validation))
    assert pipeline.score(validation) == fitted.score(validation)
    assert same(make_pipeline(fitted).transform(train), fitted.transform(train))


def test_score_is_the_mean_map(fitted, validation):
    scores = evaluate(fitted, validation, k=[None, 5])
    assert fitted.score(validation) == scores.mean()
    assert fitted.score(validation, k=5) == scores.mean(5)


def keep_by_pickle(model, folder):
    return pickle.loads(pickle.dumps(model))


def keep_by_joblib(model, folder):
    joblib.dump(model, folder / "model.joblib", compress=3)
    return joblib.load(folder / "model.joblib")


def keep_by_deepcopy(model, folder):
    return copy.deepcopy(model)


@pytest.mark.parametrize("keep", [keep_by_pickle, keep_by_joblib, keep_by_deepcopy])
def test_a_copy_is_whole_and_its_own(keep, tmp_path, fitted, train, validation, same, state):
    found = keep(fitted, tmp_path)
    assert same(state(found), state(fitted))
    assert found.get_params() == fitted.get_params()
    assert same(found.predict(validation, names=True), fitted.predict(validation, names=True))
    assert (found.history_, found.quality_scores_) == (fitted.history_, fitted.quality_scores_)
    before = state(fitted)
    found.encoders_["image"].layers[0].weight.zero_()
    found.add_modality("audio", train.features["text"], train.labels["text"])
    assert same(before, state(fitted))
    assert "audio" not in fitted.encoders_
    found.fit(train, validation)
    assert same(found.transform(train), fitted.transform(train))
    assert not hasattr(keep(clone(fitted), tmp_path), "prior_")


def test_pickle_takes_every_tensor_from_its_device(fitted, state, monkeypatch):
    """On a GPU ``.cpu()`` would copy: here it is noted of which tensors it is asked."""
    moved, cpu = [], torch.Tensor.cpu
    monkeypatch.setattr(torch.Tensor, "cpu", lambda tensor: moved.append(tensor.detach().clone()) or cpu(tensor))
    networks, to_cpu = [], torch.nn.Module.cpu
    monkeypatch.setattr(torch.nn.Module, "cpu", lambda network: networks.append(network) or to_cpu(network))
    fitted.__getstate__()
    assert len(networks) == len(fitted.encoders_)
    assert not any(network is own for network in networks for own in fitted.encoders_.values())  # copies go
    asked = {(tuple(tensor.shape), tensor.numpy().tobytes()) for tensor in moved}
    assert {(tuple(tensor.shape), tensor.numpy().tobytes()) for tensor in state(fitted).values()} <= asked
    moved.clear()
    copy.deepcopy(fitted)
    assert moved == []


def test_a_model_made_for_a_gpu_is_used_where_there_is_none(fitted, train, validation, same):
    fitted.set_params(device="cuda:7")
    found = pickle.loads(pickle.dumps(fitted))
    assert same(found.transform(validation), fitted.transform(validation))
    found.add_modality("audio", train.features["text"], train.labels["text"])


@needs_gpu
def test_a_model_on_a_gpu_is_pickled_on_the_cpu_and_copied_on_the_gpu(tiny, train, validation, same):
    model = DRCL(**tiny | {"device": "cuda"}).fit(train, validation)
    found = pickle.loads(pickle.dumps(model))
    everything = [found.prior_, *found.priors_.values()]
    everything += [x for encoder in found.encoders_.values() for x in encoder.state_dict().values()]
    assert {tensor.device.type for tensor in everything} == {"cpu"}
    assert model.prior_.is_cuda
    assert next(model.encoders_["image"].parameters()).is_cuda
    close = zip(found.transform(validation).values(), model.transform(validation).values(), strict=True)
    assert all(np.allclose(a, b, atol=1e-5) for a, b in close)
    assert copy.deepcopy(model).prior_.is_cuda
    assert same(copy.deepcopy(model).transform(validation), model.transform(validation))


@MODES
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"prior": "orthogonal", "standardise": False},
        {"prior": "text", "precision": "bfloat16"},
        {"selection": "validation", "label_noise": 0.1, "mixup": 0.4},
        {"class_weight": "balanced", "terms": ("label",), "monitor": "loss"},
    ],
)
def test_a_fit_within_a_mode_of_torch_is_the_same_fit(mode, settings, tiny, train, validation, state, same):
    expected = DRCL(**tiny | settings).fit(train, validation)
    with mode():
        model = DRCL(**tiny | settings).fit(train, validation)
        assert not torch.is_grad_enabled()
        assert same(model.predict(validation), expected.predict(validation))
        assert model.score(validation) == expected.score(validation)
    assert same(state(model), state(expected))


@MODES
def test_all_else_works_within_a_mode_of_torch(mode, tiny, train, validation, fitted, tmp_path, state, same):
    w = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 3)))[0]
    lazy = Split({name: csr_matrix(x) for name, x in train.features.items()}, train.labels)
    audio = "audio", train.features["text"], train.labels["text"]
    ends = {"prior": w, "checkpoint": tmp_path / "progress", "every": 1}
    expected = copy.deepcopy(fitted).add_modality(*audio)
    with mode():
        given = DRCL(**tiny).fit(train, validation, **ends)
        again = DRCL(**tiny).fit(train, validation, **ends)  # from the file, which is complete
        loaded = DRCL.load(fitted.save(tmp_path / "model"), "cpu")
        copied = keep_by_pickle(fitted, tmp_path)
        fit_many([DRCL(**tiny, seed=seed) for seed in range(2)], train, validation, [None, w])
        DRCL(**tiny).fit(lazy, validation)
        copied.add_modality(*audio)
        texts, images = validation.features["text"], validation.features["image"]
        loaded.search(texts, "text", images, "image")
    loaded.add_modality(*audio)
    assert same(state(given), state(again))
    assert same(state(given), state(DRCL(**tiny).fit(train, validation, w)))
    assert same(state(loaded), state(expected))
    assert same(state(copied), state(expected))


@MODES
@pytest.mark.filterwarnings("ignore:the prior has rank 2")
@pytest.mark.parametrize("method", [DSCMR, PLS, FixedPrior])
def test_a_compared_method_learns_within_a_mode_of_torch(mode, method, train, validation, same):
    settings = {"epochs": 2, "hidden": (8,), "dim": 6, "device": "cpu"}
    settings = {name: value for name, value in settings.items() if name in method.__dataclass_fields__}
    pairs = class_pairs(train)
    expected = method(**settings).fit(pairs, validation).transform(validation)
    with mode():
        found = method(**settings).fit(pairs, validation).transform(validation)
    assert same(found, expected)


@pytest.mark.parametrize("stage", ["learn_prior", "fit_encoder", "tensors"])
def test_a_model_fitted_before_survives_an_error(fitted, train, validation, state, same, monkeypatch, stage):
    def broken(*_):
        raise RuntimeError("a device that has failed")

    before, history = state(fitted), list(fitted.history_)
    for bad, error in (((3,), "expected a drcl_mini.Split"), ((train.only("image"), validation), "'text'")):
        with pytest.raises(ValueError, match=error):
            fitted.fit(*bad)
    monkeypatch.setattr(drcl_mini.method.estimator, stage, broken)
    with pytest.raises(RuntimeError, match="a device that has failed"):
        fitted.fit(train, validation)
    check_is_fitted(fitted)
    assert same(before, state(fitted))
    assert fitted.history_ == history


def test_a_compared_method_learned_before_survives_an_error(train, validation, same, monkeypatch):
    model = DSCMR(epochs=1, hidden=(8,), dim=6, device="cpu").fit(class_pairs(train))
    before = model.transform(train)
    monkeypatch.setattr(DSCMR, "losses", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.fit(class_pairs(validation))
    assert same(before, model.transform(train))


@pytest.mark.parametrize("device", ["mps", "mps:0"])
def test_mps_is_refused_in_one_line(device, tiny, train, fitted, tmp_path, complains):
    said = f"device {device!r} can't be used", "float64", "'cpu'"
    with complains(*said):
        DRCL(**tiny | {"device": device}).fit(train)
    with complains(*said):
        fit_many([DRCL(**tiny | {"device": device}, seed=seed) for seed in range(2)], train)
    with complains(*said):
        DRCL.load(fitted.save(tmp_path / "model"), device)
    with complains(*said):
        DSCMR(device=device).fit(class_pairs(train))

"""Ctrl-C and its kin: what was trained stays usable."""

import numpy as np
import pytest
import torch

import drcl_mini.method.consistency
import drcl_mini.method.prior
from drcl_mini import DRCL

BATCHES = 2
"""An epoch, of either modality."""


@pytest.fixture
def interrupt(monkeypatch):
    """Ctrl-C inside the n-th batch of a stage."""

    def after(module, name, n):
        calls, original = [], getattr(module, name)

        def counted(*arguments):
            calls.append(None)
            if len(calls) == n:
                raise KeyboardInterrupt
            return original(*arguments)

        monkeypatch.setattr(module, name, counted)

    return after


@pytest.fixture
def plain(tiny):
    """A model whose first modality is trained the same, however many epochs or modalities follow."""
    return lambda **settings: DRCL(**tiny | {"prior": "orthogonal"} | settings)


def encoder(model, name):
    return {key: value.numpy() for key, value in model.encoders_[name].state_dict().items()}


@pytest.mark.parametrize(
    ("batch", "usable", "epochs"),
    [
        (1, [], 0),
        (BATCHES, [], 0),
        (2 * BATCHES + 2, ["image"], 2),
        (4 * BATCHES + 1, ["image"], 4),
        (7 * BATCHES, ["image", "text"], 4),
    ],
)
def test_ctrl_c_in_the_consistency_stage(plain, train, interrupt, same, tmp_path, batch, usable, epochs):
    expected = {name: encoder(plain(epochs=epochs if name == "image" else 2).fit(train), name) for name in usable}
    interrupt(drcl_mini.method.consistency, "augment", batch)
    model = plain()
    with pytest.warns(UserWarning, match="interrupted.*usable" if usable else "interrupted.*nothing") as caught:
        assert model.fit(train) is model
    assert model.interrupted_
    assert list(model.encoders_) == usable
    for name in usable:
        assert f"'{name}'" in str(caught[0].message)
        assert same(encoder(model, name), expected[name])
        assert not any(parameter.requires_grad for parameter in model.encoders_[name].parameters())
        model.predict({name: train.features[name]})
    loaded = DRCL.load(model.save(tmp_path / "partial"), "cpu")
    assert loaded.interrupted_
    assert list(loaded.encoders_) == usable


def test_the_best_epoch_so_far_is_what_stays(plain, train, validation, interrupt):
    interrupt(drcl_mini.method.consistency, "augment", 4 * BATCHES + 3 * BATCHES + 1)
    with pytest.warns(UserWarning, match="interrupted"):
        model = plain().fit(train, validation)
    f, y = model.transform(validation)["text"], torch.eye(3)[torch.from_numpy(validation.labels["text"])]
    scores = [r["validation_map"] for r in model.history_ if r["modality"] == "text"]
    assert len(scores) == 3
    found = drcl_mini.training.monitor.target_map(torch.from_numpy(f), y, model.prior_.T)
    assert found == pytest.approx(max(scores), abs=1e-6)


@pytest.mark.parametrize(("batch", "learned"), [(1, []), (3 * BATCHES + 2, ["image"])])
def test_ctrl_c_while_priors_are_learned(tiny, train, validation, interrupt, complains, batch, learned):
    interrupt(drcl_mini.method.prior, "generalized_cross_entropy", batch)
    with pytest.warns(UserWarning, match="interrupted.*nothing usable"):
        model = DRCL(**tiny).fit(train, validation)
    assert model.interrupted_
    assert list(model.priors_) == list(model.quality_scores_) == learned
    for use in (lambda: model.transform(train), lambda: model.predict(train), lambda: model.save("nowhere")):
        with complains("fit"):
            use()
    with complains("fit"):
        model.add_modality("audio", train.features["text"], train.labels["text"])


def test_an_interrupted_fit_forgets_the_fit_before(fitted, train, interrupt, complains):
    interrupt(drcl_mini.method.prior, "generalized_cross_entropy", 1)
    with pytest.warns(UserWarning, match="interrupted.*nothing usable"):
        fitted.fit(train)
    with complains("fit"):
        fitted.transform(train)


def test_the_next_fit_is_whole(plain, train, interrupt, state, same):
    expected = state(plain().fit(train))
    interrupt(drcl_mini.method.consistency, "augment", 3)
    with pytest.warns(UserWarning, match="interrupted"):
        model = plain().fit(train)
    model.fit(train)
    assert not model.interrupted_
    assert same(state(model), expected)


@pytest.mark.parametrize("batch", [1, 2 * BATCHES + 2])
def test_ctrl_c_while_a_modality_is_added(plain, train, interrupt, state, same, batch):
    model = plain().fit(train)
    before = state(model)
    interrupt(drcl_mini.method.consistency, "augment", batch)
    arguments = "audio", train.features["text"], train.labels["text"]
    with pytest.warns(UserWarning, match="interrupted"):
        model.add_modality(*arguments)
    assert model.interrupted_
    assert same(before, {name: value for name, value in state(model).items() if not name.startswith("audio")})
    assert ("audio" in model.encoders_) == (batch > 1)
    model.add_modality(*arguments)  # anew, now to its end
    assert np.isfinite(model.transform({"audio": train.features["text"]})["audio"]).all()
    assert not model.partial_
    assert [record["epoch"] for record in model.history_ if record["modality"] == "audio"] == [1, 2, 3, 4]


def test_ctrl_c_while_the_best_weights_are_kept_leaves_those_of_one_epoch(plain, train, monkeypatch, same):
    expected = encoder(plain(epochs=2).fit(train), "image")
    copy, calls = torch.Tensor.copy_, []

    def interrupted(target, *arguments):
        calls.append(None)
        if len(calls) == 10:  # four tensors are kept each epoch: in the third
            raise KeyboardInterrupt
        return copy(target, *arguments)

    monkeypatch.setattr(torch.Tensor, "copy_", interrupted)
    with pytest.warns(UserWarning, match="interrupted.*'image'"):
        model = plain().fit(train)
    assert same(encoder(model, "image"), expected)


def test_other_errors_are_no_interruption(plain, train, monkeypatch):
    def broken(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(drcl_mini.method.consistency, "augment", broken)
    model = plain()
    with pytest.raises(ZeroDivisionError):
        model.fit(train)
    assert not model.interrupted_

import math

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone

import drcl_mini.method.estimator
from drcl_mini import DRCL, Split, TrainingDiverged


def test_transform_gives_unit_rows_of_any_kind_of_table(fitted, validation, same):
    found = fitted.transform(validation)
    assert {name: f.shape for name, f in found.items()} == {"image": (24, 6), "text": (20, 6)}
    assert all(f.dtype == np.float32 and abs(np.linalg.norm(f, axis=1) - 1).max() < 1e-6 for f in found.values())
    for convert in (pd.DataFrame, torch.from_numpy, np.asfortranarray, np.ndarray.tolist):
        assert same(found, fitted.transform({name: convert(x) for name, x in validation.features.items()}))
    assert fitted.transform({"text": validation.features["text"]}).keys() == {"text"}


def test_blocks_do_not_change_the_embeddings(fitted, validation, monkeypatch):
    whole = fitted.transform(validation)
    monkeypatch.setattr(drcl_mini.training.rows, "ROWS", 5)
    assert all(np.allclose(whole[name], f, atol=1e-6) for name, f in fitted.transform(validation).items())


def test_predict_takes_the_greatest_logit(fitted, validation):
    w = fitted.prior_.numpy()
    for name, predicted in fitted.predict(validation).items():
        logits = fitted.transform(validation)[name] @ w
        assert predicted.tolist() == [row.tolist().index(max(row)) for row in logits]


def test_it_learns(tiny, train, validation):
    settings = tiny | {"prior_epochs": 30, "epochs": 30}
    predicted = DRCL(**settings).fit(train, validation).predict(validation)
    assert all((predicted[name] == validation.labels[name]).mean() > 0.8 for name in predicted)


def test_search_equals_the_ranking_of_embeddings(fitted, validation):
    images, texts = validation.features["image"], validation.features["text"]
    f = fitted.transform(validation)
    expected = np.argsort(-(f["text"].astype(float) @ f["image"].T.astype(float)), axis=1)[:, :3]
    found = fitted.search(texts, "text", images, "image", k=3)
    assert np.array_equal(found.indices, expected)
    alone = fitted.search(texts[4], "text", images, "image", k=3)
    assert np.array_equal(alone.indices, expected[4:5])


def test_settings_come_back_and_clone_and_change(tiny, train, fitted):
    model = DRCL(**tiny)
    assert {**model.get_params(), **tiny} == model.get_params() == DRCL(**model.get_params()).get_params()
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "prior_")
    assert model.set_params(epochs=1, dim=7) is model
    assert model.fit(train).transform(train)["image"].shape == (24, 7)
    assert "dim=7" in repr(model)
    assert "gamma" not in repr(model)


def test_clone_takes_a_learning_rate_for_each_modality(tiny):
    model = DRCL(**tiny | {"learning_rate": {"image": 0.1, "text": 0.2}, "hidden": [8, 9]})
    assert clone(model).get_params() == model.get_params()
    assert model.settings.hidden == (8, 9)


def test_settings_changed_after_the_fit_count_from_the_next_fit_on(fitted, train, tmp_path, same):
    before = fitted.transform(train)
    fitted.set_params(dim=9)
    assert same(before, fitted.transform(train))
    assert same(before, DRCL.load(fitted.save(tmp_path / "model"), "cpu").transform(train))
    fitted.add_modality("audio", train.features["text"], train.labels["text"])
    assert fitted.transform({"audio": train.features["text"]})["audio"].shape == (20, 6)


def test_history_tells_every_epoch_in_finite_numbers(fitted):
    places = [(r["stage"], r["modality"], r["epoch"]) for r in fitted.history_]
    assert places == [
        (stage, name, epoch)
        for stage, epochs in (("prior", 3), ("consistency", 4))
        for name in ("image", "text")
        for epoch in range(1, epochs + 1)
    ]
    terms = {"prior": {"score"}, "consistency": {"intra", "inter", "mse", "label", "validation_loss", "validation_map"}}
    for record in fitted.history_:
        assert record.keys() == {"stage", "modality", "epoch", "q", "total"} | terms[record["stage"]]
        assert all(math.isfinite(record[key]) for key in record.keys() - {"stage", "modality"})


def test_multi_hot_labels(tiny, make_split):
    model = DRCL(**tiny).fit(make_split(multi_hot=True), make_split(multi_hot=True, seed=1))
    assert model.n_classes_ == 3
    assert all(math.isfinite(record["total"]) for record in model.history_)


@pytest.mark.parametrize("drop_last", [True, False])
def test_fewer_samples_than_a_batch(tiny, train, drop_last):
    settings = tiny | {"batch_size": 1024}
    start = DRCL(**settings | {"epochs": 0}, drop_last=drop_last, prior="orthogonal").fit(train)
    moved = DRCL(**settings | {"epochs": 1}, drop_last=drop_last, prior="orthogonal").fit(train)
    assert not np.allclose(start.transform(train)["text"], moved.transform(train)["text"], atol=1e-4)


def test_no_epochs_at_all_leave_the_start(tiny, train):
    model = DRCL(**tiny | {"epochs": 0, "prior_epochs": 0}).fit(train)
    assert (model.prior_.T @ model.prior_ - torch.eye(3)).abs().max() < 1e-6
    assert model.history_ == []


def test_after_a_divergence_the_finished_encoders_are_usable(tiny, train, same):
    rates = {"image": 0.01, "text": 1e38}
    settings = tiny | {"learning_rate": rates, "prior": "orthogonal"}
    model, expected = DRCL(**settings), DRCL(**settings).fit(train.only("image"))
    with pytest.raises(TrainingDiverged, match="epoch 1"):
        model.fit(train)
    assert model.encoders_.keys() == {"image"}
    images = {"image": train.features["image"]}
    assert same(model.transform(images), expected.transform(images))


@pytest.mark.parametrize("error", [torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate")])
@pytest.mark.parametrize("stage", ["learn_prior", "fit_encoder"])
def test_out_of_memory_in_training_says_what_to_do(tiny, train, monkeypatch, complains, stage, error):
    def scarce(*_):
        raise error

    monkeypatch.setattr(drcl_mini.method.estimator, stage, scarce)
    with complains("out of memory on cpu while training 'image'", "batch_size", error=RuntimeError):
        DRCL(**tiny).fit(train)


@pytest.mark.parametrize("size", [1e10, 1e18])
def test_features_that_overflow_in_the_encoder_are_named(tiny, train, complains, size):
    small = Split({name: 1e-12 * x for name, x in train.features.items()}, train.labels)
    model = DRCL(**tiny).fit(small)
    x = small.features["image"].copy()
    assert np.allclose(np.linalg.norm(model.transform({"image": x})["image"], axis=1), 1)
    x[[5, 9]] = size
    with complains("'image'", "2 of 24 rows", "row 5", f"{size:.3g}", "scale"):
        model.transform({"image": x})


def test_outputs_that_are_really_zero_stay_zero(tiny, train):
    model = DRCL(**tiny | {"hidden": (), "standardise": False}).fit(train)
    assert not model.transform({"image": np.zeros((2, 7))})["image"].any()


def test_settings_cannot_be_changed_through_what_is_given_out(tiny):
    model = DRCL(**tiny | {"learning_rate": {"image": 0.1, "text": 0.2}})
    model.get_params()["learning_rate"]["image"] = 9.0
    assert model.settings.rate("image") == 0.1


def test_settings_of_numpys_numbers_are_saved(tiny, train, tmp_path):
    numbers = {"hidden": (np.int64(8),), "learning_rate": dict.fromkeys(train.modalities, np.float32(0.01))}
    model = DRCL(**tiny | numbers).fit(train)
    loaded = DRCL.load(model.save(tmp_path / "model"), "cpu")
    assert loaded.get_params() == model.get_params()


def test_a_modality_is_added_by_the_rows_that_have_a_class(tiny, same):
    source = np.random.default_rng(0)
    x, y = source.normal(size=(40, 5)), source.integers(2, size=(40, 3))
    y[:20] |= np.eye(3, dtype=int)[np.arange(20) % 3]
    y[20:24] = 0
    kept = y.any(axis=1)
    models = [DRCL(**tiny).fit(Split({"a": x[kept]}, {"a": y[kept]})) for _ in range(2)]
    with pytest.warns(UserWarning, match=f"train: {(~kept).sum()} of 40 rows of 'b' have no class and are left out"):
        models[0].add_modality("b", x, y)
    models[1].add_modality("b", x[kept], y[kept])
    assert same(*(model.transform({"b": x}) for model in models))


def test_a_modality_whose_validation_has_a_new_class_has_no_loss_to_pick_by(tiny, train, complains):
    model = DRCL(**tiny | {"monitor": "loss"}).fit(train)
    x, y = train.features["text"], train.labels["text"]
    with complains("monitor='loss'", "'3 (new)'", "use 'map'"):
        model.add_modality("more", x, y, (x, y + 1))

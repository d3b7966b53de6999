"""What every compared method inherits: checks, unit rows, evaluation; and pairs, checked or made."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from drcl_mini import Split, baselines
from drcl_mini.baselines import Baseline, FixedPrior, class_pairs


@dataclass(eq=False)
class Echo(Baseline):
    """Embeds items as their first two features."""

    title: ClassVar[str] = "Echo"
    fail: type | None = None

    def _learn(self, train, validation):
        if self.fail:
            raise self.fail("no")

    def _embed(self, name, x):
        return x[:, :2]


class Pairs(Echo):
    needs_pairs = True


class Single(Echo):
    needs_single_label = True


def test_embeddings_are_float32_unit_rows_and_a_zero_row_stays_zero(train):
    rows = Echo().fit(train).transform({"image": np.r_[[[3.0, 4.0, 9, 9, 9, 9, 9]], np.zeros((1, 7))]})["image"]
    assert rows.dtype == np.float32
    assert rows.tolist() == [[np.float32(0.6), np.float32(0.8)], [0, 0]]


def test_evaluates_every_pair_of_modalities(make_split):
    split = make_split({"a": (12, 3), "b": (15, 3), "c": (9, 3)})
    assert len(Echo().fit(split).evaluate(split, k=[None]).scores) == 6


def test_says_what_a_method_cannot_work_with(make_split, train, complains):
    multi = make_split(multi_hot=True)
    with complains("Echo needs at least two modalities", "('image',)"):
        Echo().fit(train.only("image"))
    with complains("Echo needs one class an item", "multi-hot"):
        Single().fit(multi)
    with complains("Echo needs pairs", "24 items of 'image' and 20 of 'text' don't pair", "class_pairs"):
        Pairs().fit(train)
    with complains("their labels differ row by row", "class_pairs"):
        Pairs().fit(Split({"a": np.eye(4), "b": np.eye(4)}, {"a": [0, 1, 0, 1], "b": [0, 1, 1, 0]}))
    with complains("validation is tuple", "Split"):
        Echo().fit(train, (1, 2))
    with complains("train is dict", "Split"):
        Echo().fit({"image": np.eye(3)})
    with complains("validation has modality 'sound'"):
        Echo().fit(train, Split({"sound": np.eye(3)}, {"sound": [0, 1, 2]}))


def test_says_what_it_was_not_fitted_for(train, complains):
    model = Echo()
    with complains("Echo has not been fitted: call fit first"):
        model.transform(train)
    model.fit(train)
    with complains("Echo knows no modality 'imagee'", "did you mean 'image'"):
        model.transform({"imagee": np.eye(7)})
    with complains("modality 'image' has 3 features, the model was fitted on 7"):
        model.transform({"image": np.eye(3)})


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_half_learned_is_not_fitted(error, train, complains):
    model = Echo(fail=error)
    with pytest.raises(error):
        model.fit(train)
    with complains("Echo has not been fitted"):
        model.transform(train)


def test_an_interrupted_fixed_prior_is_not_fitted(train, complains, monkeypatch):
    def interrupted(*data):
        raise KeyboardInterrupt

    model = FixedPrior(settings={"hidden": (8,), "dim": 4, "epochs": 2})
    monkeypatch.setattr("drcl_mini.method.consistency.augment", interrupted)  # DRCL makes a warning of it
    with pytest.raises(KeyboardInterrupt), pytest.warns(UserWarning, match="interrupted"):
        model.fit(train)
    with complains("has not been fitted"):
        model.transform(train)


def test_bad_data_leaves_an_earlier_fit_alone(train):
    model = Echo().fit(train)
    with pytest.raises(ValueError, match="two modalities"):
        model.fit(train.only("text"))
    assert model.transform(train)["image"].shape == (24, 2)


def test_settings_are_fields_and_show(train):
    assert repr(Echo(seed=3)) == "Echo(seed=3, device='auto', fail=None)"
    with pytest.raises(TypeError, match="sed"):
        Echo(sed=1)


def test_class_pairs_pairs_classes_and_leaves_no_item_out(make_split):
    split = make_split({"a": (30, 3), "b": (11, 2), "c": (17, 4)})
    pairs = class_pairs(split, seed=1)
    assert len({pairs.labels[name].tobytes() for name in pairs.modalities}) == 1
    assert len(pairs.labels["a"]) == 30  # the largest modality of each class, repeated to fit
    for name, x in split.features.items():
        assert {row.tobytes() for row in pairs.features[name]} == {row.tobytes() for row in x}
        own = {row.tobytes(): y for row, y in zip(x, split.labels[name], strict=True)}
        assert [own[row.tobytes()] for row in pairs.features[name]] == pairs.labels[name].tolist()


def test_class_pairs_depends_on_the_seed_alone(train, same):
    assert same(class_pairs(train, 3).features, class_pairs(train, 3).features)
    assert not same(class_pairs(train, 3).features, class_pairs(train, 4).features)


def test_class_pairs_leaves_out_classes_that_a_modality_lacks(complains):
    x = {"a": np.eye(4), "b": np.eye(4)}
    pairs = class_pairs(Split(x, {"a": [0, 1, 2, 2], "b": [0, 1, 1, 3]}))
    assert sorted(set(pairs.labels["a"].tolist())) == [0, 1]
    with complains("no class is in all modalities"):
        class_pairs(Split(x, {"a": [0, 1, 0, 1], "b": [2, 3, 2, 3]}))


def test_class_pairs_refuses_multi_hot_labels(make_split, complains):
    with complains("class_pairs needs one class an item"):
        class_pairs(make_split(multi_hot=True))


@pytest.mark.parametrize("method", [baselines.SM, baselines.DeepSM])
def test_frames_with_columns_in_another_order_are_refused(method, train, complains):
    names = {name: [f"c{i}" for i in range(x.shape[1])] for name, x in train.features.items()}
    frames = {name: pd.DataFrame(x, columns=names[name]) for name, x in train.features.items()}
    model = method(**({"epochs": 1} if method is baselines.DeepSM else {})).fit(Split(frames, train.labels))
    turned = {name: frame[names[name][::-1]] for name, frame in frames.items()}
    with complains("'image'", "another order than in training"):
        model.transform(turned)
    with complains("'image'", "another order than in training"):
        method().fit(Split(frames, train.labels), Split(turned, train.labels))


@pytest.mark.parametrize("method", [baselines.DeepSM, baselines.MARS, baselines.SM])
def test_validation_may_have_a_class_that_training_lacks(method, train):
    known = {name: np.flatnonzero(y < 2) for name, y in train.labels.items()}
    quick = {"epochs": 2} if method is not baselines.SM else {}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = method(**quick).fit(train.take(known), train)
    picks_an_epoch = method is not baselines.SM
    assert any("training lacks: ['2 (new)']" in str(w.message) for w in told) == picks_an_epoch
    assert model.n_classes_ == 2
    assert np.isfinite(model.transform(train)["image"]).all()

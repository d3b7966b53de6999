"""DRCL's first stage alone: the priors and encoders are DRCL's own, to the bit."""

import numpy as np
import pytest
import torch

from drcl_mini import DRCL
from drcl_mini.baselines import SPLAlone, SPLEncoders

SMALL = {"hidden": (16,), "dim": 8, "prior_epochs": 12, "prior_learning_rate": 0.01, "device": "cpu"}


def test_the_priors_are_those_of_drcl(train):
    model = SPLAlone(**SMALL, label_noise=0.2).fit(train)
    drcl = DRCL(**SMALL, label_noise=0.2, epochs=1).fit(train)
    for name, learned in model.learned_.items():
        assert torch.equal(learned.prior, drcl.priors_[name])
        assert learned.score == drcl.quality_scores_[name]


def test_posteriors_and_outputs_are_of_the_same_encoders(train, make_split):
    test = make_split(seed=2)
    outputs = SPLEncoders(**SMALL).fit(train).transform(test)
    model = SPLAlone(**SMALL).fit(train)
    for name, rows in model.transform(test).items():
        logits = torch.from_numpy(outputs[name]) @ model.learned_[name].prior
        expected = logits.softmax(dim=1).numpy()
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(rows, expected, atol=1e-5)


@pytest.mark.parametrize("method", [SPLAlone, SPLEncoders])
def test_beats_chance_and_takes_multi_hot_labels(method, train, make_split):
    sizes = {"image": (90, 7), "text": (60, 5), "keys": (33, 4)}
    model = method(**SMALL).fit(make_split(sizes))
    assert model.evaluate(make_split(sizes, seed=2)).mean() > 0.55  # chance is 0.37
    multi = make_split(multi_hot=True)
    assert method(**SMALL).fit(multi).transform(multi)["image"].shape == (
        len(multi.labels["image"]),
        8 if method is SPLEncoders else 3,
    )


def test_the_seed_decides(train, same):
    first, again, other = (SPLAlone(**SMALL, seed=seed).fit(train).transform(train) for seed in (0, 0, 1))
    assert same(first, again)
    assert not same(first, other)


def test_settings_are_checked(complains):
    with complains("SPL alone", "prior_epochs", "-1"):
        SPLAlone(prior_epochs=-1)
    with complains("SPL alone", "q_rate", "-1"):
        SPLAlone(q_rate=-1.0)


@pytest.mark.parametrize("method", [SPLAlone, SPLEncoders])
def test_a_second_fit_begins_anew(method, train, same):
    model = method(**SMALL).fit(train)
    first = model.transform(train)
    assert same(model.fit(train).transform(train), first)

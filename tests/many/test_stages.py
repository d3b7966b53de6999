"""SPL and RSC on a stack, against the plain loops for each of its runs."""

import pytest
import torch

from drcl_mini import Settings, TrainingDiverged
from drcl_mini.data.labels import one_hot
from drcl_mini.many.stages import fit_encoders, learn_priors
from drcl_mini.method.consistency import fit_encoder
from drcl_mini.method.encoder import build_encoder
from drcl_mini.method.prior import learn_prior, orthogonal_prior
from drcl_mini.training.batches import generator

VARIANTS = {
    "one": [{}],
    "seeds": [{"seed": seed} for seed in range(3)],
    "settings": [
        {"q_rate": 0.0, "learning_rate": 0.003},
        {"monitor": "loss", "beta": 0.0, "prior_learning_rate": 0.05},
        {"keep_best_prior": False, "monitor": None, "gamma": 1.0},
    ],
    "patience": [{"epochs": 9, "patience": 1}, {"epochs": 9, "prior_epochs": 7}],
    "no epochs": [{"epochs": 0, "prior_epochs": 0}, {}],
    "one diverges": [{"learning_rate": 1e30, "prior_learning_rate": 1e30}, {}],
}
each_variant = pytest.mark.parametrize("variants", VARIANTS.values(), ids=VARIANTS)


def pair(split, name):
    return torch.from_numpy(split.features[name]), one_hot(split.labels[name], 3)


def attempt(work):
    try:
        return work()
    except TrainingDiverged as error:
        return error


def assert_same_records(found, expected):
    assert [record.keys() for record in found] == [record.keys() for record in expected]
    for record, other in zip(found, expected, strict=True):
        assert record == pytest.approx(other, abs=4e-3)


@each_variant
@pytest.mark.parametrize("held", [False, True])
def test_learn_priors_is_learn_prior_for_each(tiny, train, validation, variants, held):
    settings = [Settings(**tiny | changes) for changes in variants]
    (x, y), scored = pair(train, "image"), pair(validation, "image") if held else None
    starts = [orthogonal_prior(6, 3, torch.Generator().manual_seed(i)) for i in range(len(settings))]
    told = [[] for _ in settings]
    reports = [records.append for records in told]
    found = learn_priors(x, [y] * len(settings), starts, settings, "image", scored, reports)
    for s, start, learned, records in zip(settings, starts, found, told, strict=True):
        alone = attempt(lambda s=s, start=start: learn_prior(x, y, start, s, "image", scored))
        assert type(learned) is type(alone)
        if isinstance(alone, TrainingDiverged):
            assert (str(learned), records) == (str(alone), [])
            continue
        assert torch.allclose(learned.prior, alone.prior, atol=2e-4)
        assert learned.score == pytest.approx(alone.score, abs=2e-4)
        assert learned.history == records
        assert_same_records(learned.history, alone.history)


@each_variant
@pytest.mark.parametrize("held", [False, True])
def test_fit_encoders_is_fit_encoder_for_each(tiny, train, validation, variants, held):
    settings = [Settings(**tiny | changes) for changes in variants]
    (x, y), watched = pair(train, "text"), pair(validation, "text") if held else None
    priors = [orthogonal_prior(6, 3, torch.Generator().manual_seed(i)) for i in range(len(settings))]
    stack, single = ([build_encoder(x, s, generator(s.seed, "encoder")) for s in settings] for _ in range(2))
    told = [[] for _ in settings]
    reports = [records.append for records in told]
    found = fit_encoders(stack, x, [y] * len(settings), priors, settings, "text", watched, reports)
    for s, w, encoder, plain, records, seen in zip(settings, priors, stack, single, found, told, strict=True):
        alone = attempt(lambda s=s, w=w, plain=plain: fit_encoder(plain, x, y, w, s, "text", watched))
        assert type(records) is type(alone)
        if isinstance(alone, TrainingDiverged):
            assert (str(records), seen) == (str(alone), [])
        else:
            assert records == seen
            assert_same_records(records, alone)
        for mine, theirs in zip(encoder.parameters(), plain.parameters(), strict=True):
            assert torch.allclose(mine, theirs, atol=2e-4)

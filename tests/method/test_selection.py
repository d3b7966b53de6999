"""Which prior the estimator takes."""

import pytest
import torch

import drcl_mini.method.estimator
from drcl_mini import DRCL, Split
from drcl_mini.method.prior import LearnedPrior, orthogonal_prior


def test_every_modality_starts_from_the_same_prior(tiny, train, monkeypatch):
    starts = []

    def spy(x, y, start, *arguments):
        starts.append(start.clone())
        return LearnedPrior(start + len(starts), 0.5, None, [])

    monkeypatch.setattr(drcl_mini.method.estimator, "learn_prior", spy)
    DRCL(**tiny).fit(train)
    assert len(starts) == 2
    assert torch.equal(starts[0], starts[1])
    assert (starts[0].T @ starts[0] - torch.eye(3)).abs().max() < 1e-6


@pytest.mark.parametrize("winner", ["image", "text"])
def test_the_scores_select_the_prior(tiny, train, monkeypatch, winner):
    def fake(x, y, start, settings, modality, *arguments):
        factor, score = (2 if modality == "image" else 3), (0.6 if modality == winner else 0.5)
        return LearnedPrior(start * factor, score, None, [])

    monkeypatch.setattr(drcl_mini.method.estimator, "learn_prior", fake)
    model = DRCL(**tiny).fit(train)
    assert model.prior_source_ == winner
    assert model.quality_scores_ == {name: 0.6 if name == winner else 0.5 for name in ("image", "text")}
    assert model.prior_.norm(dim=0).tolist() == pytest.approx([2 if winner == "image" else 3] * 3)
    assert torch.equal(model.prior_, model.priors_[winner])


@pytest.mark.parametrize("informative", ["image", "text"])
@pytest.mark.parametrize("selection", ["train", "validation"])
def test_selection_follows_the_information(tiny, make_split, informative, selection):
    def noisy(seed):
        noise, clear = make_split(spread=100, seed=seed), make_split(seed=seed)
        return Split(
            {name: (clear if name == informative else noise).features[name] for name in clear.modalities}, clear.labels
        )

    model = DRCL(**tiny | {"prior_epochs": 30}, selection=selection).fit(noisy(0), noisy(1))
    assert model.prior_source_ == informative
    other = next(name for name in ("image", "text") if name != informative)
    assert model.quality_scores_[informative] > model.quality_scores_[other]


@pytest.mark.parametrize(("selection", "source"), [("train", "image"), ("validation", "text")])
def test_selection_scores_the_split_that_the_settings_name(tiny, make_split, selection, source):
    clear, noise = make_split(), make_split(spread=100)
    train = Split({"image": clear.features["image"], "text": noise.features["text"]}, clear.labels)
    wrong = Split(train.features, {**train.labels, "image": (train.labels["image"] + 1) % 3})
    model = DRCL(**tiny | {"prior_epochs": 30}, selection=selection).fit(train, wrong)
    assert model.prior_source_ == source


@pytest.mark.parametrize("prior", ["orthogonal", "simplex", "image", "text"])
@pytest.mark.filterwarnings("ignore:the prior has rank")
def test_the_prior_that_the_settings_name(tiny, train, prior):
    model = DRCL(**tiny, prior=prior).fit(train)
    learned = {prior} if prior in train.modalities else set()
    assert model.prior_source_ == prior
    assert model.priors_.keys() == model.quality_scores_.keys() == learned
    cosines = torch.nn.functional.normalize(model.prior_, dim=0)
    if not learned:
        off = {"orthogonal": 0.0, "simplex": -0.5}[prior]
        assert (cosines.T @ cosines)[0, 1].item() == pytest.approx(off, abs=1e-6)


def test_a_given_prior_is_used_as_it_is(tiny, train):
    w = 3 * orthogonal_prior(6, 3, torch.Generator().manual_seed(7))
    for given in (w, w.numpy(), w.tolist()):
        model = DRCL(**tiny).fit(train, prior=given)
        assert torch.equal(model.prior_, w)
        assert (model.prior_source_, model.priors_) == ("given", {})

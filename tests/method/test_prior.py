import numpy as np
import pytest
import torch

import drcl_mini.method.prior
from drcl_mini import Settings, TrainingDiverged
from drcl_mini.data.labels import one_hot
from drcl_mini.method.encoder import build_encoder
from drcl_mini.method.losses import generalized_cross_entropy
from drcl_mini.method.prior import (
    learn_prior,
    orthogonal_prior,
    quality_score,
    select_prior,
    simplex_prior,
)
from drcl_mini.training.batches import batches, generator
from drcl_mini.training.watch import Watch

SHAPES = pytest.mark.parametrize(("dim", "classes"), [(8, 3), (5, 5), (64, 10), (2, 2)])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@SHAPES
def test_orthogonal_prior_has_orthonormal_columns(dim, classes):
    w = orthogonal_prior(dim, classes, seeded()).double()
    assert w.shape == (dim, classes)
    assert (w.T @ w - torch.eye(classes)).abs().max() < 1e-6


@SHAPES
def test_simplex_prior_has_unit_columns_as_far_apart_as_can_be(dim, classes):
    w = simplex_prior(dim, classes, seeded()).double()
    expected = torch.full((classes, classes), -1 / (classes - 1), dtype=torch.float64).fill_diagonal_(1)
    assert (w.T @ w - expected).abs().max() < 1e-6
    assert torch.linalg.matrix_rank(w, rtol=1e-5) == classes - 1


@pytest.mark.parametrize("make", [orthogonal_prior, simplex_prior])
def test_fixed_priors_follow_their_seed_and_need_room(make, complains):
    assert torch.equal(make(8, 3, seeded()), make(8, 3, seeded()))
    assert not torch.equal(make(8, 3, seeded()), make(8, 3, seeded(1)))
    with complains("dim is 3 for 4 classes"):
        make(3, 4, seeded())


def test_simplex_prior_needs_two_classes(complains):
    with complains("at least 2 classes, not 1"):
        simplex_prior(4, 1, seeded())


def test_quality_score_equals_loops():
    f, w = torch.randn(5, 4, generator=seeded()).double(), torch.randn(4, 3, generator=seeded(1)).double()
    y = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]]).double()
    total = 0.0
    for row, target in zip((f @ w).tolist(), y.tolist(), strict=True):
        weights = np.exp(row)
        total += sum(t * p for t, p in zip(target, weights / weights.sum(), strict=True))
    assert quality_score(f, y, w) == pytest.approx(total / 5, 1e-12)


@pytest.fixture
def learn(train, tiny, monkeypatch):
    """Learn a prior on the images; gives it, its start, and what W was at the end of each epoch."""

    def run(scored_on_wrong_labels=False, **settings):
        seen, source = [], seeded()

        class Seen(Watch):
            def end_epoch(self, **record):
                seen.append(self.network.prior.detach().clone())
                super().end_epoch(**record)

        monkeypatch.setattr(drcl_mini.method.prior, "Watch", Seen)
        start = orthogonal_prior(tiny["dim"], 3, source)
        x, y = torch.from_numpy(train.features["image"]), one_hot(train.labels["image"], 3)
        wrong = (x, y.roll(1, dims=1)) if scored_on_wrong_labels else None
        learned = learn_prior(x, y, start, Settings().replace(**{**tiny, **settings}), "image", wrong)
        return learned, start, seen

    return run


def test_learn_prior_learns(learn):
    learned, start, _ = learn(prior_epochs=60)
    scores = [record["score"] for record in learned.history]
    assert [record["epoch"] for record in learned.history] == list(range(1, 61))
    assert [record["q"] for record in learned.history] == pytest.approx([0.01 * e for e in range(1, 61)])
    assert scores[0] < 0.5 < 0.9 < learned.score == max(scores)
    assert learned.history[-1]["total"] < 0.5 * learned.history[0]["total"]
    assert not torch.equal(learned.prior, start)


@pytest.mark.parametrize("drop_last", [False, True])
def test_learning_equals_a_plain_loop(learn, tiny, train, drop_last):
    learned, start, _ = learn(q_rate=0.4, drop_last=drop_last, keep_best_prior=False, prior_epochs=4, seed=5)
    x, y = torch.from_numpy(train.features["image"]), one_hot(train.labels["image"], 3)
    source = generator(5, "prior", "image")
    encoder, w = build_encoder(x, Settings().replace(**tiny), source), start.clone().requires_grad_()
    optimiser = torch.optim.Adam([*encoder.parameters(), w], lr=0.01, betas=(0.5, 0.999))
    for epoch in (1, 2, 3, 4):
        for index, _ in batches(len(x), 16, drop_last, source):
            optimiser.zero_grad()
            generalized_cross_entropy(encoder(x[index]) @ w, y[index], min(1, 0.4 * epoch)).backward()
            optimiser.step()
    assert torch.allclose(learned.prior, w, atol=1e-5)
    assert not torch.allclose(start, w, atol=1e-2)


@pytest.mark.parametrize("first", [0, 1])
def test_an_epoch_zero_changes_nothing(learn, first):
    learned, start, seen = learn(prior_first_epoch=first, keep_best_prior=False)
    assert [record["epoch"] for record in learned.history] == [first, first + 1, first + 2]
    assert torch.equal(seen[0], start) == (first == 0)
    assert not torch.equal(seen[1], start)


@pytest.mark.parametrize("keep_best", [True, False])
def test_keep_best_prior(learn, keep_best):
    learned, _, seen = learn(scored_on_wrong_labels=True, prior_epochs=6, keep_best_prior=keep_best)
    scores = [record["score"] for record in learned.history]
    assert scores == sorted(scores, reverse=True)  # so the first epoch is the best
    assert learned.score == scores[0]
    assert torch.equal(learned.prior, seen[0 if keep_best else -1])
    assert not torch.equal(seen[0], seen[-1])


def test_select_prior_takes_the_first_of_the_best(complains):
    assert select_prior({"image": 0.2, "text": 0.7, "audio": 0.7}) == "text"
    with complains("no scores"):
        select_prior({})


def test_learn_prior_tells_each_epoch_and_where_it_diverged(train, tiny, complains):
    x, y = torch.from_numpy(train.features["image"]), one_hot(train.labels["image"], 3)
    start, settings, told = orthogonal_prior(tiny["dim"], 3, seeded()), Settings(**tiny), []
    found = learn_prior(x, y, start, settings, "image", report=told.append)
    assert told == found.history
    assert [record["epoch"] for record in told] == [1, 2, 3]
    with complains("epoch 1", "lower the learning rate", error=TrainingDiverged):
        learn_prior(x, y, start, settings.replace(prior_learning_rate=1e38), "image")

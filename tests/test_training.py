from itertools import pairwise

import pytest
import torch

from drcl_mini import Settings, TrainingDiverged
from drcl_mini.training import Run, batches, generator, train

SIZES = [(10, 4), (10, 3), (1, 4), (3, 4), (4, 4), (100, 7)]


@pytest.mark.parametrize(("samples", "batch_size"), SIZES)
def test_batches_cover_every_sample_once_in_nearly_equal_parts(samples, batch_size):
    parts = list(batches(samples, batch_size, False, generator(0)))
    sizes = [len(index) for index, _ in parts]
    assert sorted(torch.cat([index for index, _ in parts]).tolist()) == list(range(samples))
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) <= batch_size
    assert len(parts) == -(-samples // batch_size)
    assert all(sorted(partner.tolist()) == list(range(len(index))) for index, partner in parts)


@pytest.mark.parametrize(("samples", "batch_size"), SIZES)
def test_batches_with_drop_last_are_full_and_at_least_one(samples, batch_size):
    parts = [index for index, _ in batches(samples, batch_size, True, generator(0))]
    assert {len(part) for part in parts} == {min(samples, batch_size)}
    assert len(parts) == max(1, samples // batch_size)
    assert torch.cat(parts).unique().numel() == sum(map(len, parts))


def test_batches_are_shuffled_anew_from_the_source():
    source = generator(0, "batches", "image")
    first, second = (next(batches(50, 50, False, source))[0].tolist() for _ in range(2))
    again = next(batches(50, 50, False, generator(0, "batches", "image")))[0].tolist()
    assert first == again
    assert len({tuple(first), tuple(second), tuple(range(50))}) == 3


def test_generators_differ_by_seed_and_by_name():
    sources = [
        generator(0),
        generator(1),
        generator(0, "a"),
        generator(0, "b"),
        generator(0, "a", "b"),
        generator(2**63 - 1),
    ]
    assert len({torch.rand(1, generator=source).item() for source in sources}) == len(sources)


class Weight(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(3))

    def forward(self):
        return self.weight


@pytest.fixture
def run():
    """Train one weight towards 100; gives it, the records, and what it was at the end of each epoch."""

    def go(loss=lambda weight, epoch: (weight - 100).square().sum(), samples=10, raises=None, **given):
        network, ends = Weight(), []

        def losses(network, index, partner, own):
            value = loss(network(), own["epoch"].item())
            return {"part": value, "indices": index.double().mean(), "total": value}

        def after_epoch(stack, own):
            ends.append(network.weight.detach().clone())
            return {"seen": own["epoch"]}

        settings = Settings(batch_size=4).but(**{k: given.pop(k) for k in ("batch_size", "drop_last") if k in given})
        one = Run(network, settings, generator(0), **{"learning_rate": 0.1, "epochs": range(1, 6), **given})
        if raises in (None, TrainingDiverged):
            train([one], losses, samples, after_epoch)
            assert (raises is None) == (one.error is None)
            return network.weight.detach(), one.records if raises is None else str(one.error), ends
        with pytest.raises(raises):
            train([one], losses, samples, after_epoch)
        return network.weight.detach(), None, ends

    return go


def test_training_minimises_the_total_and_ends_with_the_last_epoch(run):
    weight, records, ends = run()
    assert [record["epoch"] for record in records] == [record["seen"] for record in records] == [1, 2, 3, 4, 5]
    assert all(later["total"] < earlier["total"] for earlier, later in pairwise(records))
    assert torch.equal(weight, ends[-1])


def test_records_hold_the_mean_over_samples_not_over_batches(run):
    assert [record["indices"] for record in run()[1]] == pytest.approx([4.5] * 5, 1e-12)


@pytest.mark.parametrize("drop_last", [True, False])
def test_fewer_samples_than_a_batch_still_make_a_step_each_epoch(run, drop_last):
    _, records, ends = run(samples=3, batch_size=1024, drop_last=drop_last)
    assert len(records) == 5
    assert len({end[0].item() for end in ends}) == 5
    assert ends[0][0] > 0


def test_no_epochs_leave_everything_as_it_was(run):
    weight, records, _ = run(epochs=range(0))
    assert records == []
    assert torch.equal(weight, torch.zeros(3))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_diverged_loss_names_epoch_and_loss_and_keeps_the_last_good_state(run, bad):
    weight, message, ends = run(lambda w, epoch: (w * (bad if epoch == 3 else 1)).sum(), raises=TrainingDiverged)
    assert "epoch 3" in message
    assert "part" in message
    assert "0.1" in message
    assert "\n" not in message
    assert len(ends) == 2
    assert torch.equal(weight, ends[-1])


def test_weights_that_are_lost_without_a_lost_loss_diverge_too(run):
    def loss(weight, epoch):
        return weight.sum() if epoch < 3 else (0 * weight).sqrt().sum()  # 0, whose gradient is NaN

    weight, message, ends = run(loss, batch_size=10, raises=TrainingDiverged)
    assert "epoch 3: weights not finite" in message
    assert torch.equal(weight, ends[-1])


@pytest.mark.parametrize(
    ("values", "patience", "epochs", "best"),
    [([1, 3, 2, 3, 0], None, 5, 2), ([1, 3, 2, 2, 9], 2, 4, 2), ([5, 4, 3, 2, 1], 1, 2, 1), ([1, 2, 3, 4, 5], 1, 5, 5)],
)
def test_early_stopping_restores_the_best_epoch(run, values, patience, epochs, best):
    weight, records, ends = run(rank=lambda record: values[record["epoch"] - 1], patience=patience)
    assert len(records) == epochs
    assert torch.equal(weight, ends[best - 1])


@pytest.mark.parametrize("rank", [None, lambda record: -record["epoch"]], ids=["last", "best"])
def test_ctrl_c_in_the_middle_of_an_epoch_restores_the_last_good_state(run, rank):
    calls = []

    def loss(weight, epoch):
        calls.append(weight.detach().clone())
        if len(calls) == 3 * 3 + 2:  # the second of three batches of the fourth epoch
            raise KeyboardInterrupt
        return (weight - 100).square().sum()

    weight, _, ends = run(loss, rank=rank, raises=KeyboardInterrupt)
    assert len(ends) == 3
    assert not torch.equal(calls[-1], ends[-1])
    assert torch.equal(weight, ends[-1 if rank is None else 0])

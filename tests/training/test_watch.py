import json
from contextlib import nullcontext
from itertools import pairwise

import pytest
import torch

from drcl_mini import TrainingDiverged
from drcl_mini.training.batches import batches, generator
from drcl_mini.training.watch import Watch

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
    def __init__(self, width=3):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(width))


def towards_100(weight, epoch):
    return (weight - 100).square().sum()


@pytest.fixture
def run():
    """Train one weight in a plain loop; gives it, the records (or the error), and what it was as each epoch ended."""

    def go(loss=towards_100, samples=10, batch_size=4, drop_last=False, epochs=5, raises=None, **given):
        network, source, ends = Weight(), generator(0), []
        adam = torch.optim.Adam(network.parameters(), 0.1)
        watch = Watch(network, adam, source, range(1, epochs + 1), **given)
        with pytest.raises(raises) if raises else nullcontext() as caught, watch:
            for epoch in watch:
                for index, _ in batches(samples, batch_size, drop_last, source):
                    value = loss(network.weight, epoch)
                    adam.zero_grad()
                    value.backward()
                    adam.step()
                    watch.add(len(index), part=value, indices=index.double().mean(), total=value)
                means = watch.means()
                ends.append(network.weight.detach().clone())
                watch.end_epoch(epoch=epoch, **means)
        assert network.weight.grad is None
        return network.weight.detach(), str(caught.value) if raises else watch.records, ends

    return go


def test_training_minimises_the_total_and_ends_with_the_last_epoch(run):
    told = []
    weight, records, ends = run(report=told.append)
    assert [record["epoch"] for record in records] == [1, 2, 3, 4, 5]
    assert told == records
    assert all(later["total"] < earlier["total"] for earlier, later in pairwise(records))
    assert torch.equal(weight, ends[-1])


def test_records_hold_the_mean_over_samples_not_over_batches(run):
    assert [record["indices"] for record in run()[1]] == pytest.approx([4.5] * 5, 1e-6)


@pytest.mark.parametrize("drop_last", [True, False])
def test_fewer_samples_than_a_batch_still_make_a_step_each_epoch(run, drop_last):
    _, records, ends = run(samples=3, batch_size=1024, drop_last=drop_last)
    assert len(records) == 5
    assert len({end[0].item() for end in ends}) == 5
    assert ends[0][0] > 0


def test_no_epochs_leave_everything_as_it_was(run):
    weight, records, _ = run(epochs=0)
    assert records == []
    assert torch.equal(weight, torch.zeros(3))


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_diverged_loss_names_epoch_and_loss_and_keeps_the_last_good_state(run, bad):
    weight, message, ends = run(lambda w, epoch: (w * (bad if epoch == 3 else 1)).sum(), raises=TrainingDiverged)
    assert message == "training diverged in epoch 3: NaN or infinity in part; lower the learning rate (0.1)"
    assert len(ends) == 2
    assert torch.equal(weight, ends[-1])


def test_weights_that_are_lost_without_a_lost_loss_diverge_too(run):
    def loss(weight, epoch):
        return weight.sum() if epoch < 3 else (0 * weight).sqrt().sum()  # 0, whose gradient is NaN

    weight, message, ends = run(loss, batch_size=10, raises=TrainingDiverged)
    assert "epoch 3: NaN or infinity in weights" in message
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
        return towards_100(weight, epoch)

    weight, _, ends = run(loss, rank=rank, raises=KeyboardInterrupt)
    assert len(ends) == 3
    assert not torch.equal(calls[-1], ends[-1])
    assert torch.equal(weight, ends[-1 if rank is None else 0])


class Kept:
    """A phase that keeps in memory what a file would, and has the training end after so many epochs."""

    def __init__(self, stop, before=None):
        self.stop, self.kept, self.epochs = stop, before, 0

    def resume(self, watch):
        if self.kept:
            watch.set_state(self.kept[0], json.loads(self.kept[1]))

    def keep(self, watch):
        tensors, about = watch.state()
        self.kept = {name: value.detach().clone() for name, value in tensors.items()}, json.dumps(about)
        self.epochs += 1
        if self.epochs == self.stop:
            raise InterruptedError


def by_last(record):
    return -abs(record["epoch"] - 3)


@pytest.mark.parametrize(("rank", "patience", "length"), [(None, None, 5), (by_last, None, 5), (by_last, 1, 4)])
@pytest.mark.parametrize("stop", [1, 2, 3, 4])
def test_a_training_that_goes_on_ends_with_the_same_bits(run, rank, patience, length, stop):
    whole, expected, _ = run(rank=rank, patience=patience)
    phase, told = Kept(stop), []
    run(rank=rank, patience=patience, phase=phase, raises=InterruptedError)
    weight, records, ends = run(rank=rank, patience=patience, phase=Kept(None, phase.kept), report=told.append)
    assert torch.equal(weight, whole)
    assert records == told == expected
    assert len(records) == length
    assert len(ends) == length - stop  # those that are done aren't done again


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs": 2}, "its records aren't those of the first epochs"),
        ({"epochs": 3}, "its 'done' flag contradicts its records"),
    ],
)
def test_a_state_of_another_training_is_refused(run, changes, told):
    phase = Kept(3)
    run(phase=phase, raises=InterruptedError)
    with pytest.raises(ValueError, match=told):
        run(**changes, phase=Kept(None, phase.kept))


def test_tensors_of_another_network_are_refused():
    networks = Weight(3), Weight(4)
    three, four = (Watch(n, torch.optim.Adam(n.parameters()), generator(0), range(1, 3)) for n in networks)
    with pytest.raises(ValueError, match=r"good/0 is torch.float32 \(3,\), expected \(4,\)"):
        four.set_state(*three.state())


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_score_that_is_lost_diverges_too(bad):
    network = Weight()
    adam = torch.optim.Adam(network.parameters(), 0.1)
    lost = pytest.raises(TrainingDiverged, match="epoch 2: NaN or infinity in validation_map")
    with lost, Watch(network, adam, generator(0), range(1, 4)) as watch:
        for epoch in watch:
            watch.end_epoch(epoch=epoch, validation_map=0.5 if epoch == 1 else bad)
    assert len(watch.records) == 1

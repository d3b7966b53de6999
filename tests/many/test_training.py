"""The loop for many runs: each ends as the plain loop around ``Watch`` ends for it alone."""

import pytest
import torch

from drcl_mini import Settings, TrainingDiverged
from drcl_mini.many.training import Run, train
from drcl_mini.training.batches import batches, generator
from drcl_mini.training.watch import Watch

SAMPLES, LAST = 10, 6


class Weight(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(3))

    def forward(self, factor):
        return self.weight * factor


def loss(rows, goal):
    return (rows - goal).square().sum()


class Case:
    """What a run is told: where to go, how fast, which epoch is the best, and when a factor that is no number comes."""

    def __init__(self, goal=100.0, rate=0.1, values=None, patience=None, lost=None, seed=0, epochs=LAST):
        self.goal, self.rate, self.patience, self.seed, self.epochs = goal, rate, patience, seed, range(1, epochs + 1)
        self.rank = values and (lambda record: values[record["epoch"] - 1])
        self.factor = lambda epoch: torch.tensor(float("nan") if epoch == lost else 1.0)

    def alone(self):
        """The plain loop: its weight, its records, and why it ended."""
        network, source = Weight(), generator(self.seed)
        adam = torch.optim.Adam(network.parameters(), self.rate, Settings().betas)
        error = None
        try:
            with Watch(network, adam, source, self.epochs, self.rank, self.patience) as watch:
                for epoch in watch:
                    for index, _ in batches(SAMPLES, 4, False, source):
                        value = loss(network(self.factor(epoch)), self.goal)
                        adam.zero_grad()
                        value.backward()
                        adam.step()
                        watch.add(len(index), part=value, indices=index.float().mean(), total=value)
                    means = watch.means()
                    watch.end_epoch(epoch=epoch, **means, q=Settings().q(epoch), seen=float(epoch))
        except TrainingDiverged as diverged:
            error = diverged
        return network.weight.detach(), watch.records, error

    def run(self):
        inputs = {"goal": torch.tensor(self.goal), "factor": self.factor}
        settings, watched = Settings(batch_size=4), {"rank": self.rank, "patience": self.patience}
        return Run(Weight(), settings, generator(self.seed), self.rate, self.epochs, inputs, **watched)


def losses(network, index, partner, inputs):
    value = loss(network(inputs["factor"]), inputs["goal"])
    return {"part": value, "indices": index.float().mean(), "total": value}


def seen(stack, inputs):
    return {"seen": inputs["epoch"]}


CASES = {
    "one": [{}],
    "seeds": [{"seed": seed} for seed in range(3)],
    "goals and rates": [{}, {"goal": -3.0}, {"rate": 0.5, "goal": 2.0}],
    "lengths": [{"epochs": 0}, {"epochs": 2}, {}],
    "none": [{"epochs": 0}, {"epochs": 0}],
    "best epochs": [{"values": [1, 3, 2, 3, 0, 1]}, {}, {"values": [6, 5, 4, 3, 2, 1]}, {"values": [1, 2, 3, 4, 5, 6]}],
    "patience": [{"values": [1, 3, 2, 2, 9, 9], "patience": 2}, {}, {"values": [6, 5, 4, 3, 2, 1], "patience": 1}],
    "one diverges": [{}, {"lost": 3}, {"seed": 4}],
    "all diverge": [{"lost": 2}, {"lost": 1}],
    "one that has ended would have diverged": [{"lost": 5, "values": [3, 2, 1, 0, 0, 0], "patience": 2}, {}],
}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_each_run_ends_as_the_plain_loop_does(cases):
    cases = [Case(**case) for case in cases]
    runs = [case.run() for case in cases]
    train(runs, losses, SAMPLES, seen)
    for run, case in zip(runs, cases, strict=True):
        weight, records, error = case.alone()
        assert torch.allclose(run.network.weight, weight, atol=1e-5)
        assert run.network.weight.grad is None
        assert run.network.weight.untyped_storage().nbytes() == run.network.weight.nbytes
        assert str(run.error) == str(error)
        assert run.records == [pytest.approx(record, rel=1e-5) for record in records]


def test_each_run_is_told_of_its_own_epochs():
    runs, told = [Case(epochs=epochs).run() for epochs in (2, 4)], ([], [])
    for run, records in zip(runs, told, strict=True):
        run.report = records.append
    train(runs, losses, SAMPLES, seen)
    assert [[record["epoch"] for record in records] for records in told] == [[1, 2], [1, 2, 3, 4]]
    assert [run.records for run in runs] == list(told)


@pytest.mark.parametrize("runs", [1, 3])
def test_ctrl_c_in_the_middle_of_an_epoch_restores_the_last_good_state(runs):
    calls = []

    def interrupted(*arguments):
        calls.append(None)
        if len(calls) == 3 * 3 + 2:  # the second of three batches of the fourth epoch
            raise KeyboardInterrupt
        return losses(*arguments)

    stack = [Case(seed=seed).run() for seed in range(runs)]
    with pytest.raises(KeyboardInterrupt):
        train(stack, interrupted, SAMPLES, seen)
    for seed, run in enumerate(stack):
        assert len(run.records) == 3
        assert torch.allclose(run.network.weight, Case(seed=seed, epochs=3).alone()[0], atol=1e-5)

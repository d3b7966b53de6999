"""What a training loop keeps beside it: records, the best weights, where to go on from."""

import math
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from .progress import Phase

Terms = dict[str, Tensor]
"""Named losses or scores."""

Record = dict[str, Any]
"""What is told of one epoch: its number, its mean losses, q, and scores."""

Report = Callable[[Record], None]
"""Called with the record of each epoch as it ends."""


class TrainingDiverged(RuntimeError):
    """A loss or a weight became NaN or infinite. The model keeps its last good state."""


def divergence(
    epoch: int, values: dict[str, float], finite: bool, rate: float
) -> TrainingDiverged | None:
    """The error of an epoch that ended with NaN or infinity, if it did.

    Args:
        epoch: the epoch's number.
        values: its losses and scores.
        finite: whether all weights are finite.
        rate: the learning rate.
    """
    odd = [name for name, value in values.items() if not math.isfinite(value)]
    if finite and not odd:
        return None
    names = ", ".join(name for name in odd if name != "total" or len(odd) == 1) or "weights"
    told = f"training diverged in epoch {epoch}: NaN or infinity in {names}"
    return TrainingDiverged(f"{told}; lower the learning rate ({rate:g})")


class Watch:
    """What a training keeps beside its loop: records, the best weights, a file to go on from.

    Within ``with``, iterating gives the epochs that are left. At the end, however it comes, the
    network has the weights of the best epoch.

    Args:
        network: what is trained.
        optimiser: of its parameters; ``None``: several networks share one, which is kept elsewhere.
        source: where the loop draws its batches from.
        epochs: values of the epoch counter.
        rank: gives a record a value; the epoch with the greatest one is the best. ``None``: the
            last.
        patience: stop after so many epochs without a better one.
        report: called with each epoch's record.
        phase: the part of a file that keeps where this training stands.

    Attributes:
        records: one record for each epoch.

    Example:
        >>> from drcl_mini.training.batches import generator
        >>> network = nn.Linear(2, 1)
        >>> adam = torch.optim.Adam(network.parameters())
        >>> with Watch(network, adam, generator(0), range(1, 4)) as watch:
        ...     for epoch in watch:
        ...         loss = network(torch.ones(5, 2)).square().mean()
        ...         adam.zero_grad()
        ...         loss.backward()
        ...         adam.step()
        ...         watch.add(5, total=loss)
        ...         watch.end_epoch(epoch=epoch, **watch.means())
        >>> [record["epoch"] for record in watch.records]
        [1, 2, 3]
    """

    def __init__(
        self,
        network: nn.Module,
        optimiser: torch.optim.Optimizer | None,
        source: torch.Generator,
        epochs: range,
        rank: Callable[[Record], float] | None = None,
        patience: int | None = None,
        report: Report | None = None,
        phase: Phase | None = None,
    ) -> None:
        self.network, self.optimiser, self.source, self.epochs = network, optimiser, source, epochs
        self.rank, self.patience, self.report, self.phase = rank, patience, report, phase
        self.records: list[Record] = []
        self._best, self._waited = -math.inf, 0
        self._good = [value.detach().clone() for value in network.parameters()]
        self._spare = [value.clone() for value in self._good]
        self._sums: Tensor | float = 0.0
        self._samples = 0
        if phase:
            phase.resume(self)

    def __enter__(self) -> "Watch":
        return self

    def __iter__(self) -> Iterator[int]:
        for record in self.records:  # those that a file brought back
            self._tell(record)
        while not self.ended:
            self._sums, self._samples = 0.0, 0
            yield self.epochs[len(self.records)]

    def add(self, samples: int, **losses: Tensor) -> None:
        """Take note of the mean losses of a batch."""
        self._names = list(losses)
        self._sums = self._sums + torch.stack([loss.detach() for loss in losses.values()]) * samples
        self._samples += samples

    def means(self) -> dict[str, float]:
        """The mean of each loss over the samples of this epoch.

        Raises:
            TrainingDiverged: a loss or a weight is NaN or infinite.
        """
        losses = dict(zip(self._names, (self._sums / self._samples).tolist(), strict=True))
        finite = all(bool(value.detach().isfinite().all()) for value in self.network.parameters())
        self._check(losses, finite)
        return losses

    def end_epoch(self, **record: Any) -> None:
        """Keep the record of an epoch, and its weights where it is the best so far.

        Raises:
            TrainingDiverged: a score is NaN or infinite.
        """
        self._check(record, finite=True)
        self.keep(record)

    def _check(self, values: dict[str, float], finite: bool) -> None:
        epoch = self.epochs[len(self.records)]
        rate = self.optimiser.param_groups[0]["lr"]
        error = divergence(epoch, values, finite, rate)
        if error:
            raise error

    def keep(self, record: Record) -> None:
        """Keep the record and the weights of an epoch whose numbers are finite."""
        value = record["epoch"] if self.rank is None else self.rank(record)
        if value > self._best:
            self._best, self._waited = value, 0
            for spare, weights in zip(self._spare, self.network.parameters(), strict=True):
                spare.copy_(weights.detach())  # reuse the buffer; allocating a new one is slower
            # In one step: Ctrl-C never finds weights of two epochs mixed.
            self._good, self._spare = self._spare, self._good
        else:
            self._waited += 1
        self.records.append(record)
        self._tell(record)
        if self.phase:
            self.phase.keep(self)

    def _tell(self, record: Record) -> None:
        if self.report:
            self.report(record)

    @property
    def ended(self) -> bool:
        """Whether all epochs are done, or ``patience`` is over."""
        return len(self.records) == len(self.epochs) or self._waited == self.patience

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.restore()

    def restore(self) -> None:
        """Give the network the weights of the best epoch."""
        for weights, good in zip(self.network.parameters(), self._good, strict=True):
            weights.data, weights.grad = good, None
        self._spare = []

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """All that the next epoch depends on: tensors, and what JSON can hold."""
        tensors = {f"good/{i}": value for i, value in enumerate(self._good)}
        if not self.ended:
            tensors |= {f"now/{i}": value for i, value in enumerate(self.network.parameters())}
            adam = self.optimiser.state_dict()["state"]
            tensors |= {f"{name}/{i}": v for i, own in adam.items() for name, v in own.items()}
            tensors["random"] = self.source.get_state()
        about = {
            "done": self.ended,
            "records": self.records,
            "best": self._best,
            "waited": self._waited,
        }
        return tensors, about

    def set_state(self, tensors: dict[str, Tensor], about: dict[str, Any]) -> None:
        """Go on from what :meth:`state` gave.

        Raises:
            KeyError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError: it doesn't
                fit.
        """
        weights = [value.data for value in self.network.parameters()]
        _fill(self._good, tensors, "good")
        _fill(weights, tensors, "good" if about["done"] else "now")
        if not about["done"]:
            self.source.set_state(tensors["random"].cpu())
            moments = [
                {
                    "step": torch.tensor(0.0, dtype=torch.float32),
                    "exp_avg": torch.empty_like(value),  # with the strides of the weights, which a
                    "exp_avg_sq": torch.empty_like(
                        value
                    ),  # fused Adam reads in the order of memory
                }
                for value in weights
            ]
            for name in ("step", "exp_avg", "exp_avg_sq"):
                _fill([own[name] for own in moments], tensors, name)
            state = {"state": dict(enumerate(moments))}
            self.optimiser.load_state_dict(self.optimiser.state_dict() | state)
        self._best, self._waited = float(about["best"]), int(about["waited"])
        self.records += list(about["records"])
        if [record["epoch"] for record in self.records] != list(self.epochs)[: len(self.records)]:
            raise ValueError("its records aren't those of the first epochs")
        if self.ended != about["done"]:
            raise ValueError("its 'done' flag contradicts its records")


def _fill(into: list[Tensor], tensors: dict[str, Tensor], name: str) -> None:
    """Copy the tensors name/0, name/1, … into others of the same shape and type."""
    for number, tensor in enumerate(into):
        found = tensors[f"{name}/{number}"]
        if found.shape != tensor.shape or found.dtype != tensor.dtype:
            shape, expected = tuple(found.shape), tuple(tensor.shape)
            raise ValueError(f"{name}/{number} is {found.dtype} {shape}, expected {expected}")
        # The square of a gradient may have overflowed to infinity.
        if not (found >= 0 if name == "exp_avg_sq" else found.isfinite()).all():
            raise ValueError(f"{name}/{number} contains NaN or infinity")
        tensor.copy_(found)

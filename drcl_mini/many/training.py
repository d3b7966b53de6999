"""The training loop for many runs at once: each step is taken for all of them, as one stack."""

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ..training.batches import batches
from ..training.settings import Settings
from ..training.watch import Report, Terms, TrainingDiverged
from .stack import Stack, stack_or_expand
from .steps import REPLAYED, Steps

LEAST_Q = 1e-12
"""At this q the generalised cross entropy is its limit at 0 to float32's last digit, without a case of its own."""


def copies(parameters: Iterable[Tensor]) -> list[Tensor]:
    """Values of now, to come back to."""
    return [parameter.detach().clone() for parameter in parameters]


@dataclass(eq=False)
class Run:
    """One run: a network, how to train it, and what came of it."""

    network: nn.Module
    settings: Settings
    source: torch.Generator
    """Where shuffles are drawn from."""
    learning_rate: float
    """Adam's."""
    epochs: range
    """Values of the epoch counter."""
    own: dict[str, Tensor | Callable[[int], Tensor]] = field(default_factory=dict)
    """Tensors passed to the losses (labels, prior, weights …), or functions that make them for an epoch."""
    unused: Collection[str] = ()
    """Entries of a record that other runs of the stack have and this one has not."""
    rank: Callable[[dict[str, Any]], float] | None = None
    """Gives a record a value, whose greatest picks the epoch to end with; ``None``: the last one."""
    patience: int | None = None
    """With ``rank``, stop after so many epochs without a greater value."""
    report: Report = lambda record: None
    """Called with each epoch's record."""
    records: list[dict[str, Any]] = field(default_factory=list)
    """One for each epoch: epoch, mean losses, q, and what ``after_epoch`` said."""
    error: TrainingDiverged | None = None
    """Why it ended early, if it did."""

    def begin(self) -> None:
        self._best, self._waited = -math.inf, 0
        self._good, self._spare = (copies(self.network.parameters()) for _ in range(2))

    def check(self, losses: dict[str, float], finite: bool, epoch: int) -> None:
        """Set ``error`` if something is no longer a number."""
        lost = [name for name, value in losses.items() if not math.isfinite(value)]
        if lost or not finite:
            names = (
                ", ".join(name for name in lost if name != "total" or len(lost) == 1) or "weights"
            )
            advice = f"lower the learning rate ({self.learning_rate:g})"
            self.error = TrainingDiverged(
                f"training diverged in epoch {epoch}: {names} not finite; {advice}"
            )

    def end_epoch(self, record: dict[str, Any]) -> None:
        """Keep the record, and the weights if they are the best so far."""
        value = record["epoch"] if self.rank is None else self.rank(record)
        if value > self._best:
            self._best, self._waited = value, 0
            for spare, parameter in zip(self._spare, self.network.parameters(), strict=True):
                spare.copy_(parameter.detach())  # reuse the buffer; allocating a new one is slower
            self._good, self._spare = (
                self._spare,
                self._good,
            )  # at once: Ctrl-C never finds half of two epochs
        else:
            self._waited += 1
        self.records.append(record)
        self.report(record)

    @property
    def ended(self) -> bool:
        return (
            self.error is not None
            or len(self.records) == len(self.epochs)
            or self._waited == self.patience
        )

    def restore(self) -> None:
        """Back to the last good weights, in a storage of their own."""
        for parameter, value in zip(self.network.parameters(), self._good, strict=True):
            parameter.data, parameter.grad = value, None
        self._spare = []


def train(
    runs: Sequence[Run],
    losses: Callable[..., Terms],
    samples: int,
    after_epoch: Callable[[Stack, Terms], Terms] = lambda stack, own: {},
) -> None:
    """Minimise each run's ``losses(...)["total"]`` over its network's parameters, in place.

    Many runs take every step together, and equal the same runs alone to float tolerance; a run that has ended
    leaves the stack. Data stay where the losses keep them: shuffled indices, shares and q go to the device as an
    epoch begins, mean losses and scores come back as it ends, and nothing waits for the device in between.

    Args:
        runs: networks of one shape; their settings agree on batches and betas, and all begin with the same epoch.
        losses: of one run: (network, batch's indices, each sample's partner within the batch, ``own``, with q and
            epoch added) → named losses; "total" is minimised.
        samples: n, how many samples there are.
        after_epoch: (stack, ``own`` of all its runs) → more for each run's record, (R,) each.

    Raises:
        KeyboardInterrupt: passed on; parameters hold the last good state.

    A run whose losses or parameters are no longer finite gets an ``error``, and its last good parameters.
    """
    settings = runs[0].settings
    groups: dict[float, list[Tensor]] = {run.learning_rate: [] for run in runs}
    for run in runs:
        run.begin()
        groups[run.learning_rate] += run.network.parameters()
    rates = [{"params": group, "lr": rate} for rate, group in groups.items()]
    gpu = next(runs[0].network.parameters()).device.type == "cuda"
    replay = (
        gpu and REPLAYED.get() and settings.precision != "bfloat16"
    )  # whose casts a recording might lose
    optimiser = torch.optim.Adam(rates, betas=settings.betas, fused=True, capturable=replay)
    live, stack = _without_ended(runs, None)
    steps = None
    try:
        while live:
            epoch = live[0].epochs[len(live[0].records)]
            shuffles = [
                list(batches(samples, settings.batch_size, settings.drop_last, run.source))
                for run in live
            ]
            own = _own(live, epoch)
            if steps is None or steps.stack is not stack:
                steps = Steps(stack, optimiser, losses, replay)
            means = _by_run(steps.epoch(_parts(shuffles, stack.device), own), len(live))
            for run, mean, finite in zip(live, means, stack.finite().tolist(), strict=True):
                run.check(mean, finite, epoch)
            means = [mean for run, mean in zip(live, means, strict=True) if run.error is None]
            live, stack = _without_ended(live, stack)
            if live:
                own = own if len(live) == len(shuffles) else _own(live, epoch)
                more = _by_run(after_epoch(stack, own), len(live))
                for run, mean, seen in zip(live, means, more, strict=True):
                    record = {"epoch": epoch, **mean, "q": run.settings.q(epoch), **seen}
                    run.end_epoch(
                        {name: value for name, value in record.items() if name not in run.unused}
                    )
                live, stack = _without_ended(live, stack)
    finally:
        for run in runs:
            run.restore()


def _parts(shuffles: Sequence, device: torch.device) -> Sequence[Tensor]:
    """Each step's batches of all runs on the device: (R, b, 2), indices and partners."""
    sizes = [len(index) for index, _ in shuffles[0]]
    order = torch.stack(
        [torch.stack([torch.cat(c) for c in zip(*parts, strict=True)], dim=1) for parts in shuffles]
    )
    return order.to(device).split(sizes, dim=1)


def _own(runs: Sequence[Run], epoch: int) -> Terms:
    """What differs between runs, with a leading run axis."""
    device = next(runs[0].network.parameters()).device
    q = torch.tensor([run.settings.q(epoch) for run in runs], dtype=torch.float32, device=device)
    q = q.clamp(min=LEAST_Q)

    def now(value: Tensor | Callable[[int], Tensor]) -> Tensor:
        return value(epoch).to(device) if callable(value) else value

    given = {name: stack_or_expand([now(run.own[name]) for run in runs]) for name in runs[0].own}
    return {**given, "q": q, "epoch": torch.full_like(q, epoch)}


def _by_run(terms: Terms, runs: int) -> list[dict[str, float]]:
    """{name: (R,)} as R dictionaries of numbers, with one transfer from the device."""
    values = torch.stack(list(terms.values())).T.tolist() if terms else [[]] * runs
    return [dict(zip(terms, row, strict=True)) for row in values]


def _without_ended(runs: Sequence[Run], stack: Stack | None) -> tuple[list[Run], Stack | None]:
    """The runs that go on, and a stack of them; those that have ended get their last good weights."""
    live = [run for run in runs if not run.ended]
    if len(live) == len(runs) and stack:
        return live, stack
    for run in runs:
        if run.ended:
            run.restore()
    return live, Stack([run.network for run in live]) if live else None

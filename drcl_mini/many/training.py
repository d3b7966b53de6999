"""The training loop for many runs at once: each step is taken for all of them, as one stack."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..training.batches import batches
from ..training.optimiser import adam
from ..training.settings import Settings
from ..training.watch import Terms, TrainingDiverged, Watch, divergence
from .stack import Stack, stack_or_expand
from .steps import REPLAYED, Steps

LEAST_Q = 1e-12
"""Smallest q: there the generalised cross entropy equals its limit at 0 within float32 rounding."""

Inputs = dict[str, Tensor | Callable[[int], Tensor]]
"""Tensors passed to the losses (labels, prior, weights …), or functions that make one per epoch."""


class Run(Watch):
    """One run of many: a network, how to train it, and what came of it.

    Args:
        network: what is trained.
        settings: batches, Adam's betas, precision and q.
        source: where the batches are drawn from.
        rate: Adam's learning rate.
        epochs: values of the epoch counter.
        inputs: what the losses of this run need.
        unused: names of losses and scores that this run's records leave out.
        watched: ``rank``, ``patience`` and ``report``, as :class:`.Watch` takes them.

    Attributes:
        error: why the run ended early, if it did.
    """

    def __init__(
        self,
        network: nn.Module,
        settings: Settings,
        source: torch.Generator,
        rate: float,
        epochs: range,
        inputs: Inputs,
        unused: Collection[str] = (),
        **watched: Any,
    ) -> None:
        super().__init__(network, None, source, epochs, **watched)
        self.settings, self.rate, self.inputs, self.unused = settings, rate, inputs, unused
        self.error: TrainingDiverged | None = None

    @property
    def ended(self) -> bool:
        """Whether all epochs are done, ``patience`` is over, or the run diverged."""
        return self.error is not None or super().ended


def train(
    runs: Sequence[Run],
    losses: Callable[..., Terms],
    samples: int,
    after_epoch: Callable[[Stack, Terms], Terms],
) -> None:
    """Minimise each run's ``losses(...)["total"]`` over its network's parameters, in place.

    Every step is taken for all runs together; a run that has ended leaves the stack. Results match
    the same runs alone up to float32 rounding. Shuffled indices and inputs go to the device as an
    epoch begins, mean losses and scores come back as it ends: between, nothing waits for it.

    Args:
        runs: networks of one shape; their settings agree on batches and betas, and all begin with
            the same epoch.
        losses: of one run: (network, indices of the batch, each sample's partner within the batch,
            the run's inputs with q and epoch added) → named losses.
        samples: n, how many samples there are.
        after_epoch: (stack, inputs of all runs) → scores for each run's record, (R,) each.

    Raises:
        KeyboardInterrupt: passed on.

    At the end, however it comes, each network has the weights of its best epoch. A run whose losses
    or weights became NaN or infinite has an ``error``.
    """
    s = runs[0].settings
    rates = defaultdict(list)
    for run in runs:
        rates[run.rate] += run.network.parameters()
    groups = [{"params": weights, "lr": rate} for rate, weights in rates.items()]
    on_gpu = groups[0]["params"][0].is_cuda
    replay = on_gpu and REPLAYED.get() and s.precision != "bfloat16"  # a recording may lose casts
    optimiser = adam(groups, groups[0]["lr"], s, capturable=replay)
    try:
        while live := [run for run in runs if not run.ended]:
            stack = Stack([run.network for run in live])
            steps = Steps(stack, optimiser, losses, replay)
            while not any(run.ended for run in live):
                epoch = live[0].epochs[len(live[0].records)]
                orders = [batches(samples, s.batch_size, s.drop_last, run.source) for run in live]
                inputs = _inputs(live, epoch, stack.device)
                means = _by_run(steps.epoch(_parts(orders, stack.device), inputs), len(live))
                scores = _by_run(after_epoch(stack, inputs), len(live))
                ends = zip(live, means, scores, stack.finite().tolist(), strict=True)
                for run, mean, score, finite in ends:
                    record = {"epoch": epoch, **mean, "q": run.settings.q(epoch), **score}
                    kept = {k: value for k, value in record.items() if k not in run.unused}
                    run.error = divergence(epoch, mean, finite, run.rate)
                    run.error = run.error or divergence(epoch, kept, True, run.rate)
                    if run.error is None:
                        run.keep(kept)
            for run in live:
                if run.ended:
                    run.restore()  # without gradients, so that Adam leaves it alone
    finally:
        for run in runs:
            run.restore()


def _parts(orders: Sequence, device: torch.device) -> Sequence[Tensor]:
    """Each step's batches of all runs on the device: (R, b, 2), indices and partners."""
    by_run = []
    for order in orders:
        pairs = [torch.stack(pair, dim=1) for pair in order]
        by_run.append(torch.cat(pairs))
    sizes = [len(pair) for pair in pairs]
    return torch.stack(by_run).to(device).split(sizes, dim=1)


def _inputs(runs: Sequence[Run], epoch: int, device: torch.device) -> Terms:
    """The inputs of all runs in an epoch, with a leading run axis."""
    inputs = {}
    for name in runs[0].inputs:
        values = [run.inputs[name] for run in runs]
        if callable(values[0]):
            values = [make(epoch).to(device) for make in values]
        inputs[name] = stack_or_expand(values)
    q = torch.tensor([run.settings.q(epoch) for run in runs], dtype=torch.float32, device=device)
    q = q.clamp(min=LEAST_Q)
    return {**inputs, "q": q, "epoch": torch.full_like(q, epoch)}


def _by_run(terms: Terms, runs: int) -> list[dict[str, float]]:
    """{name: (R,)} as R dictionaries of numbers, with one transfer from the device."""
    values = torch.stack(list(terms.values())).T.tolist() if terms else [[]] * runs
    return [dict(zip(terms, row, strict=True)) for row in values]

"""The steps of an epoch; a GPU may record and replay them, so that it doesn't wait for Python."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

from ..training.watch import Terms
from .stack import Stack

REPLAYED: ContextVar[bool] = ContextVar("replayed", default=False)
"""Whether trainings of this thread replay their steps."""


@contextmanager
def replayed(on: bool = True) -> Iterator[None]:
    """Within the block, :func:`.fit_many` on a GPU replays its steps, see :class:`Steps`.

    A training with small batches takes a fraction of the time, see
    ``book/results/speed/ten-seeds-replayed.json``. Losses agree up to rounding, not bit for bit.
    Nothing changes on a CPU or in bfloat16.

    Args:
        on: ``False`` asks for steps one by one again, within a block that replays.

    Example:
        >>> from drcl_mini import DRCL, fit_many, load_dataset
        >>> data, model = load_dataset("digits-halves"), DRCL(prior_epochs=2, epochs=2)
        >>> with replayed():
        ...     fit_many([model], data.train, data.validation)
        >>> len(model.history_)
        8
    """
    before = REPLAYED.set(on)
    try:
        yield
    finally:
        REPLAYED.reset(before)


class Steps:
    """One step after the other for a stack of networks: losses, gradients, Adam.

    A small step takes a GPU less time than Python takes to ask for its hundred or so kernels. Where
    steps are replayed, each from the second epoch on is a CUDA graph: the kernels of one step,
    recorded with their addresses, and started by a single call. What changes (the batch with each
    step; q, shares and the like with each epoch) is copied to where the recording reads it.

    Args:
        stack: the networks.
        optimiser: of their parameters; where steps are replayed, ``capturable``.
        losses: as :func:`.train` takes them.
        replay: whether to record and replay; on a GPU only.
    """

    def __init__(
        self,
        stack: Stack,
        optimiser: torch.optim.Optimizer,
        losses: Callable[..., Terms],
        replay: bool,
    ) -> None:
        self.stack, self.optimiser, self.losses, self.replay = stack, optimiser, losses, replay
        self._epochs = 0
        self._inputs: Terms = {}
        self._recorded: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}

    def epoch(self, parts: Sequence[Tensor], inputs: Terms) -> Terms:
        """Take a step for each part.

        Args:
            parts: (R, b, 2), a batch's indices and partners.
            inputs: of all runs, passed to the losses.

        Returns:
            The mean of each loss over the samples, (R,).
        """
        step = self._step
        if self.replay and self._epochs:  # the first epoch prepares what can't be recorded
            step = self._replayed_step
            self._keep(inputs)
        self._epochs += 1
        sums: Tensor | float = 0.0
        for part in parts:
            sums = sums + step(part, inputs) * part.shape[1]
        means = sums / sum(part.shape[1] for part in parts)
        return dict(zip(self._names, means, strict=True))

    def _step(self, part: Tensor, inputs: Terms) -> Tensor:
        terms = self.stack.map(self.losses, *part.unbind(dim=2), inputs)
        self.stack.backward(terms["total"])
        self.optimiser.step()
        self._names = list(terms)
        return torch.stack([term.detach() for term in terms.values()])

    def _keep(self, inputs: Terms) -> None:
        """Copy the epoch's inputs to where the recordings read them."""
        for name, value in inputs.items():
            if name not in self._inputs:
                self._inputs[name] = value.clone(memory_format=torch.contiguous_format)
            self._inputs[name].copy_(value)

    def _replayed_step(self, part: Tensor, _: Terms) -> Tensor:
        """A step from its recording; a batch of a new size is recorded first."""
        size = part.shape[1]
        if size not in self._recorded:
            self._recorded[size] = self._record(part.clone())
        graph, batch, losses = self._recorded[size]
        batch.copy_(part)
        graph.replay()
        return losses

    def _record(self, batch: Tensor) -> tuple[torch.cuda.CUDAGraph, Tensor, Tensor]:
        """The recording of a step, the batch it reads and the losses it writes."""
        graph = torch.cuda.CUDAGraph()
        here, aside = torch.cuda.current_stream(batch.device), torch.cuda.Stream(batch.device)
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            graph.capture_begin(capture_error_mode="thread_local")
            try:
                losses = self._step(batch, self._inputs)
            finally:
                graph.capture_end()
        here.wait_stream(aside)
        return graph, batch, losses

"""The steps of an epoch; on a GPU they may be recorded once and replayed, so that it doesn't wait for Python."""

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
    """Within it, ``fit_many`` on a GPU replays its steps, see :class:`Steps`; elsewhere nothing changes.

    A training with small batches takes a fraction of the time: ``book/results/speed/ten-seeds-replayed.json`` has
    figures. Losses agree to float tolerance, not bit for bit. Not in bfloat16.

    Args:
        on: False asks for steps one by one again, within a block that replays.

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

    A small step takes a GPU less time than Python takes to ask for its hundred or so kernels. Replayed, each step from
    the second epoch on is a CUDA graph: the kernels of one step, recorded with their addresses, and started by a single
    call. What differs from step to step (the batch) and from epoch to epoch (q, shares) is copied to where the
    recording reads it.

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
        self.stack, self._optimiser, self._losses, self._replay = stack, optimiser, losses, replay
        self._own: Terms = {}
        self._recorded: dict[int, tuple[torch.cuda.CUDAGraph, Tensor, Tensor]] = {}
        self._epochs = 0

    def epoch(self, parts: Sequence[Tensor], own: Terms) -> dict[str, Tensor]:
        """Take a step for each part, (R, b, 2): a batch's indices and partners; gives the mean of each loss, (R,)."""
        self._epochs += 1
        replay = (
            self._replay and self._epochs > 1
        )  # the first epoch prepares what can't be recorded
        if replay:
            self._keep(own)
        sums: Tensor | float = 0.0
        for part in parts:
            sums = (
                sums
                + (self._replay_step(part) if replay else self._step(part, own)) * part.shape[1]
            )
        return dict(zip(self._names, sums / sum(part.shape[1] for part in parts), strict=True))

    def _step(self, part: Tensor, own: Terms) -> Tensor:
        terms = self.stack.map(self._losses, *part.unbind(dim=2), own)
        self.stack.backward(terms["total"])
        self._optimiser.step()
        self._names = list(terms)
        return torch.stack([term.detach() for term in terms.values()])

    def _keep(self, own: Terms) -> None:
        """Bring the epoch's values to where the recordings read them."""
        if not self._own:
            self._own = {
                name: value.clone(memory_format=torch.contiguous_format)
                for name, value in own.items()
            }
        for name, value in own.items():
            self._own[name].copy_(value)

    def _replay_step(self, part: Tensor) -> Tensor:
        """A step by its recording, which is made when a batch of this size comes first."""
        size = part.shape[1]
        if size not in self._recorded:
            graph, batch, here = (
                torch.cuda.CUDAGraph(),
                part.clone(),
                torch.cuda.current_stream(part.device),
            )
            aside = torch.cuda.Stream(part.device)
            aside.wait_stream(here)
            with torch.cuda.stream(aside):
                graph.capture_begin(capture_error_mode="thread_local")
                try:
                    losses = self._step(batch, self._own)
                finally:
                    graph.capture_end()
            here.wait_stream(aside)
            self._recorded[size] = graph, batch, losses
        graph, batch, losses = self._recorded[size]
        batch.copy_(part)
        graph.replay()
        return losses

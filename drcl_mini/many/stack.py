"""R networks of one shape as one: their weights side by side, one call for all of them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state

from ..training.watch import Terms


class Stack:
    """Networks that differ in their numbers only.

    What is computed is written for one network and one run; :meth:`map` applies it to all. One
    network alone is called as it is. More share one storage: weight k of all of them is one tensor
    (R, …), of which the weights of each network are views, and ``torch.vmap`` turns every matrix
    product into a batched one.

    Args:
        networks: R modules of one class and one shape.

    Example:
        >>> networks = [nn.Linear(3, 2) for _ in range(4)]
        >>> stack = Stack(networks)
        >>> terms = stack.map(lambda network, x: {"total": network(x).sum()}, torch.ones(4, 5, 3))
        >>> terms["total"].shape
        torch.Size([4])
        >>> stack.backward(terms["total"])
        >>> networks[0].weight.grad.tolist()
        [[5.0, 5.0, 5.0], [5.0, 5.0, 5.0]]
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        self.networks = list(networks)
        self.alone = len(self.networks) == 1
        if self.alone:
            return
        self._state = stack_module_state(self.networks)
        self._parameters: dict[str, list[nn.Parameter]] = {}
        for name, stacked in self._state[0].items():
            own = [network.get_parameter(name) for network in self.networks]
            for parameter, view in zip(own, stacked.detach().unbind(), strict=True):
                parameter.data = view
            self._parameters[name] = own

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.networks[0].parameters()).device

    def map(self, function: Callable[..., Terms], *arguments: Any) -> Terms:
        """``function(network, *arguments of one run)`` for every run.

        Args:
            function: written for one run; gives named tensors.
            arguments: tensors, or dictionaries of tensors, with a leading run axis (R, …).

        Returns:
            The named tensors, with a leading run axis.
        """
        if self.alone:
            terms = function(self.networks[0], *map(_first, arguments))
            return {name: term.unsqueeze(0) for name, term in terms.items()}

        def one(state: Any, *own: Any) -> Terms:
            return function(partial(functional_call, self.networks[0], state), *own)

        return torch.vmap(one)(self._state, *arguments)

    def backward(self, totals: Tensor) -> None:
        """Give each network the gradient of its own total; totals (R,)."""
        if self.alone:
            self.networks[0].zero_grad()
            totals.backward(torch.ones_like(totals))
            return
        weights = self._state[0]
        gradients = torch.autograd.grad(totals.sum(), list(weights.values()))
        for name, gradient in zip(weights, gradients, strict=True):
            # A fused Adam reads gradients in the order of memory, whatever their strides.
            each = gradient.contiguous().unbind()
            for parameter, own in zip(self._parameters[name], each, strict=True):
                parameter.grad = own

    def finite(self) -> Tensor:
        """Whether all weights of each network are finite, (R,)."""
        if self.alone:
            weights = [weight[None] for weight in self.networks[0].parameters()]
        else:
            weights = self._state[0].values()
        finite = [weight.detach().isfinite().flatten(1).all(dim=1) for weight in weights]
        return torch.stack(finite).all(dim=0)


def _first(argument: Any) -> Any:
    return {k: v[0] for k, v in argument.items()} if isinstance(argument, dict) else argument[0]


def stack_or_expand(tensors: Sequence[Tensor]) -> Tensor:
    """One tensor (R, …); where all are the same object, no copy is made.

    Example:
        >>> x = torch.ones(2)
        >>> stack_or_expand([x, x, x]).shape, stack_or_expand([x, x, x]).stride()
        (torch.Size([3, 2]), (0, 1))
    """
    first = tensors[0]
    same = all(tensor is first for tensor in tensors)
    return first.expand(len(tensors), *first.shape) if same else torch.stack(list(tensors))

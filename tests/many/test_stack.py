import pytest
import torch
from torch import nn

from drcl_mini.many.stack import Stack, stack_or_expand
from drcl_mini.method.encoder import Encoder
from drcl_mini.training.batches import generator


def networks(runs, bfloat16=False):
    mean, scale = torch.full((3,), 0.5), torch.full((3,), 2.0)
    made = [Encoder(3, (5, 4), 2, generator(seed), mean + seed, scale) for seed in range(runs)]
    for network in made:
        network.bfloat16 = bfloat16
    return made


def loss(network, x, own):
    return {"total": (network(x) * own["weight"]).sum(), "other": own["weight"].sum()}


@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("runs", [1, 2, 5])
def test_values_and_gradients_are_those_of_each_network_alone(runs, bfloat16):
    x = torch.randn(runs, 6, 3, generator=generator(7))
    own = {"weight": torch.randn(runs, 6, 2, generator=generator(8))}
    together_, alone = networks(runs, bfloat16), networks(runs, bfloat16)
    stack = Stack(together_)
    terms = stack.map(loss, x, own)
    stack.backward(terms["total"])
    for r, network in enumerate(alone):
        expected = loss(network, x[r], {"weight": own["weight"][r]})
        expected["total"].backward()
        assert terms["total"][r].item() == pytest.approx(expected["total"].item(), abs=2e-2 if bfloat16 else 1e-5)
        for found, weights in zip(together_[r].parameters(), network.parameters(), strict=True):
            assert found.grad.is_contiguous()
            assert bfloat16 or torch.allclose(found.grad, weights.grad, atol=1e-5)


def test_each_networks_weights_are_the_stacks():
    pair = networks(2)
    stack = Stack(pair)
    x = torch.ones(2, 1, 3)
    before = stack.map(lambda network, x: {"f": network(x)}, x)["f"]
    with torch.no_grad():
        pair[1].layers[0].weight.mul_(-3)
    after = stack.map(lambda network, x: {"f": network(x)}, x)["f"]
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


@pytest.mark.parametrize("runs", [1, 3])
def test_finite_says_which_network_is_lost(runs):
    made = networks(runs)
    stack = Stack(made)
    assert stack.finite().tolist() == [True] * runs
    with torch.no_grad():
        made[-1].layers[2].bias[0] = float("nan")
    assert stack.finite().tolist() == [True] * (runs - 1) + [False]


def test_stack_or_expand_shares_one_tensor_and_stacks_different_ones():
    x, y = torch.ones(4), torch.zeros(4)
    assert stack_or_expand([x, x]).data_ptr() == x.data_ptr()
    assert torch.equal(stack_or_expand([x, y]), torch.stack([x, y]))


def test_networks_of_different_shapes_are_refused():
    with pytest.raises(RuntimeError):
        Stack([nn.Linear(2, 2), nn.Linear(3, 2)])

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.kernels.fast_training import fast_training
from gatera.kernels.observed_chains import undisturbed


class Block(nn.Module):
    """conv -> norm, with `between` and `after` to disturb it."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.conv, self.norm, self.way = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4).eval(), way

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        y = self.conv(x)
        if self.way == "used before":
            x = x + y.mean()
        z = self.norm(y * 1 if self.way == "copied between" else y)
        if self.way == "used after":
            z = z + y
        if self.way == "kept":
            self.seen = y
        if self.way == "normed twice":
            z = z + self.norm(y)
        return (z, y) if self.way == "returned" else z


def found(model: nn.Module, x: Tensor | None = None) -> dict[nn.Module, bool]:
    """Which convolutions are in chains, and whether their norm's output is aliased."""
    with fast_training(model):
        model(torch.rand(2, 3, 8, 8) if x is None else x)
        chains = model.forward.state.chains[model.training]
    return {conv: chain.output_aliased for conv, chain in chains.items()}


def test_a_norm_that_alone_uses_a_convolution_makes_a_chain():
    block = Block("plain")
    assert found(block) == {block.conv: False}


@pytest.mark.parametrize(
    "way", ["used before", "copied between", "used after", "kept", "normed twice", "returned"]
)
def test_no_chain_where_anybody_else_sees_the_convolutions_output(way):
    assert found(Block(way)) == {}


def test_chains_are_found_in_nested_sequentials_and_across_functions():
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.BatchNorm2d(4).eval(), nn.ReLU()))
            self.conv, self.norm = nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4).eval()

        def forward(self, x: Tensor) -> Tensor:
            return F.relu(self.norm(self.conv(self.stem(x)))).mean((2, 3))

    net = Net()
    assert set(found(net)) == {net.stem[0], net.conv}


def test_an_output_that_is_written_into_or_viewed_is_marked():
    class Written(Block):
        def forward(self, x: Tensor) -> Tensor:
            z = self.norm(self.conv(x))
            if self.way == "written":
                z += 1
            return z.flatten(1) if self.way == "viewed" else z * 2

    assert [list(found(Written(way)).values()) for way in ("plain", "written", "viewed")] == [
        [False],
        [True],
        [True],
    ]


def test_a_convolution_with_two_norms_makes_no_chain_but_one_used_twice_does():
    class Shared(nn.Module):
        def __init__(self, norms: int) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            self.norms = nn.ModuleList(nn.BatchNorm2d(3).eval() for _ in range(norms))

        def forward(self, x: Tensor) -> Tensor:
            x = self.norms[0](self.conv(x))
            return self.norms[-1](self.conv(x)) * 1

    assert found(Shared(2)) == {}
    assert len(found(Shared(1))) == 1


def test_looking_leaves_no_traces():
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.InstanceNorm2d(4, track_running_stats=True)
    )
    calls = []
    model[0].register_forward_hook(lambda *_: calls.append(1))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    torch.manual_seed(3)
    state = torch.get_rng_state()
    with undisturbed(model):
        output = model(torch.rand(2, 3, 8, 8))
    assert not output.requires_grad
    assert torch.equal(torch.get_rng_state(), state)
    assert not calls
    assert all(module.training for module in model.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    model(torch.rand(2, 3, 8, 8))
    assert calls == [1]


def test_autocast_keeps_no_weight_that_was_cast_while_looking():
    # in PyTorch 2.9 the first training pass took them, and they had no gradient
    class Head(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            seen.append((torch.is_grad_enabled(), torch.is_autocast_cache_enabled()))
            return super().forward(x)

    seen: list[tuple[bool, bool]] = []
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4).eval(), nn.Flatten(), Head(4 * 36, 2))
    with fast_training(model), torch.autocast("cpu", torch.bfloat16):
        model(torch.rand(2, 3, 8, 8)).sum().backward()
    assert seen == [(False, False), (True, True)]
    assert torch.is_autocast_cache_enabled()
    assert all(parameter.grad is not None for parameter in model.parameters())

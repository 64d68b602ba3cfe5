"""Training through faster kernels is the same training: outputs, gradients, names, hooks, and whatever it was before."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from contextlib import nullcontext

import pytest
import timm
import torch
import torch.nn.functional as F
from timm.layers import BatchNormAct2d, Conv2dSame
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from gatera.core.errors import GateraError
from gatera.kernels.fast_training import fast_training

LAST = torch.channels_last


def photos(n: int = 4, size: int = 32) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, 3, size, size, generator=generator).contiguous(memory_format=LAST)


def fixed(model: nn.Module) -> nn.Module:
    """The model in training mode and channels last, its batch norms fixed at statistics that matter."""
    for module in model.to(memory_format=LAST).train().modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
            module.eval()
    return model


def small_net() -> nn.Module:
    """Every kind of convolution and norm that is treated: dense and depthwise, SAME and symmetric, timm's and torch's."""
    torch.manual_seed(5)
    return fixed(
        nn.Sequential(
            Conv2dSame(3, 8, 3, stride=2, bias=False), BatchNormAct2d(8, act_layer=nn.ReLU6),
            Conv2dSame(8, 8, 5, stride=2, groups=8, bias=False), BatchNormAct2d(8, act_layer=nn.ReLU),
            nn.Conv2d(8, 8, 5, padding=2, groups=8), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
            nn.Conv2d(8, 16, 1, bias=False), BatchNormAct2d(16, act_layer=nn.Hardswish),
            nn.Conv2d(16, 16, 3, stride=2, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2),
        )
    )  # fmt: skip


def gradients(model: nn.Module, x: Tensor, fast: bool) -> tuple[Tensor, dict[str, Tensor]]:
    model.zero_grad()
    with fast_training(model) if fast else nullcontext():
        output = model(x)
        F.cross_entropy(output, torch.tensor([0, 1] * (len(x) // 2))).backward()
    return output.detach(), {
        name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None
    }


def n_stand_ins(model: nn.Module) -> int:
    return sum("forward" in vars(module) for module in model.modules())


def n_folded(model: nn.Module, x: Tensor) -> int:
    """How many batch norms do not compute anything in a pass; to be asked inside of `fast_training`."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    model(x)  # the first pass may be a double one
    computed: set[nn.Module] = set()
    ordinary = {norm: norm.forward.ordinary for norm in norms}
    for norm in norms:
        norm.forward.ordinary = lambda x, norm=norm: computed.add(norm) or ordinary[norm](x)
    model(x)
    for norm in norms:
        norm.forward.ordinary = ordinary[norm]
    return len(norms) - len(computed)


@pytest.mark.parametrize("arch", ["small", "test_resnet", "test_efficientnet", "test_convnext"])
def test_outputs_and_gradients_equal_those_of_float64(arch):
    model = small_net() if arch == "small" else fixed(timm.create_model(arch, num_classes=2))
    exact, exact_gradients = gradients(copy.deepcopy(model).double(), photos().double(), fast=False)
    output, got = gradients(model, photos(), fast=True)
    torch.testing.assert_close(output.double(), exact, rtol=1e-4, atol=1e-5)
    assert got.keys() == exact_gradients.keys()
    for name, gradient in got.items():
        error = (gradient.double() - exact_gradients[name]).norm()
        assert error <= 1e-3 * exact_gradients[name].norm() + 1e-6, name


def test_bf16_errs_no_more_than_ordinary_autocast():
    model, x = small_net(), photos(16)
    exact, exact_gradients = gradients(copy.deepcopy(model).double(), x.double(), fast=False)
    errors = []
    for fast in (False, True):
        with torch.autocast("cpu", torch.bfloat16):
            output, got = gradients(model, x, fast)
        assert all(gradient.dtype == torch.float32 for gradient in got.values())
        total = sum((got[name] - exact_gradients[name]).norm() ** 2 for name in got)
        errors.append(((output - exact).norm().item(), total.item() ** 0.5))
    assert errors[1][0] < 1.5 * errors[0][0]
    assert errors[1][1] < 1.5 * errors[0][1]


def test_a_convolution_may_move_differently_along_its_axes():
    torch.manual_seed(5)
    convolution = nn.Conv2d(3, 8, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(1, 1))
    model = fixed(
        nn.Sequential(convolution, nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
    )
    x = photos()
    with fast_training(model):
        assert n_folded(model, x) == 1
    (output, expected), (found, got) = gradients(model, x, fast=False), gradients(model, x, fast=True)
    torch.testing.assert_close(found, output)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-3)


def test_a_model_of_bf16_parameters_gets_bf16_gradients():
    model = small_net().bfloat16()
    _, expected = gradients(model, photos().bfloat16(), fast=False)
    _, got = gradients(model, photos().bfloat16(), fast=True)
    assert all(gradient.dtype == torch.bfloat16 for gradient in got.values())
    assert (got["12.weight"] - expected["12.weight"]).norm() < 0.05 * expected["12.weight"].norm()


def test_the_loss_curve_is_the_ordinary_one():
    curves = []
    for fast in (False, True):
        model, losses = small_net(), []
        optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
        with fast_training(model) if fast else nullcontext():
            for _ in range(6):
                loss = F.cross_entropy(model(photos()), torch.tensor([0, 1, 1, 0]))
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                losses.append(loss.item())
        curves.append(losses)
    assert curves[0][-1] < curves[0][0]
    assert curves[1] == pytest.approx(curves[0], rel=1e-4)


def test_the_same_run_twice_is_the_same_to_the_bit():
    results = []
    for _ in range(2):
        output, got = gradients(small_net(), photos(), fast=True)
        results.append([output, *got.values()])
    assert all(torch.equal(one, other) for one, other in zip(*results, strict=True))


def test_the_first_pass_computes_what_all_others_do():
    model = small_net()
    with fast_training(model):
        first = model(photos())
        assert torch.equal(model(photos()), first)


def test_norms_that_update_their_statistics_do_so_as_ever():
    plain, fast = small_net().train(), small_net().train()
    with fast_training(fast):
        assert n_folded(fast, photos()) == 0
        output = fast(photos())
    for _ in range(3):
        expected = plain(photos())
    torch.testing.assert_close(output, expected, rtol=1e-5, atol=1e-6)
    for name, tensor in plain.state_dict().items():
        torch.testing.assert_close(fast.state_dict()[name], tensor, rtol=1e-5, atol=1e-6)


def test_norms_that_become_fixed_later_are_folded_from_then_on():
    model = small_net().train()
    with fast_training(model):
        assert n_folded(model, photos()) == 0
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        assert n_folded(model, photos()) == 4


def test_norms_of_heavy_convolutions_that_see_few_pixels_are_not_folded():
    model = fixed(nn.Sequential(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 16, 3), nn.BatchNorm2d(16)))
    with fast_training(model):
        assert n_folded(model, photos(4, size=32)) == 1
        assert n_folded(model, photos(1, size=10)) == 0


def test_validation_between_training_steps_is_fast_too_and_right():
    model = small_net()
    with torch.no_grad(), fast_training(model):
        model(photos())
        model.eval()
        inside = model(photos())
        assert n_folded(model, photos()) == 4
    with torch.no_grad():
        torch.testing.assert_close(model(photos()), inside)


def test_nothing_about_the_model_changes():
    model = small_net()
    before = copy.deepcopy(model.state_dict())
    modules, parameters = list(model.modules()), list(model.parameters())
    types = [type(module) for module in modules]
    with fast_training(model):
        model(photos())
        assert list(model.state_dict()) == list(before)
        assert all(one is other for one, other in zip(model.modules(), modules, strict=True))
        assert all(one is other for one, other in zip(model.parameters(), parameters, strict=True))
        assert [type(module) for module in model.modules()] == types
    assert n_stand_ins(model) == 0
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_the_model_is_ordinary_again_after_an_error():
    model = small_net()
    with pytest.raises(KeyError), fast_training(model):
        raise KeyError
    assert n_stand_ins(model) == 0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_and_pickles_made_inside_are_ordinary_and_can_be_fast_again(
    copied: Callable[[nn.Module], nn.Module],
):
    model = small_net()
    expected = model(photos())
    with fast_training(model):
        model(photos())
        other = copied(model)
        assert torch.equal(other(photos()), expected)
    assert torch.equal(other(photos()), expected)
    with fast_training(other):
        assert n_folded(other, photos()) == 4


def test_hooks_see_what_they_would_see_and_once():
    seen: dict[bool, list[Tensor]] = {}
    for fast in (False, True):
        model = small_net()
        calls = seen[fast] = []
        model[2].register_forward_hook(lambda _, inputs, output, calls=calls: calls.append(output.detach()))
        model[5].register_forward_pre_hook(lambda _, inputs, calls=calls: calls.append(inputs[0].detach()))
        model[8].register_full_backward_hook(
            lambda _, given, taken, calls=calls: calls.append(taken[0].detach())
        )
        gradients(model, photos(), fast)
    assert len(seen[True]) == len(seen[False]) == 3
    for one, other in zip(seen[True], seen[False], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_frozen_parameters_get_no_gradient():
    model = small_net()
    for parameter in model[:6].parameters():
        parameter.requires_grad_(False)
    _, expected = gradients(model, photos(), fast=False)
    _, got = gradients(model, photos(), fast=True)
    assert got.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(got[name], gradient, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("reentrant", [False, True])
def test_activation_checkpoints_recompute_the_same(reentrant):
    class Checkpointed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = small_net()[:10], nn.Linear(16, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = x.detach().requires_grad_()
            return self.head(checkpoint(self.body, x, use_reentrant=reentrant).mean((2, 3)))

    model = Checkpointed()
    _, expected = gradients(model, photos(), fast=False)
    _, got = gradients(model, photos(), fast=True)
    for name, gradient in expected.items():
        torch.testing.assert_close(got[name], gradient, rtol=1e-3, atol=1e-5)


def test_a_convolution_called_outside_of_the_models_pass_is_itself():
    model = small_net()
    expected = model[0](photos())
    with fast_training(model):
        model(photos())
        torch.testing.assert_close(model[0](photos()), expected)


def test_a_forward_of_the_users_own_is_left_alone():
    model = small_net()
    own = model[0].forward = lambda x: torch.zeros(len(x), 8, 16, 16)
    with fast_training(model):
        model(photos())
        assert model[0].forward is own
    assert model[0].forward is own
    model.forward = own
    with fast_training(model):
        assert n_stand_ins(model) == 2


def test_fast_training_inside_of_fast_training_changes_nothing_more():
    model = small_net()
    with fast_training(model):
        with fast_training(model):
            inner = model(photos())
        assert torch.equal(model(photos()), inner)
        assert n_stand_ins(model) > 0
    assert n_stand_ins(model) == 0


def test_subclasses_and_models_of_other_kinds_are_left_alone():
    class MyConv(nn.Conv2d):
        pass

    compiled = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    compiled._compiled_call_impl = compiled._call_impl  # what `compiled.compile()` leaves behind
    elsewhere = nn.Sequential(nn.Conv2d(3, 4, 3, device="meta"))
    no_convolution = nn.Sequential(nn.Linear(3, 4))
    reflecting = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"))
    for model in (nn.Sequential(MyConv(3, 4, 3)), compiled, elsewhere, no_convolution, reflecting):
        with fast_training(model):
            assert n_stand_ins(model) == 0


def test_without_onednn_nothing_happens(monkeypatch):
    model = small_net()
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with fast_training(model):
        assert n_stand_ins(model) == 0


def test_float64_is_computed_as_ever():
    model = small_net().double()
    expected = model(photos().double())
    with fast_training(model):
        assert torch.equal(model(photos().double()), expected)


def test_inputs_that_are_no_plain_tensors_give_the_same():
    class FromDict(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = small_net()

        def forward(self, batch: dict[str, Tensor]) -> Tensor:
            return self.body(batch["x"])

    model = FromDict()
    expected = model({"x": photos()})
    with fast_training(model):
        torch.testing.assert_close(model({"x": photos()}), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_a_model_exported_inside_is_the_ordinary_one():
    model = small_net().eval()
    with fast_training(model), torch.no_grad():
        model(photos())
        exported = torch.export.export(model, (photos(),))
    kinds = [str(node.target) for node in exported.graph.nodes]
    assert kinds.count("aten.batch_norm.default") == 4
    assert not any("convolution_pointwise" in kind for kind in kinds)


def test_nan_in_a_photo_or_a_parameter_reaches_the_output():
    model, x = small_net(), photos()
    x[0, 0, 3, 3] = torch.nan
    with fast_training(model):
        assert model(x)[0].isnan().all()
        assert model(x)[1:].isfinite().all()
        model[2].weight.data[0] = torch.nan
        assert model(photos()).isnan().all()


def test_a_model_that_changes_its_ways_is_told_so():
    class Moody(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm, self.skip = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4).eval(), False

        def forward(self, x: Tensor) -> Tensor:
            x = self.conv(x)
            return x if self.skip else self.norm(x)

    model = Moody()
    with fast_training(model):
        model(photos())
        model.skip = True
        with pytest.raises(GateraError) as err:
            model(photos())
        assert str(err.value) == (
            "the output of a convolution did not go to its batch norm, as it did in the first pass. "
            "Expected: with fast kernels, models that call these two one after the other in every pass. "
            "Turn them off for this model with TrainingOptions(fast_kernels=False), or everywhere with GATERA_KERNELS=off."
        )
        model.skip = False
        model(photos())

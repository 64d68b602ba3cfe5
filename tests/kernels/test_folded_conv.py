from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.kernels.folded_conv import Clip, Recipe, all_finite, channel_sums, fold, folded_convolution, pad

LAST = torch.channels_last


def recipe(**changes) -> Recipe:
    plain = {
        "stride": (1, 1),
        "padding": (1, 1, 1, 1),
        "dilation": (1, 1),
        "groups": 1,
        "dtype": torch.float32,
    }
    return Recipe(**(plain | changes))


def norm_of(channels: int, affine: bool = True) -> nn.BatchNorm2d:
    """A batch norm in evaluation mode, with statistics that matter."""
    norm = nn.BatchNorm2d(channels, affine=affine).eval()
    nn.init.normal_(norm.running_mean)
    nn.init.uniform_(norm.running_var, 0.5, 2.0)
    if affine:
        nn.init.uniform_(norm.weight, -1.5, 1.5)
        nn.init.normal_(norm.bias)
    return norm


def clipped(x: Tensor, clip: Clip | None) -> Tensor:
    return x if clip is None else torch.clamp(x, clip.low, clip.high)


@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("affine", [False, True])
def test_folding_keeps_output_and_all_gradients(groups, bias, affine):
    torch.manual_seed(1)
    conv, norm = nn.Conv2d(4, 8, 3, padding=1, groups=groups, bias=bias), norm_of(8, affine)
    exact_conv, exact_norm = copy.deepcopy(conv).double(), copy.deepcopy(norm).double()
    x = torch.randn(2, 4, 9, 9).contiguous(memory_format=LAST).requires_grad_()
    exact_x = x.detach().double().requires_grad_()
    output = folded_convolution(
        x, *fold(conv, norm), recipe(groups=groups, clip=Clip(0.0, 0.8), all_finite=True)
    )
    exact = clipped(exact_norm(exact_conv(exact_x)), Clip(0.0, 0.8))
    grad = torch.randn_like(output)
    output.backward(grad)
    exact.backward(grad.double())
    torch.testing.assert_close(output.double(), exact, rtol=1e-5, atol=1e-5)
    pairs = zip(
        [*conv.parameters(), *norm.parameters()], [*exact_conv.parameters(), *exact_norm.parameters()]
    )
    for got, want in [(x, exact_x), *pairs]:
        torch.testing.assert_close(got.grad.double(), want.grad, rtol=1e-4, atol=1e-4)


#: kernel, stride, padding (left, right, above, below), groups
GEOMETRIES = [
    ((1, 1), 1, (0, 0, 0, 0), 1), ((1, 1), 2, (0, 0, 0, 0), 1), ((3, 3), 1, (1, 1, 1, 1), 1),
    ((3, 3), 2, (0, 1, 0, 1), 1), ((3, 3), 2, (1, 1, 1, 1), 2), ((2, 3), 1, (0, 0, 0, 0), 1),
    ((1, 1), 2, (0, 0, 0, 0), 4), ((3, 3), 1, (1, 1, 1, 1), 4), ((3, 3), 2, (0, 1, 0, 1), 4),
    ((3, 3), 1, (1, 2, 1, 2), 4), ((5, 5), 1, (2, 2, 2, 2), 4), ((5, 5), 2, (1, 2, 1, 2), 4),
    ((2, 3), 2, (0, 1, 1, 0), 4), ((5, 5), 3, (2, 2, 2, 2), 4),
]  # fmt: skip


@pytest.mark.parametrize("clip", [None, Clip(), Clip(0.0, 0.6)], ids=["plain", "relu", "relu6"])
@pytest.mark.parametrize(("kernel", "stride", "padding", "groups"), GEOMETRIES)
def test_gradients_equal_autograds_for_every_geometry(kernel, stride, padding, groups, clip):
    torch.manual_seed(2)
    x = torch.randn(1, 4, 7, 8, dtype=torch.float64).contiguous(memory_format=LAST).requires_grad_()
    weight = torch.randn(4, 4 // groups, *kernel, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(4, dtype=torch.float64, requires_grad=True)
    call = recipe(stride=(stride, stride), padding=padding, groups=groups, dtype=torch.float64, clip=clip)
    got = folded_convolution(x, weight, bias, call)
    want = clipped(F.conv2d(F.pad(x, padding), weight, bias, stride, 0, 1, groups), clip)
    grad = torch.randn_like(want)
    torch.testing.assert_close(got, want)
    mine = torch.autograd.grad(got, (x, weight, bias), grad)
    torch.testing.assert_close(mine, torch.autograd.grad(want, (x, weight, bias), grad))
    again = folded_convolution(
        x, weight.detach(), bias.detach(), call
    )  # of frozen layers only the input's is asked for
    torch.testing.assert_close(torch.autograd.grad(again, x, grad)[0], mine[0])


def test_a_dilated_depthwise_convolution_has_ordinary_gradients():
    x = torch.randn(1, 4, 9, 9).contiguous(memory_format=LAST).requires_grad_()
    weight = torch.randn(4, 1, 5, 5, requires_grad=True)
    call = recipe(padding=(4, 4, 4, 4), dilation=(2, 2), groups=4)
    got = torch.autograd.grad(folded_convolution(x, weight, None, call).square().sum(), (x, weight))
    want = torch.autograd.grad(F.conv2d(x, weight, None, 1, 4, 2, 4).square().sum(), (x, weight))
    torch.testing.assert_close(got, want)


def test_gradcheck_of_a_strided_depthwise_convolution():
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64).contiguous(memory_format=LAST).requires_grad_()
    weight = torch.randn(2, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(2, dtype=torch.float64, requires_grad=True)
    call = recipe(stride=(2, 2), padding=(0, 1, 0, 1), groups=2, dtype=torch.float64)
    inputs = (x, weight, bias)
    assert torch.autograd.gradcheck(lambda *given: folded_convolution(*given, call), inputs, fast_mode=True)


def test_an_input_of_another_memory_format_gives_the_same_gradients():
    x, weight = torch.randn(2, 4, 8, 8, requires_grad=True), torch.randn(4, 1, 5, 5, requires_grad=True)
    call = recipe(stride=(2, 2), padding=(2, 2, 2, 2), groups=4)
    got = torch.autograd.grad(folded_convolution(x, weight, None, call).square().sum(), (x, weight))
    want = torch.autograd.grad(F.conv2d(x, weight, None, 2, 2, 1, 4).square().sum(), (x, weight))
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


def test_an_expanded_output_gradient_is_welcome():
    x = torch.randn(2, 4, 8, 8).contiguous(memory_format=LAST)
    weight = torch.randn(4, 1, 5, 5, requires_grad=True)
    call = recipe(padding=(2, 2, 2, 2), groups=4)
    (got,) = torch.autograd.grad(folded_convolution(x, weight, None, call).mean(), weight)
    (want,) = torch.autograd.grad(F.conv2d(x, weight, None, 1, 2, 1, 4).mean(), weight)
    torch.testing.assert_close(got, want)


def test_only_what_is_asked_for_gets_a_gradient():
    conv, norm = nn.Conv2d(3, 4, 3, padding=1), norm_of(4)
    for parameter in (conv.weight, norm.weight, norm.bias):
        parameter.requires_grad_(False)
    x = torch.rand(1, 3, 6, 6)
    folded_convolution(x, *fold(conv, norm), recipe()).sum().backward()
    assert x.grad is None
    assert conv.weight.grad is None
    assert norm.weight.grad is None
    assert conv.bias.grad is not None


def test_bf16_computes_in_bf16_and_hands_gradients_back_in_float32():
    x, weight = torch.rand(1, 3, 8, 8, requires_grad=True), torch.rand(4, 3, 3, 3, requires_grad=True)
    output = folded_convolution(x, weight, torch.zeros(4), recipe(dtype=torch.bfloat16, clip=Clip(0.0, 6.0)))
    assert output.dtype == torch.bfloat16
    output.sum().backward()
    assert x.grad.dtype == weight.grad.dtype == torch.float32


def test_backward_inside_autocast_is_not_cast_once_more():
    x, weight = torch.rand(1, 4, 8, 8), torch.rand(4, 1, 5, 5, requires_grad=True)
    call = recipe(padding=(2, 2, 2, 2), groups=4)
    (want,) = torch.autograd.grad(folded_convolution(x, weight, None, call).sum(), weight)
    output = folded_convolution(x, weight, None, call).sum()
    with torch.autocast("cpu", torch.bfloat16):
        (got,) = torch.autograd.grad(output, weight)
    assert torch.equal(got, want)


@pytest.mark.parametrize("clip", [Clip(), Clip(0.0, 6.0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_activation_is_the_same_in_onednn_and_outside(clip, dtype):
    if dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this processor has no bf16 kernels, and none is asked for them")
    tensors = torch.randn(2, 3, 8, 8), torch.randn(4, 3, 3, 3), torch.randn(4)
    inside = folded_convolution(*tensors, recipe(dtype=dtype, clip=clip, all_finite=True))
    outside = folded_convolution(*tensors, recipe(dtype=dtype, clip=clip))
    torch.testing.assert_close(inside, outside)
    assert inside.min() == 0


@pytest.mark.parametrize("clip", [Clip(), Clip(0.0, 6.0)])
def test_nan_goes_through_the_activation_of_what_is_not_known_to_be_finite(clip):
    x, weight = torch.full((1, 3, 8, 8), torch.nan), torch.rand(4, 3, 3, 3)
    assert folded_convolution(x, weight, None, recipe(clip=clip)).isnan().all()


def test_all_finite_sees_any_nan_and_infinity():
    assert all_finite(torch.ones(3), None, torch.ones(2))
    assert not all_finite(torch.ones(3), torch.tensor([0, torch.nan]))
    assert not all_finite(torch.tensor([torch.inf, -torch.inf]))


def test_a_gradient_of_the_gradient_is_refused():
    weight = torch.rand(4, 3, 3, 3, requires_grad=True)
    output = folded_convolution(torch.rand(1, 3, 8, 8), weight, None, recipe())
    (grad,) = torch.autograd.grad(output.square().sum(), weight, create_graph=True)
    with pytest.raises(RuntimeError) as err:
        grad.sum().backward()
    assert (
        str(err.value) == "trying to differentiate twice a function that was marked with @once_differentiable"
    )


def test_a_norm_without_running_statistics_cannot_be_folded():
    with pytest.raises(ValueError) as err:
        fold(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False))
    assert str(err.value) == "a batch norm without running statistics cannot be folded"


def test_activations_equal_pytorchs():
    x = torch.linspace(-3, 9, 25)
    assert torch.equal(Clip()(x), F.relu(x))
    assert torch.equal(Clip(0.0, 6.0)(x), F.relu6(x))


def test_padding_equals_pytorchs():
    x = torch.rand(2, 3, 4, 5)
    for padding in ((0, 1, 0, 1), (1, 2, 3, 0), (0, 0, 0, 0)):
        assert torch.equal(pad(x, padding), F.pad(x, padding))


def test_channel_sums_of_bf16_are_more_exact_than_bf16():
    x = torch.rand(16, 4, 9, 9).bfloat16()
    exact = x.double().sum((0, 2, 3))
    assert channel_sums(x).dtype == torch.float32
    assert ((channel_sums(x) - exact).abs() / exact).max() < 2**-9

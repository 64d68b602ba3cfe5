from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.kernels.depthwise import has_slow_gradient, input_gradient, weight_gradient

LAST = torch.channels_last

#: kernel, stride, padding
GEOMETRIES = [
    ((1, 1), 1, 0), ((2, 2), 1, 1), ((3, 3), 1, 1), ((3, 3), 1, 0), ((3, 3), 1, 2), ((4, 4), 1, 1), ((5, 5), 1, 2),
    ((5, 5), 1, 0), ((7, 7), 1, 3), ((9, 9), 1, 4), ((11, 11), 1, 5), ((3, 5), 1, 2), ((5, 3), 1, 1), ((1, 7), 1, 3),
    ((2, 2), 2, 0), ((3, 3), 2, 1), ((3, 3), 2, 0), ((4, 4), 2, 1), ((5, 5), 2, 2), ((5, 5), 2, 0), ((7, 7), 2, 3),
    ((5, 2), 2, 0), ((2, 5), 2, 2),
]  # fmt: skip


def reference(x: Tensor, weight: Tensor, grad: Tensor, stride: int, padding: int) -> tuple[Tensor, Tensor]:
    x, weight = x.double().requires_grad_(), weight.double().requires_grad_()
    output = F.conv2d(x, weight, None, stride, padding, 1, x.shape[1])
    return torch.autograd.grad(output, (x, weight), grad.double())


def case(kernel: tuple[int, int], stride: int, padding: int, height: int, width: int):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 4, height, width, generator=generator).contiguous(memory_format=LAST)
    weight = torch.randn(4, 1, *kernel, generator=generator)
    size = [(n + 2 * padding - k) // stride + 1 for n, k in zip((height, width), kernel, strict=True)]
    grad = torch.randn(2, 4, *size, generator=generator).contiguous(memory_format=LAST)
    return x, weight, grad


@pytest.mark.parametrize(("kernel", "stride", "padding"), GEOMETRIES)
def test_gradients_equal_those_of_float64(kernel, stride, padding):
    for height, width in [(11, 11), (12, 11), (11, 12)]:
        x, weight, grad = case(kernel, stride, padding, height, width)
        want_x, want_weight = reference(x, weight, grad, stride, padding)
        got_weight = weight_gradient(grad, x, kernel, (stride, stride), (padding, padding))
        got_x = input_gradient(grad, weight, (height, width), stride, (padding, padding))
        torch.testing.assert_close(got_weight.double(), want_weight, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(got_x.double(), want_x, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kernel", [3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_gradients_are_torchs_also_where_the_photo_is_smaller_than_the_kernel(kernel, stride):
    for height, width in ((1, 1), (2, 3), (5, 2), (8, 1)):
        x = torch.randn(2, 4, height, width, requires_grad=True)
        weight = torch.randn(4, 1, kernel, kernel, requires_grad=True)
        y = F.conv2d(x, weight, None, stride, kernel // 2, 1, 4)
        grad = torch.randn_like(y)
        expected_x, expected_weight = torch.autograd.grad(y, (x, weight), grad)
        sizes = (kernel, kernel), (stride, stride), (kernel // 2, kernel // 2)
        torch.testing.assert_close(
            weight_gradient(grad, x.detach(), *sizes), expected_weight, atol=1e-4, rtol=1e-4
        )
        found = input_gradient(grad, weight.detach(), (height, width), stride, sizes[2])
        torch.testing.assert_close(found, expected_x, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(("kernel", "stride", "padding"), [((5, 5), 1, 2), ((5, 5), 2, 2), ((3, 3), 2, 1)])
def test_bf16_gradients_are_rounded_once_like_pytorchs_own(kernel, stride, padding):
    x, weight, grad = (tensor.bfloat16() for tensor in case(kernel, stride, padding, 28, 28))
    want_x, want_weight = reference(x, weight, grad, stride, padding)
    got_weight = weight_gradient(grad, x, kernel, (stride, stride), (padding, padding))
    got_x = input_gradient(grad, weight, (28, 28), stride, (padding, padding))
    for got, want in ((got_x, want_x), (got_weight, want_weight)):
        assert got.dtype == torch.bfloat16
        assert (got.double() - want).norm() < 2**-8 * want.norm()


def test_an_input_gradient_of_asymmetric_padding_has_the_size_of_the_unpadded_input():
    x, weight, _ = case((3, 3), 2, 0, 8, 8)
    x = x.double().requires_grad_()
    output = F.conv2d(F.pad(x, (0, 1, 0, 1)), weight.double(), None, 2, 0, 1, 4)
    grad = torch.randn_like(output)
    (want,) = torch.autograd.grad(output, x, grad)
    torch.testing.assert_close(input_gradient(grad, weight.double(), (8, 8), 2, (0, 0)), want)


def test_gradients_stay_channels_last():
    _, weight, grad = case((5, 5), 2, 2, 12, 12)
    assert input_gradient(grad, weight, (12, 12), 2, (2, 2)).is_contiguous(memory_format=LAST)
    assert input_gradient(grad, weight, (6, 6), 1, (2, 2)).is_contiguous(memory_format=LAST)


def test_slow_gradients_are_those_of_wide_or_strided_depthwise_kernels():
    def slow(*, k=3, s=1, d=1, groups=8, c_out=8) -> bool:
        return has_slow_gradient(nn.Conv2d(8, c_out, k, s, dilation=d, groups=groups))

    assert [slow(k=k, s=s) for k, s in itertools.product((1, 3, 5), (1, 2))] == [
        False,
        False,
        False,
        True,
        True,
        True,
    ]
    assert not slow(k=5, d=2)
    assert not slow(k=5, groups=1)
    assert not slow(k=5, groups=4)
    assert slow(k=5, c_out=8)
    assert not slow(k=5, c_out=16)

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gatera.kernels.dense_gradient import few_pixels, weight_gradient_by_product


@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 3)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1])
def test_the_matrix_product_equals_the_gradient(kernel, stride, padding):
    for size in (6, 7):
        x = torch.randn(2, 5, size, size, dtype=torch.float64)
        weight = torch.randn(3, 5, *kernel, dtype=torch.float64, requires_grad=True)
        output = F.conv2d(x, weight, None, stride, padding)
        grad = torch.randn_like(output)
        (want,) = torch.autograd.grad(output, weight, grad)
        got = weight_gradient_by_product(grad, x, kernel, (stride, stride), (padding, padding))
        torch.testing.assert_close(got, want)
        assert got.is_contiguous(memory_format=torch.channels_last) or kernel == (1, 1)


def test_few_pixels_are_up_to_four_per_input_channel_of_a_plain_convolution():
    weight = torch.empty(8, 16, 3, 3)
    assert few_pixels(64, weight, 1, (1, 1))
    assert not few_pixels(65, weight, 1, (1, 1))
    assert not few_pixels(64, weight, 2, (1, 1))
    assert not few_pixels(64, weight, 1, (2, 2))

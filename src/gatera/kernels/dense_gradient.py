"""The weight gradient of dense convolutions that see few pixels, as one matrix product.

In the last stages of a net the weights outnumber the pixels, and oneDNN spends its time on rearranging them. Measured on
one core for 512 -> 512 channels, 3x3, 7x7 pixels, 16 photos: 17.7 ms in bf16 and 32.4 ms in float32; as a matrix product
of output gradient and input patches 8.0 and 25.6 ms. For 256 channels at 14x14 pixels it is the other way round (6.3
against 11.2 ms in bf16), because the patches, nine times the input, cost more.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from gatera.kernels.depthwise import Pair

#: Output pixels (of all photos) for each input channel up to which the product wins. Measured at 0.8 to 3, lost at 6.
MOST_PIXELS_PER_CHANNEL = 4


def few_pixels(n_pixels: int, weight: Tensor, groups: int, dilation: tuple[int, ...]) -> bool:
    """Whether a convolution sees so few pixels that `weight_gradient_by_product` wins.

    Args:
        n_pixels: of its output, over all photos.
        weight: [C',C,kernel height,kernel width].
        groups, dilation: its own.
    """
    return groups == 1 and dilation == (1, 1) and n_pixels <= MOST_PIXELS_PER_CHANNEL * weight.shape[1]


def weight_gradient_by_product(grad: Tensor, x: Tensor, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    """Gradient of a dense convolution's weight.

    Args:
        grad: of the output; [N,C',H',W'].
        x: the convolution's input, [N,C,H,W], of the same dtype as `grad`.
        kernel, stride, padding: (vertical, horizontal); padding is the same on both sides.

    Returns:
        [C',C,kernel height,kernel width], channels last, in the dtype of `grad`.

    Example:
        >>> import torch
        >>> x, grad = torch.arange(9.).view(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
        >>> weight_gradient_by_product(grad, x, (2, 2), (1, 1), (0, 0)).flatten().tolist()
        [8.0, 12.0, 20.0, 24.0]
    """
    padded = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    patches = padded.permute(0, 2, 3, 1).unfold(1, kernel[0], stride[0]).unfold(2, kernel[1], stride[1])
    patches = patches[:, : grad.shape[2], : grad.shape[3]]
    rows = patches.permute(0, 1, 2, 4, 5, 3).reshape(
        -1, kernel[0] * kernel[1] * x.shape[1]
    )  # [N*H'*W', kh*kw*C]
    outputs = grad.permute(0, 2, 3, 1).reshape(-1, grad.shape[1])  # [N*H'*W', C']
    return (outputs.t() @ rows).view(-1, *kernel, x.shape[1]).permute(0, 3, 1, 2)

"""AlexNet and ZFNet, the networks of 2012 and 2013, with the first layer's filter size and stride as arguments.

Nobody needs them to classify photos today. They are small to read, get smaller by max pooling (so a deconvnet shows their units),
and show what Zeiler and Fergus found: with filters of 11 x 11 pixels every 4 pixels, the first layer's filters are a mix of very
high and very low frequencies, and the second layer's maps have aliasing artefacts; 7 x 7 every 2 pixels has not.

Sources: Krizhevsky, Sutskever and Hinton 2012, "ImageNet Classification with Deep Convolutional Neural Networks"; Zeiler and Fergus
2014 (arXiv 1311.2901), sections 3 and 4.1, figure 3. As in the latter, all convolutions see all channels: the two halves of AlexNet
were the two graphics cards it was trained on.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from torch import nn

from gatera.core.checks import check_at_least, check_count, check_fraction

#: Channels of the five convolutions, and features of the two hidden layers.
WIDTHS, HIDDEN = (96, 256, 384, 384, 256), 4096

#: The last maps are brought to this size, so that photos of other sizes than 224 pixels fit, too.
LAST_SIZE = 6


@dataclass(frozen=True)
class _Second:
    """How the second convolution and the pooling differ between the two networks."""

    stride: int
    padding: int
    pool_padding: int


def alexnet(
    n_out: int = 1000,
    n_in: int = 3,
    first_size: int = 11,
    first_stride: int = 4,
    width: float = 1.0,
    dropout: float = 0.5,
) -> nn.Sequential:
    """Build AlexNet with random parameters: photos [N,C,H,W] -> logits [N,K].

    Args:
        n_out: number of outputs K.
        n_in: number of input channels C.
        first_size: side of the first layer's filters (pixels).
        first_stride: distance between their places (pixels).
        width: factor on all numbers of channels and features.
        dropout: before each hidden layer, 0..1.

    Raises:
        ArgumentError: if a number is not allowed.

    Example:
        >>> alexnet(2, width=0.1).conv1
        Conv2d(3, 10, kernel_size=(11, 11), stride=(4, 4), padding=(2, 2))
    """
    return _network(n_out, n_in, (first_size, first_stride, 2), _Second(1, 2, 0), width, dropout)


def zfnet(
    n_out: int = 1000,
    n_in: int = 3,
    first_size: int = 7,
    first_stride: int = 2,
    width: float = 1.0,
    dropout: float = 0.5,
) -> nn.Sequential:
    """Build ZFNet with random parameters: photos [N,C,H,W] -> logits [N,K]. The arguments are those of `alexnet`.

    It is AlexNet with a finer first layer, and a second one with stride 2.

    Example:
        >>> zfnet(2, width=0.1).conv1
        Conv2d(3, 10, kernel_size=(7, 7), stride=(2, 2), padding=(1, 1))
    """
    return _network(n_out, n_in, (first_size, first_stride, 1), _Second(2, 0, 1), width, dropout)


def _network(
    n_out: int, n_in: int, first: tuple[int, int, int], second: _Second, width: float, dropout: float
) -> nn.Sequential:
    for name, value in (
        ("n_out", n_out),
        ("n_in", n_in),
        ("first_size", first[0]),
        ("first_stride", first[1]),
    ):
        check_count(name, value, 1)
    check_at_least("width", width, 1e-3)
    check_fraction("dropout", dropout, open_high=True)
    c1, c2, c3, c4, c5 = (max(1, round(width * n)) for n in WIDTHS)
    hidden = max(1, round(width * HIDDEN))
    size, stride, padding = first
    layers: OrderedDict[str, nn.Module] = OrderedDict(
        conv1=nn.Conv2d(n_in, c1, size, stride, padding), relu1=nn.ReLU(), pool1=_pool(second), norm1=_norm(),
        conv2=nn.Conv2d(c1, c2, 5, second.stride, second.padding), relu2=nn.ReLU(), pool2=_pool(second), norm2=_norm(),
        conv3=nn.Conv2d(c2, c3, 3, padding=1), relu3=nn.ReLU(),
        conv4=nn.Conv2d(c3, c4, 3, padding=1), relu4=nn.ReLU(),
        conv5=nn.Conv2d(c4, c5, 3, padding=1), relu5=nn.ReLU(), pool5=_pool(second),
        size=nn.AdaptiveMaxPool2d(LAST_SIZE), flat=nn.Flatten(),
        drop6=nn.Dropout(dropout), fc6=nn.Linear(c5 * LAST_SIZE**2, hidden), relu6=nn.ReLU(),
        drop7=nn.Dropout(dropout), fc7=nn.Linear(hidden, hidden), relu7=nn.ReLU(),
        fc8=nn.Linear(hidden, n_out),
    )  # fmt: skip
    network = nn.Sequential(layers)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            # the papers' fixed 0.01 needs their 90 epochs
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


def _pool(second: _Second) -> nn.MaxPool2d:
    return nn.MaxPool2d(3, stride=2, padding=second.pool_padding)


def _norm() -> nn.LocalResponseNorm:
    return nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2.0)

"""A head for few examples: the power mean of every feature, and one linear layer that begins at zero.

A power mean lies between the mean, in which a small animal on a large photo is lost, and the maximum, which one stray spot
decides. No feature is scaled by itself, as batch norm does: that would make much of what is rare in a few hundred examples. On 700
photos of cats and dogs it errs less than the usual head, in either direction of the split (see LOG.md).

Source of the pooling: Radenović, Tolias and Chum 2018, "Fine-tuning CNN Image Retrieval with No Human Annotation" (arXiv
1711.02512), section 3.2; here with a fixed power, and for features of either sign.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from gatera.core.checks import check_at_least
from gatera.models.layers import SigmoidRange

#: The smallest magnitude that is raised to a power: at 0 the root's slope would be infinite. As in the source.
SMALLEST = 1e-6


class PowerMeanPool2d(nn.Module):
    """Pool a feature map by the root of its mean power: [N,C,H,W] -> float32 [N,C,1,1].

    Negative values are pooled by themselves and taken away, so that with power 1 it is the mean of any map.

    Args:
        power: 1 for the mean; the larger, the nearer to the maximum.

    Raises:
        ArgumentError: if the power is below 1.

    Example:
        >>> import torch
        >>> PowerMeanPool2d(3)(torch.tensor([[[[1.0, 3.0]]]])).flatten()  # cube root of (1 + 27) / 2
        tensor([2.4101])
    """

    def __init__(self, power: float = 3.0) -> None:
        super().__init__()
        check_at_least("power", power, 1)
        self.power = float(power)

    def forward(self, x: Tensor) -> Tensor:
        """Pool; [N,C,H,W] -> float32 [N,C,1,1], for powers of half precision are too coarse."""
        x = x.float()
        return self._pooled(x) - self._pooled(-x)

    def _pooled(self, x: Tensor) -> Tensor:
        powers = x.clamp_min(SMALLEST).pow(self.power)
        return powers.mean(dim=(2, 3), keepdim=True).pow(1 / self.power)

    def extra_repr(self) -> str:
        """Show the power in the printed model."""
        return f"power={self.power:g}"


@dataclass(frozen=True)
class LinearHeadOptions:
    """Asks for a linear head in place of the usual one; the field is the argument of `create_linear_head`."""

    power: float = 3.0


class LinearHead(nn.Sequential):
    """Layers that end in one linear layer, maybe with a `SigmoidRange` behind it; made by `create_linear_head`.

    Attributes:
        lr_mult: every learning rate of the head is multiplied by it. The layer starts from a solution
            (`gatera.learn.head_start`), and rates that suit a head of random values would lose it: from 9 wrong of 700
            photos to 8 at 2e-4, to 10 at 2e-3.
    """

    lr_mult = 0.1

    @property
    def linear(self) -> nn.Linear:
        """The linear layer."""
        return next(layer for layer in self if isinstance(layer, nn.Linear))

    @property
    def features(self) -> nn.Sequential:
        """The layers before the linear one: [N,C,H,W] (or [N,F]) -> [N,F]."""
        return nn.Sequential(*list(self)[: list(self).index(self.linear)])

    @property
    def untrained(self) -> bool:
        """Whether every weight and bias is still zero."""
        return not (self.linear.weight.any() or self.linear.bias.any())


def create_linear_head(
    nf: int, n_out: int, power: float = 3.0, pool: bool = True, y_range: tuple[float, float] | None = None
) -> LinearHead:
    """Make a head of one linear layer: power mean, features brought to one length, linear.

    Args:
        nf: features (channels) that come from the body.
        n_out: outputs K.
        power: of the pooling, see `PowerMeanPool2d`.
        pool: pool a feature map [N,C,H,W] first; False where the body already gives [N,F].
        y_range: squash the outputs into this open interval.

    Returns:
        A `LinearHead`, its weights and biases zero, so that nothing random is left in the answers of a head that few examples
        train; [N,C,H,W] (or [N,F]) -> [N,K].

    Raises:
        ArgumentError: if a size or the power is below 1, or `y_range` does not go from low to high.

    Example:
        >>> [type(layer).__name__ for layer in create_linear_head(1280, 2)]
        ['PowerMeanPool2d', 'Flatten', 'RMSNorm', 'Linear']
    """
    for size in (nf, n_out):
        check_at_least("the size of a layer in the head (nf, n_out)", size, 1)
    last = nn.Linear(nf, n_out)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    layers: list[nn.Module] = [PowerMeanPool2d(power), nn.Flatten()] if pool else []
    # Bodies differ in how large their features are; at one length, one learning rate suits them all.
    layers += [nn.RMSNorm(nf, elementwise_affine=False), last]
    return LinearHead(*layers, *([] if y_range is None else [SigmoidRange(*y_range)]))

"""Blocks of inputs that a vision model looks at: photos, and anything else encoded as an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.batch_size import PHOTOS
from gatera.data.show.pil import PILImage, show_image
from gatera.program.preprocess import photo_array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ImageInput(InputBlock):
    """An input that is an image to the model: a photo, or a sound written as a spectrogram. Transforms of photos act on it."""

    def encode(self, value: Image.Image) -> np.ndarray:
        """Return the photo's pixels, uint8 [H,W,C]."""
        return photo_array(value)

    def as_batch(self, stacked: Tensor) -> Tensor:
        """Return photos [N,H,W,C] as [N,C,H,W]: the same memory, which is what torch calls channels_last."""
        return stacked.permute(0, 3, 1, 2)

    def draw(self, picture: Any, axes: Axes) -> None:
        """Draw an image on matplotlib axes.

        Args:
            picture: what `read` or `decode` gives.
            axes: where to draw it.
        """
        show_image(picture, ax=axes)

    def decode(self, encoded: Tensor) -> np.ndarray:
        """Turn a batch's photo, float [C,H,W] in 0..1 or uint8, into pixels to show, uint8 [H,W,C]."""
        pixels = encoded.detach().float().cpu()
        if encoded.dtype != torch.uint8:
            pixels = pixels.clamp(0, 1).mul(255).round()
        return pixels.permute(1, 2, 0).to(torch.uint8).numpy()  # [C,H,W] -> [H,W,C]


@dataclass(frozen=True, repr=False)
class ImageBlock(ImageInput):
    """A photo.

    Args:
        cls: PILImage for colour, PILImageBW for grey.
    """

    cls: type[PILImage] = PILImage
    batch_rule = PHOTOS

    def read(self, raw: Any) -> PILImage:
        """Open a path, bytes, array or Pillow image, upright and in this block's mode.

        Raises:
            PhotoError: if it cannot be read; the message names the file.
        """
        return self.cls.create(raw)

    def config(self) -> list[dict[str, Any]]:
        """Return the one operation that reads a photo."""
        return [{"op": "read_photo", "mode": self.cls.read_mode}]

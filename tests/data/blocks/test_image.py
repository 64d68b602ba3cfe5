from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from gatera.data.blocks.image import ImageBlock
from gatera.data.show.pil import PILImageBW


def test_a_photo_is_read_encoded_and_decoded():
    block = ImageBlock()
    image = block.read(np.full((4, 6, 3), 7, np.uint8))
    assert image.shape == (4, 6)
    pixels = block.encode(image)
    assert pixels.shape == (4, 6, 3)
    batch = block.as_batch(torch.from_numpy(pixels.copy())[None])
    assert batch.shape == (1, 3, 4, 6)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(block.decode(batch[0]), pixels)
    np.testing.assert_array_equal(block.decode(batch[0].float() / 255), pixels)


def test_colours_beyond_the_range_are_cut_off_when_shown():
    x = torch.tensor([-0.5, 0.499, 1.5])[:, None, None]
    assert ImageBlock().decode(x)[0, 0].tolist() == [0, 127, 255]


def test_a_grey_block_reads_one_channel():
    block = ImageBlock(PILImageBW)
    assert block.encode(block.read(Image.new("RGB", (6, 4), "white"))).shape == (4, 6, 1)
    assert block.config() == [{"op": "read_photo", "mode": "L"}]

from __future__ import annotations

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError, ExportError
from gatera.data.blocks.base import TransformBlock, as_block
from gatera.data.blocks.category import CategoryBlock


def message(error: type[Exception], call) -> str:
    with pytest.raises(error) as err:
        call()
    return str(err.value)


def test_a_transform_block_leaves_values_alone():
    block = TransformBlock()
    assert block.decode(block.encode(np.arange(3))).tolist() == [0, 1, 2]
    assert block.encode(torch.ones(2)).tolist() == [1, 1]
    assert message(ExportError, block.config) == (
        "A program cannot read the inputs of TransformBlock. Expected: ImageBlock, or a block with a config() method."
    )


def test_a_blocks_class_stands_for_the_block():
    assert as_block(CategoryBlock) == CategoryBlock()
    assert message(ArgumentError, lambda: as_block("image")) == (
        "blocks holds something that is not a block. Got: 'image'. "
        "Expected: ImageBlock, CategoryBlock, MultiCategoryBlock, RegressionBlock, TransformBlock."
    )

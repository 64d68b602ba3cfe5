"""Check that inputs, targets and transforms go together."""

from __future__ import annotations

from gatera.core.errors import ArgumentError
from gatera.data.blocks.image import ImageBlock
from gatera.data.loading.dataset import Dataset


def check_no_transforms(dataset: Dataset, name: str, given: bool) -> None:
    """Raise ArgumentError if transforms, the argument `name`, were given for inputs that they cannot act on."""
    if given:
        raise ArgumentError(
            f"{name} act on photos", got=type(dataset.fields.x).__name__, expected="ImageBlock"
        )


def check_spatial(dataset: Dataset) -> None:
    """Raise ArgumentError if targets lie on photos and inputs are not photos."""
    fields = dataset.fields
    if fields.spatial is not None and not isinstance(fields.x, ImageBlock):
        raise ArgumentError(
            f"{type(fields.spatial).__name__} needs photos as inputs", got=type(fields.x).__name__,
            expected="ImageBlock",
        )  # fmt: skip

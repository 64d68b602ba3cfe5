"""Spatial targets (masks, keypoints): they get exactly the same geometric augmentation as their photo."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gatera.data.blocks.base import TargetBlock
from gatera.data.transforms.sampled import SampledAugmentation
from gatera.program.raw.placement import Placement, Size

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SpatialTarget(TargetBlock):
    """A target that lies on its photo and moves with it.

    `encode` gives an array in the photo's own pixels. `place` and `move` move it as the photo is moved, and `to_target` turns
    it into what is stacked into a batch, or collated where targets are `ragged`.
    """

    def cache_key(self) -> list[dict[str, Any]] | None:
        """Return how targets are read, as JSON data, if their uint8 [h,w] form before augmentation is worth caching on disk."""
        return None

    @abstractmethod
    def check(self, raw: Any) -> None:
        """Find what can be found without reading every label.

        Raises:
            DataError: if a raw label cannot be used.
        """

    def check_fit(self, raw: Any, photo: str, size: Size) -> None:
        """Check a label against its photo, which is called `photo` and has `size` (height, width).

        Raises:
            DataError: if they do not belong together.
        """

    def look_at(
        self, labels: Sequence[Any], size_of: Callable[[int], Size], name_of: Callable[[int], str]
    ) -> None:
        """Tell, once for a whole data set, of labels that probably do not belong to their photos.

        Args:
            labels: the raw label of each item.
            size_of: returns the (height, width) of an item's photo; raises DataError if it cannot be read.
            name_of: returns what messages call an item.
        """

    @abstractmethod
    def place(self, encoded: np.ndarray, steps: Sequence[Placement]) -> np.ndarray:
        """Return the label after item transforms, which put the photo where `steps` say."""

    @abstractmethod
    def move(self, encoded: np.ndarray, sampled: SampledAugmentation, i: int, size: Size) -> np.ndarray:
        """Return the label of a photo of `size` after the changes sampled for item `i` of a batch."""

    @abstractmethod
    def to_target(self, encoded: np.ndarray, size: Size) -> np.ndarray:
        """Return what is stacked into a batch, for a photo that the model gets in `size`."""

    def as_targets(self, stacked: Any) -> Any:
        """Return a batch's targets as losses and metrics take them.

        Args:
            stacked: what `to_target` gave for each item, stacked; where they are `ragged`, what `collate` returns.
        """
        return stacked

    @abstractmethod
    def show_on(
        self,
        photos: Sequence[np.ndarray],
        targets: Any,
        predictions: Any = None,
        nrows: int | None = None,
        ncols: int | None = None,
        figsize: tuple[float, float] | None = None,
        suptitle: str | None = None,
    ) -> Figure:
        """Draw labels, and predictions if there are any, on their photos.

        Args:
            photos: N photos as the model sees them, uint8 [h,w,C].
            targets: as `as_targets` gives them, [N,...].
            predictions: as the loss's `decodes` gives them, [N,...].
            nrows: rows of the grid.
            ncols: columns of the grid.
            figsize: width and height in inches.
            suptitle: written above.
        """

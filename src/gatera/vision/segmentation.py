"""`SegmentationDataLoaders`: build DataLoaders of photos with masks, which label every pixel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from gatera.core.errors import DataError
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.arguments import IMAGE_DEFAULTS, ImageArguments, loader_arguments
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.mask import MaskBlock
from gatera.data.datablock import DataBlock
from gatera.data.folders.class_folders import tell_of_sides
from gatera.data.loading.loaders import DataLoaders
from gatera.data.loading.pipeline import PROBE
from gatera.data.sources.items import Items
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.transforms.batch import BatchPipeline
from gatera.data.transforms.item import Resize
from gatera.data.transforms.torchvision import as_list, batch_transforms, item_transforms
from gatera.program.raw.photo import photo_size


class SegmentationDataLoaders:
    """Create `DataLoaders` of photos with masks."""

    @staticmethod
    @spelled_out(ImageArguments, IMAGE_DEFAULTS)
    def from_label_func(
        path: str | Path, fnames: Sequence[str | Path], label_func: Callable[[Any], Any], valid_pct: float = 0.2,
        seed: int | None = None, codes: Sequence[Any] | Mapping[int, Any] | None = None,
        **options: Unpack[ImageArguments],
    ) -> DataLoaders:  # fmt: skip
        """Create loaders from a list of photos and a function that finds each photo's mask.

        Unless a transform resizes the photos, they must all have one size; the exported program then resizes any photo to that
        size, and its prediction back to the photo's own.

        Args:
            path: folder for files written in training.
            fnames: the photos, e.g. from `get_image_files`.
            label_func: path -> mask: a path, array or Pillow image. Called once per photo; masks are read batch by batch.
            valid_pct: share of the photos for validation, 0..1.
            seed: determines the random split, shuffling and augmentation.
            codes: names of the classes 0, 1, 2, ...; or a dict from a mask's numbers to names.
            **options: see `ImageArguments`: transforms of photos and masks, `img_cls`, and the arguments of
                `DataBlock.dataloaders`.

        Raises:
            ArgumentError: if `codes` is missing, or masks cannot follow a transform.
            DataError: if there are no photos, a mask is missing or of another size than its photo, or photos differ in size
                and nothing resizes them.
        """
        check_arguments(SegmentationDataLoaders.from_label_func, options)
        given: ImageArguments = {**IMAGE_DEFAULTS, **options}
        item_tfms, batch_tfms = given["item_tfms"], given["batch_tfms"]
        if not len(fnames):
            raise DataError(f"There are no photos in {path}", remedy="Check the path.")
        if not _sized(item_tfms, batch_tfms):
            item_tfms = [Resize(common_size(fnames), "squish"), *as_list(item_tfms)]
        block = DataBlock(
            (ImageBlock(given["img_cls"]), MaskBlock(codes)), splitter=RandomSplitter(valid_pct, seed), get_y=label_func,
            item_tfms=item_tfms, batch_tfms=batch_tfms,
        )  # fmt: skip
        tell_of_sides([Path(photo) for photo in fnames], [""] * len(fnames))
        return block.dataloaders(Items(fnames), path, seed=seed, **loader_arguments(options))


def _sized(item_tfms: Any, batch_tfms: Any) -> bool:
    """Whether any transform changes the size of photos."""
    size = PROBE
    for transform in item_transforms(item_tfms):
        steps = transform.steps(size)
        size = steps[-1].size if steps else size
    return size != PROBE or bool(BatchPipeline(batch_transforms(batch_tfms)).at_prediction)


def common_size(files: Sequence[Any]) -> tuple[int, int]:
    """Return the (height, width) that all photos share, reading only their headers.

    Raises:
        DataError: if two sizes differ; the message names both files.
    """
    first: tuple[int, int] | None = None
    for file in files:
        size = photo_size(file)
        if first is None:
            first = size
        elif size != first:
            raise DataError(
                f"The photos differ in size: {files[0]} is {first[0]} x {first[1]} pixels (height x width), "
                f"{file} is {size[0]} x {size[1]}",
                remedy="Make them one size: item_tfms=Resize(224), or Resize(224, 'squish') to avoid cropping.",
            )
    return first or PROBE

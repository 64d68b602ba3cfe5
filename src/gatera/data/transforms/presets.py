"""Standard augmentation: `aug_transforms`, and every batch transform by its name.

Every transform is sampled for each item by itself, from numbers keyed by (seed, epoch, index). All geometric transforms of a
list become one matrix per item and one resampling; all changes of light and colour become one map.
"""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

from gatera.core.checks import check_at_least, check_positive
from gatera.core.errors import ArgumentError
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.transforms.erasing import RandomErasing
from gatera.data.transforms.geometry import Dihedral, Flip, Geometry, RandomCropResize, Rotate, Warp, Zoom
from gatera.data.transforms.item import Size
from gatera.data.transforms.lighting import Brightness, Contrast, Hue, Saturation

__all__ = [
    "Brightness",
    "Contrast",
    "Dihedral",
    "Flip",
    "Hue",
    "RandomCropResize",
    "RandomErasing",
    "Rotate",
    "Saturation",
    "Warp",
    "Zoom",
    "aug_transforms",
]


class AugmentArguments(TypedDict, total=False):
    """What `aug_transforms` takes beside the strengths of its transforms.

    Attributes:
        p_affine: probability of each of warp, rotation and zoom.
        p_lighting: probability of each of brightness and contrast.
        xtra_tfms: further batch transforms, one or several.
        size: output size in pixels; at validation photos are resized to it.
        mode: "bilinear", "nearest" or "bicubic".
        pad_mode: what lies beyond the edge: "reflection", "zeros" or "border".
        align_corners: see `Sampling`.
        batch: one sample for all items of a batch.
        min_scale: below 1, a random part of at least this share of the area is taken; needs `size`.
    """

    p_affine: float
    p_lighting: float
    xtra_tfms: Any
    size: Size | None
    mode: str
    pad_mode: str
    align_corners: bool
    batch: bool
    min_scale: float


AUGMENT_DEFAULTS = AugmentArguments(
    p_affine=0.75, p_lighting=0.75, xtra_tfms=None, size=None, mode="bilinear", pad_mode="reflection",
    align_corners=True, batch=False, min_scale=1.0,
)  # fmt: skip


@spelled_out(AugmentArguments, AUGMENT_DEFAULTS)
def aug_transforms(
    mult: float = 1.0, do_flip: bool = True, flip_vert: bool = False, max_rotate: float = 10.0, min_zoom: float = 1.0,
    max_zoom: float = 1.1, max_lighting: float = 0.2, max_warp: float = 0.2, **options: Unpack[AugmentArguments],
) -> list[Any]:  # fmt: skip
    """Return the standard augmentations for natural photos, as batch transforms.

    Args:
        mult: multiplies `max_rotate`, `max_lighting` and `max_warp`.
        do_flip: mirror left to right, half of the time.
        flip_vert: choose from all eight symmetries of a square instead, e.g. for photos from above.
        max_rotate: largest angle in degrees.
        min_zoom: smallest zoom.
        max_zoom: largest zoom.
        max_lighting: strongest change of brightness and contrast, 0..1.
        max_warp: strongest change of perspective, 0..1.
        **options: see `AugmentArguments`: probabilities, `size`, how pixels are computed.

    Raises:
        ArgumentError: if a value is out of its range, or an argument is not known.

    Example:
        >>> [type(transform).__name__ for transform in aug_transforms(max_warp=0)]
        ['Flip', 'Rotate', 'Zoom', 'Brightness', 'Contrast']
    """
    check_arguments(aug_transforms, options)
    for name, strength in (
        ("mult", mult),
        ("max_rotate", max_rotate),
        ("max_lighting", max_lighting),
        ("max_warp", max_warp),
    ):
        check_at_least(name, strength, 0)  # one that is not a number would leave its transform out
    check_positive("min_zoom", min_zoom)
    check_positive("max_zoom", max_zoom)
    given: AugmentArguments = {**AUGMENT_DEFAULTS, **options}
    size, min_scale, batch = given["size"], given["min_scale"], given["batch"]
    p_affine, p_lighting, xtra_tfms = given["p_affine"], given["p_lighting"], given["xtra_tfms"]
    if min_scale != 1 and size is None:
        raise ArgumentError("min_scale needs size", got=min_scale, remedy="Pass size=224, say.")
    how: dict[str, Any] = {name: given[name] for name in ("size", "mode", "pad_mode", "align_corners")}
    transforms: list[Any] = []
    if do_flip:
        transforms.append(Dihedral(**how, batch=batch) if flip_vert else Flip(**how, batch=batch))
    if max_warp:
        transforms.append(Warp(max_warp * mult, p_affine, **how, batch=batch))
    if max_rotate:
        transforms.append(Rotate(max_rotate * mult, p_affine, **how, batch=batch))
    if min_zoom < 1 or max_zoom > 1:
        transforms.append(Zoom(min_zoom, max_zoom, p_affine, **how, batch=batch))
    if max_lighting:
        transforms.append(Brightness(max_lighting * mult, p_lighting, batch=batch))
        transforms.append(Contrast(max_lighting * mult, p_lighting, batch=batch))
    if size is not None and (min_scale != 1 or not any(isinstance(tfm, Geometry) for tfm in transforms)):
        transforms.append(RandomCropResize(min_scale, **how, batch=batch))
    extra = xtra_tfms if isinstance(xtra_tfms, list | tuple) else [] if xtra_tfms is None else [xtra_tfms]
    return [*transforms, *extra]

"""Everything for photos: `from gatera.vision.all import *` gives the names that the fastai book and its notebooks use.

It also exports the third-party names that notebooks expect (`np`, `pd`, `plt`, `torch`, `nn`, `F`, `Path`, `re` ...); `pd` and
`plt` are imported on first use.
"""

import gatera.with_torch  # isort: skip # noqa: F401 - names the extra, before any import needs torch


from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.mask import MaskBlock, PILMask
from gatera.data.blocks.points import PointBlock
from gatera.data.download.datasets import download_images
from gatera.data.show.pil import PILImage, PILImageBW, image2tensor, resize_images, show_image
from gatera.data.sources.items import ImageGetter
from gatera.data.transforms.crops import CropPad, RandomCrop, RandomResizedCrop
from gatera.data.transforms.erasing import RandomErasing
from gatera.data.transforms.geometry import Dihedral, Flip, Rotate, Warp, Zoom
from gatera.data.transforms.item import FlipItem, PadMode, ResizeMethod
from gatera.data.transforms.lighting import Brightness, Contrast, Hue, Saturation
from gatera.data.transforms.normalize import cifar_stats, imagenet_stats, mnist_stats
from gatera.data.transforms.presets import aug_transforms
from gatera.measure.metrics.standard import (
    Dice,
    DiceMulti,
    JaccardCoeff,
    JaccardCoeffMulti,
    PixelAccuracy,
    foreground_acc,
)
from gatera.models.vision.point_head import PointHead
from gatera.models.vision.unet import DynamicUnet, create_unet_model
from gatera.notebook_names import *  # noqa: F403 - a face brings every common name
from gatera.notebook_names import __all__ as _common
from gatera.vision.data import ImageDataLoaders
from gatera.vision.model_names import *  # noqa: F403
from gatera.vision.model_names import __all__ as _models
from gatera.vision.segmentation import SegmentationDataLoaders
from gatera.vision.unet import unet_learner

# fmt: off
__all__ = [
    "Brightness", "Contrast", "CropPad", "Dice", "DiceMulti", "Dihedral", "DynamicUnet", "Flip", "FlipItem",
    "Hue", "ImageBlock", "ImageDataLoaders", "ImageGetter", "JaccardCoeff", "JaccardCoeffMulti",
    "MaskBlock", "PILImage", "PILImageBW", "PILMask", "PadMode", "PixelAccuracy", "PointBlock", "PointHead",
    "RandomCrop", "RandomErasing", "RandomResizedCrop", "ResizeMethod", "Rotate", "Saturation",
    "SegmentationDataLoaders", "Warp", "Zoom", "aug_transforms", "cifar_stats", "create_unet_model", "download_images", "foreground_acc", "image2tensor",
    "imagenet_stats", "mnist_stats", "resize_images", "show_image", "unet_learner",
    ]
__all__ += _common
__all__ += _models
# fmt: on

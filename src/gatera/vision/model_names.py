"""Names of vision models, shared by `gatera.vision.all` and `gatera.audio.all`, which classifies spectrograms."""

from gatera.data.download.datasets import download_url
from gatera.learn.callbacks.mixup import CutMix, MixUp
from gatera.measure.reports.labels import label_scores
from gatera.measure.thresholds import best_thresholds
from gatera.models.backbones.architectures import (
    Architecture,
    convnext_tiny,
    efficientnet_lite0,
    efficientnet_lite1,
    efficientnet_lite2,
    efficientnet_lite3,
    efficientnet_lite4,
    mobilenet_v3_large,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
    vit_small,
)
from gatera.models.vision.heads import HeadOptions, create_head
from gatera.models.vision.linear_head import LinearHeadOptions, PowerMeanPool2d, create_linear_head
from gatera.models.vision.model import create_vision_model
from gatera.models.vision.zeiler_fergus import alexnet, zfnet

# fmt: off
__all__ = [
    "Architecture",     "CutMix",     "HeadOptions",     "LinearHeadOptions",     "MixUp",
    "PowerMeanPool2d",     "alexnet",     "best_thresholds",     "convnext_tiny",     "create_head",
    "create_linear_head",     "create_vision_model",     "download_url",     "efficientnet_lite0",
    "efficientnet_lite1",     "efficientnet_lite2",     "efficientnet_lite3",     "efficientnet_lite4",
    "label_scores",     "mobilenet_v3_large",     "resnet18",     "resnet34",     "resnet50",
    "resnet101",     "resnet152",     "vit_small",     "zfnet",
]
# fmt: on

"""Everything for photos: `from gatera.vision.all import *` gives the names that the fastai book and its notebooks use.

It also exports the third-party names that notebooks expect (`np`, `pd`, `plt`, `torch`, `nn`, `F`, `Path`, `re` ...); `pd` and
`plt` are imported on first use.
"""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn, tensor

from gatera.core.device import (
    default_device,
)
from gatera.core.lazy import (
    pd,
    plt,
)
from gatera.core.random import (
    set_seed,
)
from gatera.data.blocks.base import (
    TransformBlock,
)
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.blocks.mask import (
    MaskBlock,
    PILMask,
)
from gatera.data.blocks.points import (
    PointBlock,
)
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.datablock import (
    DataBlock,
)
from gatera.data.download.datasets import (
    download_images,
    download_url,
    untar_data,
)
from gatera.data.download.urls import (
    URLs,
)
from gatera.data.loading.loaders import (
    Batch,
    DataLoader,
    DataLoaders,
)
from gatera.data.show.pil import (
    PILImage,
    PILImageBW,
    image2tensor,
    resize_images,
    show_image,
)
from gatera.data.sources.items import (
    FileGetter,
    ImageGetter,
    get_files,
    get_image_files,
    verify_images,
)
from gatera.data.sources.labels import (
    AttrGetter,
    ColReader,
    ItemGetter,
    RegexLabeller,
    parent_label,
    using_attr,
)
from gatera.data.splits.by_position import (
    EndSplitter,
    FileSplitter,
    FuncSplitter,
    GrandparentSplitter,
    IndexSplitter,
    MaskSplitter,
    RandomSplitter,
    RandomSubsetSplitter,
    Splits,
)
from gatera.data.splits.by_value import (
    ColSplitter,
    GroupSplitter,
    TimeSplitter,
    TrainTestSplitter,
)
from gatera.data.transforms.crops import CropPad, RandomCrop, RandomResizedCrop
from gatera.data.transforms.erasing import (
    RandomErasing,
)
from gatera.data.transforms.geometry import (
    Dihedral,
    Flip,
    Rotate,
    Warp,
    Zoom,
)
from gatera.data.transforms.item import FlipItem, PadMode, Resize, ResizeMethod
from gatera.data.transforms.lighting import (
    Brightness,
    Contrast,
    Hue,
    Saturation,
)
from gatera.data.transforms.normalize import (
    Normalize,
    cifar_stats,
    imagenet_stats,
    mnist_stats,
)
from gatera.data.transforms.presets import (
    aug_transforms,
)
from gatera.interpret.classification import (
    ClassificationInterpretation,
)
from gatera.interpret.predictions import (
    Interpretation,
)
from gatera.learn.callbacks.csv_logger import CSVLogger
from gatera.learn.callbacks.gradients import GradientAccumulation, GradientClip
from gatera.learn.callbacks.lr_finder import (
    minimum,
    slide,
    steep,
    valley,
)
from gatera.learn.callbacks.mixup import (
    CutMix,
    MixUp,
)
from gatera.learn.callbacks.tracking import (
    EarlyStoppingCallback,
    ReduceLROnPlateau,
    SaveModelCallback,
)
from gatera.learn.checkpoint import (
    TrainingInterrupted,
)
from gatera.learn.export.program import (
    ExportOptions,
)
from gatera.learn.learner import (
    Learner,
)
from gatera.learn.optimizer import (
    SGD,
    Adam,
    RAdam,
    RMSProp,
)
from gatera.learn.options import (
    TrainingOptions,
)
from gatera.learn.schedule import (
    ParamScheduler,
    SchedCos,
    SchedExp,
    SchedLin,
    SchedNo,
    combine_scheds,
    combined_cos,
)
from gatera.learn.state import (
    Callback,
    CancelBatchException,
    CancelEpochException,
    CancelFitException,
    CancelStepException,
    CancelTrainException,
    CancelValidException,
)
from gatera.measure.intervals import (
    bootstrap_interval,
    wilson_interval,
)
from gatera.measure.losses.standard import (
    BCELossFlat,
    BCEWithLogitsLossFlat,
    CrossEntropyLossFlat,
    FocalLoss,
    FocalLossFlat,
    L1LossFlat,
    LabelSmoothingCrossEntropy,
    LabelSmoothingCrossEntropyFlat,
    MSELossFlat,
)
from gatera.measure.metrics.standard import (
    APScoreBinary,
    APScoreMulti,
    BalancedAccuracy,
    CohenKappa,
    Dice,
    DiceMulti,
    ExplainedVariance,
    F1Score,
    F1ScoreMulti,
    FBeta,
    FBetaMulti,
    HammingLoss,
    HammingLossMulti,
    Jaccard,
    JaccardCoeff,
    JaccardCoeffMulti,
    JaccardMulti,
    MatthewsCorrCoef,
    PearsonCorrCoef,
    PixelAccuracy,
    Precision,
    PrecisionMulti,
    R2Score,
    Recall,
    RecallMulti,
    RocAuc,
    RocAucBinary,
    RocAucMulti,
    SpearmanCorrCoef,
    accuracy,
    accuracy_multi,
    error_rate,
    exp_rmspe,
    foreground_acc,
    mae,
    mse,
    msle,
    rmse,
    top_k_accuracy,
)
from gatera.measure.reports.labels import (
    label_scores,
)
from gatera.measure.thresholds import (
    best_thresholds,
)
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
from gatera.models.layers import (
    SigmoidRange,
    sigmoid_range,
)
from gatera.models.vision.body import (
    create_body,
)
from gatera.models.vision.heads import (
    HeadOptions,
    create_head,
)
from gatera.models.vision.linear_head import (
    LinearHeadOptions,
    PowerMeanPool2d,
    create_linear_head,
)
from gatera.models.vision.model import (
    create_vision_model,
)
from gatera.models.vision.point_head import (
    PointHead,
)
from gatera.models.vision.unet import (
    DynamicUnet,
    create_unet_model,
)
from gatera.program.prediction import (
    Prediction,
)
from gatera.program.program import (
    Program,
    load_program,
)
from gatera.vision.data import (
    ImageDataLoaders,
)
from gatera.vision.learner import (
    cnn_learner,
    vision_learner,
)
from gatera.vision.segmentation import (
    SegmentationDataLoaders,
)
from gatera.vision.unet import (
    unet_learner,
)

#: Open a trained program; fastai's name for it.
load_learner = load_program

# fmt: off
__all__ = [
    "SGD", "APScoreBinary", "APScoreMulti", "Adam", "Architecture", "AttrGetter", "BCELossFlat",
    "BCEWithLogitsLossFlat", "BalancedAccuracy", "Batch", "Brightness", "CSVLogger", "Callback",
    "CancelBatchException", "CancelEpochException", "CancelFitException", "CancelStepException",
    "CancelTrainException", "CancelValidException", "CategoryBlock", "ClassificationInterpretation",
    "CohenKappa", "ColReader", "ColSplitter", "Contrast", "CropPad", "CrossEntropyLossFlat", "CutMix",
    "DataBlock", "DataLoader", "DataLoaders", "Dice", "DiceMulti", "Dihedral", "DynamicUnet",
    "EarlyStoppingCallback", "EndSplitter", "ExplainedVariance", "ExportOptions", "F", "F1Score",
    "F1ScoreMulti", "FBeta", "FBetaMulti", "FileGetter", "FileSplitter", "Flip", "FlipItem", "FocalLoss",
    "FocalLossFlat", "FuncSplitter", "GradientAccumulation", "GradientClip", "GrandparentSplitter",
    "GroupSplitter", "HammingLoss", "HammingLossMulti", "HeadOptions", "Hue", "Image", "ImageBlock",
    "ImageDataLoaders", "ImageGetter", "IndexSplitter", "Interpretation", "ItemGetter", "Jaccard",
    "JaccardCoeff", "JaccardCoeffMulti", "JaccardMulti", "L1LossFlat", "LabelSmoothingCrossEntropy",
    "LabelSmoothingCrossEntropyFlat", "Learner", "LinearHeadOptions", "MSELossFlat", "MaskBlock",
    "MaskSplitter", "MatthewsCorrCoef", "MixUp", "MultiCategoryBlock", "Normalize", "PILImage",
    "PILImageBW", "PILMask", "PadMode", "ParamScheduler", "Path", "PearsonCorrCoef", "PixelAccuracy",
    "PointBlock", "PointHead", "PowerMeanPool2d", "Precision", "PrecisionMulti", "Prediction", "Program",
    "R2Score", "RAdam", "RMSProp", "RandomCrop", "RandomErasing", "RandomResizedCrop", "RandomSplitter",
    "RandomSubsetSplitter", "Recall", "RecallMulti", "ReduceLROnPlateau", "RegexLabeller",
    "RegressionBlock", "Resize", "ResizeMethod", "RocAuc", "RocAucBinary", "RocAucMulti", "Rotate",
    "Saturation", "SaveModelCallback", "SchedCos", "SchedExp", "SchedLin", "SchedNo",
    "SegmentationDataLoaders", "SigmoidRange", "SpearmanCorrCoef", "Splits", "Tensor", "TimeSplitter",
    "TrainTestSplitter", "TrainingInterrupted", "TrainingOptions", "TransformBlock", "URLs", "Warp",
    "Zoom", "accuracy", "accuracy_multi", "aug_transforms", "best_thresholds", "bootstrap_interval",
    "cifar_stats", "cnn_learner", "combine_scheds", "combined_cos", "convnext_tiny", "create_body",
    "create_head", "create_linear_head", "create_unet_model", "create_vision_model", "default_device",
    "download_images", "download_url", "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2",
    "efficientnet_lite3", "efficientnet_lite4", "error_rate", "exp_rmspe", "foreground_acc", "get_files",
    "get_image_files", "image2tensor", "imagenet_stats", "json", "label_scores", "load_learner",
    "load_program", "mae", "minimum", "mnist_stats", "mobilenet_v3_large", "mse", "msle", "nn", "np",
    "parent_label", "partial", "pd", "plt", "re", "resize_images", "resnet18", "resnet34", "resnet50",
    "resnet101", "resnet152", "rmse", "set_seed", "show_image", "shutil", "sigmoid_range", "slide",
    "steep", "tensor", "top_k_accuracy", "torch", "unet_learner", "untar_data", "using_attr", "valley",
    "verify_images", "vision_learner", "vit_small", "wilson_interval",
]
# fmt: on

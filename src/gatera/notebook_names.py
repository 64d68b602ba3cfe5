"""Names that `gatera.vision.all` and the other `all` modules share; each adds its own.

It also exports the third-party names that notebooks expect (`Path`, `np`, `torch`, `nn`, ...); `pd` and `plt` are imported on
first use.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gatera.compat.all import *  # noqa: F403
from gatera.compat.all import __all__ as _compat
from gatera.core.random import set_seed
from gatera.data.blocks.base import TransformBlock
from gatera.data.blocks.category import CategoryBlock, MultiCategoryBlock
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.blocks.soft import SoftCategoryBlock
from gatera.data.device import default_device
from gatera.data.loading.loaders import Batch, DataLoaders
from gatera.data.sources.items import FileGetter
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
from gatera.data.splits.by_value import ColSplitter, GroupSplitter, TimeSplitter, TrainTestSplitter
from gatera.data.transforms.normalize import Normalize
from gatera.interpret.classification import ClassificationInterpretation
from gatera.interpret.layers import named_layers
from gatera.interpret.predictions import Interpretation
from gatera.interpret.units.evolution import FeatureEvolution
from gatera.learn.callbacks.gradients import GradientAccumulation, GradientClip
from gatera.learn.callbacks.lr_finder import minimum, slide, steep, valley
from gatera.learn.checkpoints.position import TrainingInterrupted
from gatera.learn.export.program import ExportOptions
from gatera.learn.learner import Learner
from gatera.learn.optimizer import SGD, Adam, RAdam, RMSProp
from gatera.learn.options import TrainingOptions
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
    CancelBatchException,
    CancelEpochException,
    CancelFitException,
    CancelStepException,
    CancelTrainException,
    CancelValidException,
)
from gatera.measure.intervals import bootstrap_interval, wilson_interval
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
    ExplainedVariance,
    F1Score,
    F1ScoreMulti,
    FBeta,
    FBetaMulti,
    HammingLoss,
    HammingLossMulti,
    Jaccard,
    JaccardMulti,
    MatthewsCorrCoef,
    PearsonCorrCoef,
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
    mae,
    mse,
    msle,
    rmse,
    top_k_accuracy,
)
from gatera.models.layers import AdaptiveConcatPool2d, SigmoidRange, sigmoid_range
from gatera.program.prediction import Prediction
from gatera.program.program import Program
from gatera.store.models.open import load_program

# fmt: off
__all__ = [
    "SGD",     "APScoreBinary",     "APScoreMulti",     "Adam",     "AdaptiveConcatPool2d",     "AttrGetter",     "BCELossFlat",
    "BCEWithLogitsLossFlat",     "BalancedAccuracy",     "Batch",     "CancelBatchException",     "CancelEpochException",     "CancelFitException",     "CancelStepException",
    "CancelTrainException",     "CancelValidException",     "CategoryBlock",
    "ClassificationInterpretation",     "CohenKappa",     "ColReader",     "ColSplitter",
    "CrossEntropyLossFlat",     "DataLoaders",     "EndSplitter",     "ExplainedVariance",     "ExportOptions",     "F",     "F1Score",     "F1ScoreMulti",
    "FBeta",     "FBetaMulti",     "FeatureEvolution",     "FileGetter",     "FileSplitter",     "FocalLoss",     "FocalLossFlat",
    "FuncSplitter",     "GradientAccumulation",     "GradientClip",     "GrandparentSplitter",
    "GroupSplitter",     "HammingLoss",     "HammingLossMulti",     "IndexSplitter",     "Interpretation",
    "ItemGetter",     "Jaccard",     "JaccardMulti",     "L1LossFlat",     "LabelSmoothingCrossEntropy",
    "LabelSmoothingCrossEntropyFlat",     "Learner",     "MSELossFlat",     "MaskSplitter",
    "MatthewsCorrCoef",     "MultiCategoryBlock",     "Normalize",     "ParamScheduler",     "PearsonCorrCoef",     "Precision",     "PrecisionMulti",     "Prediction",     "Program",     "R2Score",
    "RAdam",     "RMSProp",     "RandomSplitter",     "RandomSubsetSplitter",     "Recall",     "RecallMulti",
    "RegexLabeller",     "RegressionBlock",     "RocAuc",     "RocAucBinary",
    "RocAucMulti",     "SchedCos",     "SchedExp",     "SchedLin",     "SchedNo",
    "SigmoidRange",     "SoftCategoryBlock",     "SpearmanCorrCoef",     "Splits",     "Tensor",     "TimeSplitter",
    "TrainTestSplitter",     "TrainingInterrupted",     "TrainingOptions",     "TransformBlock",     "accuracy",     "accuracy_multi",     "bootstrap_interval",     "combine_scheds",     "combined_cos",
    "default_device",     "error_rate",     "exp_rmspe",     "load_program",     "mae",     "minimum",     "mse",     "msle",     "named_layers",     "nn",     "parent_label",
    "rmse",     "set_seed",     "sigmoid_range",     "slide",     "steep",
    "top_k_accuracy",     "torch",     "using_attr",     "valley",
    "wilson_interval",
]
__all__ += _compat
# fmt: on

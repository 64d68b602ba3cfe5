"""Everything for texts: `from gatera.text.all import *` gives the names that the fastai book and its notebooks use.

It also exports the third-party names that notebooks expect; `pd` and `plt` are imported on first use.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
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
from gatera.data.blocks.regression import RegressionBlock
from gatera.data.datablock import (
    DataBlock,
)
from gatera.data.download.datasets import (
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
from gatera.data.sources.items import (
    FileGetter,
    get_files,
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
from gatera.learn.callbacks.recurrent import (
    ModelResetter,
    RNNRegularizer,
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
from gatera.measure.metrics.perplexity import (
    Perplexity,
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
from gatera.models.layers import (
    SigmoidRange,
    sigmoid_range,
)
from gatera.models.text.awd_lstm import (
    AWD_LSTM,
    AwdLstmConfig,
)
from gatera.models.text.model import (
    TransformerConfig,
)
from gatera.models.weights.text import (
    MiniLM,
    TextArchitecture,
)
from gatera.program.prediction import (
    Prediction,
)
from gatera.program.program import (
    Program,
    load_program,
)
from gatera.text.baseline import (
    TextBaseline,
    tfidf_baseline,
)
from gatera.text.block import (
    TextBlock,
)
from gatera.text.data import (
    TextDataLoaders,
    get_text_files,
)
from gatera.text.language_model import (
    LMLearner,
    language_model_learner,
)
from gatera.text.learner import (
    TextLearner,
    text_classifier_learner,
)
from gatera.text.loaders import (
    LanguageModelLoaders,
    TextLoaders,
)

#: Open a trained program; fastai's name for it.
load_learner = load_program

# fmt: off
__all__ = [
    "AWD_LSTM",
    "SGD",
    "APScoreBinary",
    "APScoreMulti",
    "Adam",
    "AttrGetter",
    "AwdLstmConfig",
    "BCELossFlat",
    "BCEWithLogitsLossFlat",
    "BalancedAccuracy",
    "Batch",
    "CSVLogger",
    "Callback",
    "CancelBatchException",
    "CancelEpochException",
    "CancelFitException",
    "CancelStepException",
    "CancelTrainException",
    "CancelValidException",
    "CategoryBlock",
    "ClassificationInterpretation",
    "CohenKappa",
    "ColReader",
    "ColSplitter",
    "CrossEntropyLossFlat",
    "DataBlock",
    "DataLoader",
    "DataLoaders",
    "EarlyStoppingCallback",
    "EndSplitter",
    "ExplainedVariance",
    "ExportOptions",
    "F",
    "F1Score",
    "F1ScoreMulti",
    "FBeta",
    "FBetaMulti",
    "FileGetter",
    "FileSplitter",
    "FocalLoss",
    "FocalLossFlat",
    "FuncSplitter",
    "GradientAccumulation",
    "GradientClip",
    "GrandparentSplitter",
    "GroupSplitter",
    "HammingLoss",
    "HammingLossMulti",
    "IndexSplitter",
    "Interpretation",
    "ItemGetter",
    "Jaccard",
    "JaccardMulti",
    "L1LossFlat",
    "LMLearner",
    "LabelSmoothingCrossEntropy",
    "LabelSmoothingCrossEntropyFlat",
    "LanguageModelLoaders",
    "Learner",
    "MSELossFlat",
    "MaskSplitter",
    "MatthewsCorrCoef",
    "MiniLM",
    "ModelResetter",
    "MultiCategoryBlock",
    "ParamScheduler",
    "Path",
    "PearsonCorrCoef",
    "Perplexity",
    "Precision",
    "PrecisionMulti",
    "Prediction",
    "Program",
    "R2Score",
    "RAdam",
    "RMSProp",
    "RNNRegularizer",
    "RandomSplitter",
    "RandomSubsetSplitter",
    "Recall",
    "RecallMulti",
    "ReduceLROnPlateau",
    "RegexLabeller",
    "RegressionBlock",
    "RocAuc",
    "RocAucBinary",
    "RocAucMulti",
    "SaveModelCallback",
    "SchedCos",
    "SchedExp",
    "SchedLin",
    "SchedNo",
    "SigmoidRange",
    "SpearmanCorrCoef",
    "Splits",
    "Tensor",
    "TextArchitecture",
    "TextBaseline",
    "TextBlock",
    "TextDataLoaders",
    "TextLearner",
    "TextLoaders",
    "TimeSplitter",
    "TrainTestSplitter",
    "TrainingInterrupted",
    "TrainingOptions",
    "TransformBlock",
    "TransformerConfig",
    "URLs",
    "accuracy",
    "accuracy_multi",
    "bootstrap_interval",
    "combine_scheds",
    "combined_cos",
    "default_device",
    "error_rate",
    "exp_rmspe",
    "get_files",
    "get_text_files",
    "language_model_learner",
    "load_learner",
    "load_program",
    "mae",
    "minimum",
    "mse",
    "msle",
    "nn",
    "np",
    "parent_label",
    "partial",
    "pd",
    "plt",
    "rmse",
    "set_seed",
    "sigmoid_range",
    "slide",
    "steep",
    "tensor",
    "text_classifier_learner",
    "tfidf_baseline",
    "top_k_accuracy",
    "torch",
    "untar_data",
    "using_attr",
    "valley",
    "wilson_interval",
]
# fmt: on

"""Everything for tables, for `from gatera.tabular.all import *`: the names that the book and its notebooks use.

With them come the few names of others that notebooks count on; `pd` and `plt` are imported when they are first used.
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
from gatera.data.sources.labels import (
    AttrGetter,
    ColReader,
    ItemGetter,
)
from gatera.data.splits.by_position import (
    EndSplitter,
    FuncSplitter,
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
from gatera.data.transforms.normalize import (
    Normalize,
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
from gatera.models.tabular import (
    Embedding,
    TabularConfig,
    TabularModel,
    emb_sz_rule,
    get_emb_sz,
    tabular_config,
)
from gatera.program.prediction import (
    Prediction,
)
from gatera.program.program import (
    Program,
    load_program,
)
from gatera.program.raw.csv_rows import (
    csv_rows,
)
from gatera.tabular.baseline import (
    TableBaseline,
    boosted_trees,
)
from gatera.tabular.data import (
    TabularDataLoaders,
)
from gatera.tabular.frames import (
    add_datepart,
    cont_cat_split,
)
from gatera.tabular.learner import (
    RowPrediction,
    TabularLearner,
    tabular_learner,
)
from gatera.tabular.loaders import (
    TableLoaders,
)
from gatera.tabular.procs import (
    Categorify,
    FillMissing,
    FillStrategy,
)
from gatera.tabular.table import (
    TableRows,
    TabularPandas,
)

#: The trained program; fastai's name for opening it.
load_learner = load_program

# fmt: off
__all__ = [
    "SGD", "APScoreBinary", "APScoreMulti", "Adam", "AttrGetter", "BCELossFlat", "BCEWithLogitsLossFlat",
    "BalancedAccuracy", "Batch", "CSVLogger", "Callback", "CancelBatchException", "CancelEpochException",
    "CancelFitException", "CancelStepException", "CancelTrainException", "CancelValidException", "Categorify",
    "CategoryBlock", "ClassificationInterpretation", "CohenKappa", "ColReader", "ColSplitter",
    "CrossEntropyLossFlat", "DataLoader", "DataLoaders", "EarlyStoppingCallback", "Embedding", "EndSplitter",
    "ExplainedVariance", "ExportOptions", "F", "F1Score", "F1ScoreMulti", "FBeta", "FBetaMulti",
    "FillMissing", "FillStrategy", "FocalLoss", "FocalLossFlat", "FuncSplitter", "GradientAccumulation",
    "GradientClip", "GroupSplitter", "HammingLoss", "HammingLossMulti", "IndexSplitter", "Interpretation",
    "ItemGetter", "Jaccard", "JaccardMulti", "L1LossFlat", "LabelSmoothingCrossEntropy",
    "LabelSmoothingCrossEntropyFlat", "Learner", "MSELossFlat", "MaskSplitter", "MatthewsCorrCoef",
    "MultiCategoryBlock", "Normalize", "ParamScheduler", "Path", "PearsonCorrCoef", "Precision",
    "PrecisionMulti", "Prediction", "Program", "R2Score", "RAdam", "RMSProp", "RandomSplitter",
    "RandomSubsetSplitter", "Recall", "RecallMulti", "ReduceLROnPlateau", "RegressionBlock", "RocAuc",
    "RocAucBinary", "RocAucMulti", "RowPrediction", "SaveModelCallback", "SchedCos", "SchedExp", "SchedLin",
    "SchedNo", "SigmoidRange", "SpearmanCorrCoef", "Splits", "TableBaseline", "TableLoaders", "TableRows",
    "TabularConfig", "TabularDataLoaders", "TabularLearner", "TabularModel", "TabularPandas", "Tensor",
    "TimeSplitter", "TrainTestSplitter", "TrainingInterrupted", "TrainingOptions", "TransformBlock", "URLs",
    "accuracy", "accuracy_multi", "add_datepart", "boosted_trees", "bootstrap_interval", "combine_scheds",
    "combined_cos", "cont_cat_split", "csv_rows", "default_device", "emb_sz_rule", "error_rate", "exp_rmspe",
    "get_emb_sz", "load_learner", "load_program", "mae", "minimum", "mse", "msle", "nn", "np", "partial",
    "pd", "plt", "rmse", "set_seed", "sigmoid_range", "slide", "steep", "tabular_config", "tabular_learner",
    "tensor", "top_k_accuracy", "torch", "untar_data", "valley", "wilson_interval",
]
# fmt: on

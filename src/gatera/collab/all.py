"""Everything for ratings, for `from gatera.collab.all import *`: the names that the book and its notebooks use.

With them come the few names of others that notebooks count on; `pd` and `plt` are imported when they are first used.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn, tensor

from gatera.collab.baseline import (
    RatingBaseline,
    user_item_means,
)
from gatera.collab.data import (
    CollabDataLoaders,
)
from gatera.collab.learner import (
    collab_learner,
)
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
from gatera.data.loading.row_loaders import (
    RowLoaders,
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
)
from gatera.measure.losses.standard import (
    L1LossFlat,
    MSELossFlat,
)
from gatera.measure.metrics.standard import (
    ExplainedVariance,
    PearsonCorrCoef,
    R2Score,
    SpearmanCorrCoef,
    exp_rmspe,
    mae,
    mse,
    msle,
    rmse,
)
from gatera.models.collab import (
    EmbeddingDotBias,
    EmbeddingNN,
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

#: The trained program; fastai's name for opening it.
load_learner = load_program

# fmt: off
__all__ = [
    "SGD", "Adam", "AttrGetter", "Batch", "CSVLogger", "Callback", "CancelBatchException",
    "CancelEpochException", "CancelFitException", "CancelStepException", "CancelTrainException",
    "CancelValidException", "ColReader", "ColSplitter", "CollabDataLoaders", "DataLoader", "DataLoaders",
    "EarlyStoppingCallback", "Embedding", "EmbeddingDotBias", "EmbeddingNN", "EndSplitter",
    "ExplainedVariance", "ExportOptions", "F", "FuncSplitter", "GradientAccumulation", "GradientClip",
    "GroupSplitter", "IndexSplitter", "Interpretation", "ItemGetter", "L1LossFlat", "Learner", "MSELossFlat",
    "MaskSplitter", "Normalize", "ParamScheduler", "Path", "PearsonCorrCoef", "Prediction", "Program",
    "R2Score", "RAdam", "RMSProp", "RandomSplitter", "RandomSubsetSplitter", "RatingBaseline",
    "ReduceLROnPlateau", "RegressionBlock", "RowLoaders", "SaveModelCallback", "SchedCos", "SchedExp",
    "SchedLin", "SchedNo", "SigmoidRange", "SpearmanCorrCoef", "Splits", "TabularConfig", "TabularModel",
    "Tensor", "TimeSplitter", "TrainTestSplitter", "TrainingInterrupted", "TrainingOptions", "URLs",
    "bootstrap_interval", "collab_learner", "combine_scheds", "combined_cos", "csv_rows", "default_device",
    "emb_sz_rule", "exp_rmspe", "get_emb_sz", "load_learner", "load_program", "mae", "minimum", "mse", "msle",
    "nn", "np", "partial", "pd", "plt", "rmse", "set_seed", "sigmoid_range", "slide", "steep",
    "tabular_config", "tensor", "torch", "untar_data", "user_item_means", "valley",
]
# fmt: on

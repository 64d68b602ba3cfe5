"""Ratings: what a user would think of an item.

`from gatera.collab import *`, as the book writes it, brings what `gatera.collab.all` brings; nothing is imported before.
"""

from gatera.core.lazy import lazy_exports

# fmt: off
_NAMES = (
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
)
# fmt: on

__all__ = [*_NAMES]

__getattr__, __dir__ = lazy_exports(__name__, dict.fromkeys(_NAMES, "gatera.collab.all"))

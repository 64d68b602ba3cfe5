"""Learners for ratings: vectors of users and items, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from gatera.collab.defaults import FACTORS, RATINGS
from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.data.loading.row_loaders import RowLoaders
from gatera.learn.callback import as_callbacks
from gatera.learn.callbacks.unseen_categories import AverageForUnknown
from gatera.learn.learner import Learner
from gatera.learn.optimizer import Adam, OptimizerFactory
from gatera.learn.options import TrainingOptions
from gatera.measure.losses.standard import MSELossFlat
from gatera.models.collab import EmbeddingDotBias, EmbeddingNN
from gatera.models.tabular import TabularConfig, get_emb_sz


def collab_learner(
    dls: RowLoaders,
    n_factors: int = FACTORS,
    use_nn: bool = False,
    emb_szs: Mapping[str, int] | None = None,
    layers: Sequence[int] | None = None,
    config: TabularConfig | None = None,
    y_range: tuple[float, float] | None = None,
    loss_func: Callable[..., Any] | None = None,
    opt_func: OptimizerFactory = Adam,
    lr: float = 1e-3,
    splitter: Callable[[nn.Module], Sequence[Sequence[nn.Parameter]]] | None = None,
    cbs: Any = None,
    metrics: Any = None,
    path: str | Path | None = None,
    options: TrainingOptions | None = None,
) -> Learner:
    """Make a learner for ratings. Unknown users and items are rated as average ones.

    Args:
        dls: the ratings' loaders.
        n_factors: numbers in the vector of each user and item.
        use_nn: put dense layers on the vectors (`EmbeddingNN`) instead of multiplying them (`EmbeddingDotBias`).
        emb_szs: with `use_nn`, column -> width of its embedding, for those that should not follow `emb_sz_rule`.
        layers: with `use_nn`, sizes of the dense layers; one of `n_factors` by default.
        config: with `use_nn`, dropout, batch norm and the like.
        y_range: keep ratings within these bounds; somewhat wider than they are, for a sigmoid never reaches its ends.
        loss_func: a loss of ours, a torch loss or a function; the mean squared error by default.
        opt_func: makes the optimizer; `Adam`, `SGD`, or any torch optimizer class.
        lr: the learning rate where a method is given none.
        splitter: model -> lists of parameters; by default all in one group.
        cbs: callbacks for every fit.
        metrics: functions, classes, instances or names.
        path: where `save` and `export` put files; the current folder by default.
        options: weight decay, precision and the like; by default all in float32.

    Raises:
        ArgumentError: if `dls` holds no ratings.
    """
    if not isinstance(dls, RowLoaders) or len(dls.classes) != 2:
        raise ArgumentError(
            "collab_learner needs loaders of ratings", got=type(dls).__name__,
            remedy="Make them with CollabDataLoaders.",
        )  # fmt: skip
    with torch_seeded(dls.seed or 0):  # the same seed gives the same model, whatever ran before
        model: nn.Module
        if use_nn:
            shape = config or TabularConfig()
            shape = shape if y_range is None else replace(shape, y_range=y_range)
            model = EmbeddingNN(get_emb_sz(dls, emb_szs), layers or [n_factors], shape)
        else:
            model = EmbeddingDotBias.from_classes(n_factors, dls.classes, y_range=y_range)
    unknown = AverageForUnknown([module for module in model.modules() if isinstance(module, nn.Embedding)])
    callbacks = [*as_callbacks(cbs), unknown]
    return Learner(
        dls, model, loss_func or MSELossFlat(), opt_func, lr, splitter, callbacks, metrics, path,
        options=options or RATINGS.options,
    )  # fmt: skip

"""Learners for ratings: vectors of users and items, and what they have in common."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import torch
from torch import nn

from gatera.collab.block import PairBlock
from gatera.collab.task_defaults import FACTORS, RATINGS
from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.loading.row_loaders import RowLoaders
from gatera.learn.arithmetic import evaluating
from gatera.learn.callbacks.unseen_categories import AverageForUnknown
from gatera.learn.learner import Learner
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments
from gatera.learn.state import as_callbacks
from gatera.measure.losses.standard import MSELossFlat
from gatera.models.collab import EmbeddingDotBias, EmbeddingNN
from gatera.models.tabular import TabularConfig, get_emb_sz
from gatera.models.target_scale import scale_for
from gatera.program.recommend import Recommendation, best_items

#: A mean closer to an end of the range than this share of it is taken to be there: its logit would be far out.
LEAST_SHARE = 0.05


class CollabLearner(Learner):
    """A `Learner` whose items are pairs of a user and an item."""

    def recommend(
        self, user: Any, n: int = 10, *, exclude: Collection[Any] = (), rated: bool = False
    ) -> list[Recommendation]:
        """Return the items that a user would rate highest, best first; see `Program.recommend`."""
        block = self.dls.train_ds.fields.x
        assert isinstance(block, PairBlock)  # for the type checker

        def rate(pairs: np.ndarray) -> np.ndarray:
            with evaluating(self.model), torch.inference_mode():
                outputs = self.model(torch.from_numpy(pairs).to(self.arithmetic.device))
            return self.loss_func.activation(outputs).cpu().numpy()

        return best_items(block.reader, rate, user, n, exclude, rated)


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def collab_learner(
    dls: RowLoaders,
    n_factors: int = FACTORS,
    use_nn: bool = False,
    emb_szs: Mapping[str, int] | None = None,
    layers: Sequence[int] | None = None,
    config: TabularConfig | None = None,
    y_range: tuple[float, float] | None = None,
    **arguments: Unpack[LearnerArguments],
) -> CollabLearner:
    """Make a learner for ratings. Unknown users and items are rated as average ones.

    Args:
        dls: the ratings' loaders.
        n_factors: numbers in the vector of each user and item.
        use_nn: put dense layers on the vectors (`EmbeddingNN`) instead of multiplying them (`EmbeddingDotBias`).
        emb_szs: with `use_nn`, column -> width of its embedding, for those that should not follow `emb_sz_rule`.
        layers: with `use_nn`, sizes of the dense layers; one of `n_factors` by default.
        config: with `use_nn`, dropout, batch norm and the like.
        y_range: keep ratings within these bounds; somewhat wider than they are, for a sigmoid never reaches its ends.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default loss is the mean squared error; the default `options` train in float32.

    Raises:
        ArgumentError: if `dls` holds no ratings.
    """
    check_arguments(collab_learner, arguments)
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
            model = EmbeddingNN(
                get_emb_sz(dls, emb_szs), layers or [n_factors], shape, scale_for(dls, 1, shape.y_range)
            )
        else:
            model = EmbeddingDotBias.from_classes(n_factors, dls.classes, y_range, scale_for(dls, 1, y_range))
            if y_range is not None:
                _start_at_the_mean(model, dls, y_range)
    unknown = AverageForUnknown([module for module in model.modules() if isinstance(module, nn.Embedding)])
    arguments["loss_func"] = arguments.get("loss_func") or MSELossFlat()
    arguments["cbs"] = [*as_callbacks(arguments.get("cbs")), unknown]
    arguments["options"] = arguments.get("options") or RATINGS.options
    return CollabLearner(dls, model, **arguments)


def _start_at_the_mean(model: EmbeddingDotBias, dls: RowLoaders, y_range: tuple[float, float]) -> None:
    """Let the biases of items say the mean rating: few ratings would not lead them there from the middle of the range."""
    low, high = y_range
    share = (float(dls.train_ds.targets.mean()) - low) / (high - low)
    share = min(max(share, LEAST_SHARE), 1 - LEAST_SHARE)
    with torch.no_grad():
        model.i_bias.weight += math.log(share / (1 - share))

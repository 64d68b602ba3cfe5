"""Learners for tables: embeddings and dense layers, and predictions that show the row they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, Self, Unpack, cast

import numpy as np

from gatera.core.checks import require
from gatera.core.errors import ArgumentError
from gatera.core.random import torch_seeded
from gatera.core.signatures import check_arguments, spelled_out
from gatera.data.sources.items import is_table
from gatera.learn.callbacks.unseen_categories import AverageForUnknown
from gatera.learn.learner import Learner
from gatera.learn.options import LEARNER_DEFAULTS, LearnerArguments
from gatera.learn.state import as_callbacks
from gatera.models.tabular import Embedding, TabularConfig, TabularModel, get_emb_sz
from gatera.models.target_scale import scale_for
from gatera.program.prediction import Prediction
from gatera.tabular.loaders import TableLoaders
from gatera.tabular.table import TableRows
from gatera.tabular.task_defaults import LAYERS, TABLES


class _Answer(NamedTuple):
    row: TableRows
    index: Any
    probabilities: Any


class RowPrediction(_Answer):
    """The prediction for a row. It unpacks as `row, index, probabilities`; a regression has its numbers twice.

    Attributes:
        row: the row as the model saw it, with the predicted label; `row.show()` is a table to look at.
        index, probabilities: as in `Prediction`.
        prediction: the same answer as a program gives it: `label, index, probabilities`.
    """

    prediction: Prediction

    def __new__(cls, row: TableRows, prediction: Prediction) -> Self:
        """Put a row and its prediction together."""
        self = super().__new__(cls, row, prediction.index, prediction.probabilities)
        self.prediction = prediction
        return self

    @property
    def label(self) -> Any:
        """The predicted label, or number."""
        return self.prediction.label


class TabularLearner(Learner):
    """A `Learner` whose items are rows of a table."""

    dls: TableLoaders

    def predict(self, item: Any) -> RowPrediction:  # type: ignore[override]  # a triple as well, of a row instead of a label
        """Predict one row, in float32. Unseen categories and gaps are filled in, with a warning once for each column.

        Args:
            item: a pandas Series, a mapping of column names to cells, a DataFrame of one row, or the cells in the order of
                the columns. The label need not be among them.

        Returns:
            `RowPrediction(row, index, probabilities)`, which unpacks as these three.

        Raises:
            DataError: if a column is missing, or a cell cannot be read.
        """
        if is_table(item):
            if len(item) != 1:
                raise ArgumentError(
                    "predict takes one row",
                    got=f"a table of {len(item)} rows",
                    remedy="For many: get_preds(dl=dls.test_dl(df)).",
                )
            item = item.iloc[0]
        answer = super().predict(item)
        block, names = self.dls.block, self.dls.y_names
        labels = [answer.label] if len(names) == 1 else list(answer.label)
        cells = {**block.read(item), **dict(zip(names, labels, strict=False))}
        frame = require("pandas", "train", "for tables").DataFrame(
            {name: [cell] for name, cell in cells.items()}
        )
        return RowPrediction(TableRows(frame, self.dls.train_ds.fields, names), answer)


@spelled_out(LearnerArguments, LEARNER_DEFAULTS)
def tabular_learner(
    dls: TableLoaders,
    layers: Sequence[int] | None = None,
    emb_szs: Mapping[str, int] | None = None,
    config: TabularConfig | None = None,
    n_out: int | None = None,
    y_range: tuple[float, float] | None = None,
    **arguments: Unpack[LearnerArguments],
) -> TabularLearner:
    """Make a learner for tables: a `TabularModel` with random parameters.

    Numbers to predict may have any magnitude: see `TargetScale`.

    Args:
        dls: the table's loaders.
        layers: sizes of the dense layers; 200 and 100 by default.
        emb_szs: column -> width of its embedding, for those that should not follow `emb_sz_rule`.
        config: dropout, batch norm and the like; see `TabularConfig`.
        n_out: outputs; by default as many as the data asks for.
        y_range: keep outputs within these bounds, for regression.
        arguments: loss_func, opt_func, lr, splitter, cbs, metrics, path, class_weights, options; see `LearnerArguments`.
            The default `options` train in float32.

    Raises:
        ArgumentError: if `dls` holds no table, or the number of outputs is not known.
    """
    check_arguments(tabular_learner, arguments)
    if not isinstance(dls, TableLoaders):
        raise ArgumentError(
            "tabular_learner needs loaders of a table", got=type(dls).__name__,
            remedy="Make them with TabularDataLoaders or TabularPandas(...).dataloaders().",
        )  # fmt: skip
    outputs = dls.c if n_out is None else n_out
    if outputs is None:
        raise ArgumentError("the data does not say how many outputs it needs", remedy="Pass n_out=.")
    shape = config or TabularConfig()
    if y_range is not None:
        shape = replace(shape, y_range=y_range)
    with torch_seeded(dls.seed or 0):  # the same seed gives the same model, whatever ran before
        model = TabularModel(
            get_emb_sz(dls, emb_szs), len(dls.cont_names), outputs, layers or LAYERS, shape,
            scale_for(dls, outputs, shape.y_range),
        )  # fmt: skip
    arguments["cbs"] = [*as_callbacks(arguments.get("cbs")), AverageForUnknown(_untaught(model, dls))]
    arguments["options"] = arguments.get("options") or TABLES.options
    return TabularLearner(dls, model, **arguments)


def _untaught(model: TabularModel, dls: TableLoaders) -> list[Embedding]:
    """Return the embeddings whose unknown category, code 0, no training row has."""
    codes = np.asarray(dls.train_ds.arrays)[:, : len(model.embeds)]
    return [
        cast(Embedding, embed) for embed, column in zip(model.embeds, codes.T, strict=True) if column.all()
    ]

"""Attributions of a table's rows: a weight for each column, by Shapley values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from gatera.core.checks import check_count, number_text, require
from gatera.core.figures import Pictured, drawn_name, drawn_names, new_figure
from gatera.core.random import rng, torch_seeded
from gatera.interpret.attributions.integrated_gradients import PURPOSE, Completeness
from gatera.interpret.plots import draw_bars
from gatera.interpret.subject import Subject
from gatera.program.tables.notes import cell_word, shown_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: Bars that a figure shows.
SHOWN = 25


class ReadsRows(Protocol):
    """What reads rows as the model takes them: the block of a learner, or the preprocessing of a program."""

    def read(self, raw: Any) -> Any:
        """Return a row's cells by column."""

    def encode(self, value: Any) -> Any:
        """Return a row as float32 [F]."""

    def as_batch(self, stacked: Tensor) -> Any:
        """Return rows float32 [N,F] as the model takes them."""

    def config(self) -> list[dict[str, Any]]:
        """Return the one operation that reads a row."""


@dataclass(frozen=True, repr=False)
class RowAttribution(Pictured):
    """What each column of a row adds to an answer, beside rows of the training set.

    Attributes:
        columns: the table's columns.
        cells: their values in the row.
        weights: what each adds to the answer, float32 [C]; they sum up to `answer - usual`.
        label: the class (or output).
        answer: its probability for the row, or the value.
        usual: the mean of the same over the rows of the training set that it is compared with.
        completeness: the sum of the weights, and what it should be.
    """

    columns: list[str]
    cells: list[str]
    weights: np.ndarray
    label: str
    answer: float
    usual: float
    completeness: Completeness
    method: str = "shapley"

    def __repr__(self) -> str:
        best = [
            f"{self.columns[i]}={shown_cell(self.cells[i])} {self.weights[i]:+.3f}"
            for i in np.argsort(-np.abs(self.weights))[:4]
        ]
        return f"RowAttribution({self.label}: {self.answer:.3f}, usually {self.usual:.3f}; {', '.join(best)})"

    def plot(self) -> Figure:
        """Draw the columns as bars, the largest first; of many, the smallest are one bar."""
        order = np.argsort(-np.abs(self.weights), kind="stable")
        shown, rest = (order, order[:0]) if len(order) <= SHOWN else (order[: SHOWN - 1], order[SHOWN - 1 :])
        values = self.weights[shown].tolist()
        columns = drawn_names(self.columns, 28)
        names = [f"{columns[i]} = {drawn_name(shown_cell(self.cells[i]), 24)}" for i in shown]
        if len(rest):
            values.append(float(self.weights[rest].sum()))
            names.append(f"{len(rest):,} other columns together")
        figure = new_figure((7, 0.9 + 0.28 * len(values)))
        axes = figure.subplots()
        title = f"{drawn_name(self.label)}: {number_text(self.answer, 3, grouped=True)}; usually {number_text(self.usual, 3, grouped=True)}"
        draw_bars(axes, names, values, title, "what each column adds to that")
        return figure


def row_attribution(
    subject: Subject,
    block: ReadsRows,
    training: Tensor,
    item: Any,
    label: Any,
    background: int = 100,
    orders: int = 20,
) -> RowAttribution:
    """Return what each column of a row adds to an answer: Shapley values, through captum, against rows of the training set.

    They need no gradients, so trees are explained as networks are.

    Args:
        subject: the model, in evaluation mode.
        block: the fitted block of rows; has `encode`, `as_batch` and `read_columns`.
        training: encoded rows of the training set, float32 [n,F].
        item: a raw row.
        label: the class; None for the predicted one.
        background: how many rows of the training set stand for "not this value".
        orders: in how many random orders columns are put in.

    Source: Štrumbelj and Kononenko 2014; Lundberg and Lee 2017 (arXiv 1705.07874).
    """
    check_count("background", background, 1)
    check_count("orders", orders, 1)
    cells = block.read(item)
    device = next(
        (tensor.device for tensor in (*subject.model.parameters(), *subject.model.buffers())),
        torch.device("cpu"),
    )
    x = torch.from_numpy(np.array(block.encode(cells), np.float32))[None].to(device)  # [1,F]
    chosen = rng(0).permutation(len(training))[:background]
    others = training[torch.from_numpy(chosen)].to(device)
    columns, groups = column_groups(block, x.shape[1])
    with torch.no_grad():
        answers = subject.answers(subject.model(block.as_batch(x)))
        output = subject.output_of(label, answers)

        def score(rows: Tensor) -> Tensor:
            return subject.answers(subject.model(block.as_batch(rows)))[:, output]

        usual = float(score(others).mean())
        method = require("captum.attr", "train", PURPOSE).ShapleyValueSampling(score)
        with torch_seeded(0):
            found = method.attribute(
                x.expand(len(others), -1).contiguous(), baselines=others, n_samples=orders,
                feature_mask=torch.tensor([groups], device=device),
            )  # fmt: skip
    mean = found.float().mean(0).cpu().numpy()  # every feature of a group has the group's value
    weights = np.array([mean[groups.index(number)] for number in range(len(columns))], np.float32)
    answer = float(answers[0, output])
    return RowAttribution(
        columns, [cell_word(cells.get(column)) for column in columns], weights, subject.name(output), answer, usual,
        Completeness(answer - usual, float(weights.sum())),
    )  # fmt: skip


def column_groups(block: Any, n_features: int) -> tuple[list[str], list[int]]:
    """Return a table's columns, and for each encoded feature the number of the column that it comes from.

    Parts of a date and flags of missing numbers belong to their column.
    """
    [step] = block.config()
    sources = [
        entry.get("missing_in") or entry.get("date") or entry["name"]
        for entry in (*step["categories"], *step["numbers"])
    ]
    columns = list(dict.fromkeys(map(str, sources)))
    if len(sources) != n_features:
        raise AssertionError(f"{n_features} features, {len(sources)} described")
    return columns, [columns.index(str(source)) for source in sources]

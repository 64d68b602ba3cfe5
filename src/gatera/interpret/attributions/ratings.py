"""What a rating consists of: the usual rating, the biases of user and item, and how well the two match."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gatera.core.errors import ArgumentError
from gatera.core.figures import Pictured, drawn_name, new_figure
from gatera.interpret.plots import draw_bars
from gatera.interpret.subject import Subject
from gatera.models.collab import EmbeddingDotBias

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Items at each end of a figure.
ENDS = 8


@dataclass(frozen=True, repr=False)
class RatingAttribution(Pictured):
    """The parts of a predicted rating, before it is squashed into its range.

    Attributes:
        user, item: who rates what.
        parts: "user bias", "item bias" and "match" (the product of both vectors), float.
        answer: the predicted rating.
        items: known items, those with the largest bias first: liked by all, whatever their taste.
        item_biases: their biases, float32 [n].
        method: "biases".
    """

    user: str
    item: str
    parts: dict[str, float]
    answer: float
    items: list[str]
    item_biases: np.ndarray
    method: str = "biases"

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {value:+.3f}" for name, value in self.parts.items())
        return f"RatingAttribution({self.user} rates {self.item} {self.answer:.2f}: {parts})"

    def plot(self) -> Figure:
        """Draw the parts of the rating, and the items with the largest and smallest biases."""
        figure = new_figure((10, 4.2))
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.6])
        draw_bars(
            left, list(self.parts), list(self.parts.values()),
            f"{drawn_name(self.user, 20)}, {drawn_name(self.item, 20)}: {self.answer:.2f}", "adds to the rating, before it is put into its range", size=8,
        )  # fmt: skip
        n = len(self.items)
        shown = list(range(n)) if n <= 2 * ENDS else [*range(ENDS), *range(n - ENDS, n)]
        draw_bars(
            right,
            [drawn_name(self.items[i]) for i in shown],
            self.item_biases[shown].tolist(),
            "items by their bias",
            "bias: liked less (left) or more (right) than others",
            size=8,
        )
        return figure


def rating_attribution(subject: Subject, item: Any, classes: dict[str, Any]) -> RatingAttribution:
    """Return the parts of a predicted rating.

    Args:
        subject: the model, in evaluation mode.
        item: a pair (user, item) or a row.
        classes: users by their column, items by theirs.

    Raises:
        ArgumentError: if the model is a network of dense layers, whose ratings have no such parts.
    """
    model = subject.model
    if not isinstance(model, EmbeddingDotBias):
        raise ArgumentError(
            "only the dot product model has biases to show", got=type(model).__name__, expected="EmbeddingDotBias",
            remedy="Make the learner without use_nn=True.",
        )  # fmt: skip
    pair = subject.encode(item)
    with torch.no_grad():
        users, items = pair[:, 0], pair[:, 1]
        match = float((model.u_weight(users) * model.i_weight(items)).sum())
        parts = {
            "user bias": float(model.u_bias(users)),
            "item bias": float(model.i_bias(items)),
            "match": match,
        }
        answer = float(subject.answers(model(pair))[0, 0])
        biases = model.i_bias.weight.detach()[1:, 0].float().cpu().numpy()  # item 0 is the unknown one
    who, what = (list(labels) for labels in classes.values())
    order = np.argsort(-biases, kind="stable")
    return RatingAttribution(
        str(who[int(users)]),
        str(what[int(items)]),
        parts,
        answer,
        [str(what[1 + i]) for i in order],
        biases[order],
    )

"""Samuel's picture of machine learning, drawn from a live learner with its own names, sizes and numbers.

Source: Arthur Samuel 1962, "Artificial Intelligence: A Frontier of Automation"; the picture as in "Deep Learning for Coders",
chapter 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gatera.core.checks import counted, listed
from gatera.core.figures import Pictured, new_figure
from gatera.core.signatures import call
from gatera.data.loading.batch import as_pair
from gatera.data.loading.loader import DataLoader
from gatera.learn.arithmetic import evaluating
from gatera.learn.export.program import architecture_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gatera.learn.learner import Learner

#: Middle (x, y) of each box of the figure, and the boxes' width and height.
BOXES = {
    "inputs": (1.5, 2.0), "architecture": (5.1, 2.0), "predictions": (8.7, 2.0), "loss": (12.3, 2.0),
    "parameters": (5.1, 0.0), "labels": (12.3, 4.0), "update": (8.7, 0.0),
}  # fmt: skip
WIDTH, HEIGHT = 2.75, 1.2

COLOURS = {
    "inputs": "#e8eef7", "architecture": "#fdebd0", "predictions": "#e8eef7", "loss": "#fadbd8", "parameters": "#fdebd0",
    "labels": "#e8eef7", "update": "#e5f3e8",
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class LearnerPicture(Pictured):
    """Samuel's loop in one learner's words.

    Attributes:
        parts: for "inputs", "architecture", "parameters", "predictions", "labels", "loss" and "update" what this learner has
            there, in lines.
    """

    parts: dict[str, list[str]]

    def __repr__(self) -> str:
        said = "\n".join(f"{name:<13} {'; '.join(lines)}" for name, lines in self.parts.items())
        return (
            "inputs -> ARCHITECTURE -> predictions -> LOSS <- labels\n"
            "               ^                          |\n"
            "          parameters <----- update <------+\n\n" + said
        )

    def plot(self) -> Figure:
        """Draw the loop."""
        figure = new_figure((11.5, 4.6))
        axes = figure.subplots()
        axes.set_xlim(0, 13.8)
        axes.set_ylim(-0.8, 4.8)
        axes.set_axis_off()
        for name, (x, y) in BOXES.items():
            _box(axes, name, x, y, self.parts[name])
        along = (
            ("inputs", "architecture"),
            ("architecture", "predictions"),
            ("predictions", "loss"),
            ("update", "parameters"),
        )
        for start, end in along:
            side = WIDTH / 2 if BOXES[start][0] < BOXES[end][0] else -WIDTH / 2
            _arrow(axes, (BOXES[start][0] + side, BOXES[start][1]), (BOXES[end][0] - side, BOXES[end][1]))
        for start, end in (("labels", "loss"), ("parameters", "architecture")):
            side = HEIGHT / 2 if BOXES[start][1] < BOXES[end][1] else -HEIGHT / 2
            _arrow(axes, (BOXES[start][0], BOXES[start][1] + side), (BOXES[end][0], BOXES[end][1] - side))
        x, y = BOXES["update"]
        _arrow(
            axes,
            (BOXES["loss"][0], BOXES["loss"][1] - HEIGHT / 2),
            (x + WIDTH / 2, y),
            "angle,angleA=90,angleB=0,rad=6",
        )
        return figure


def _box(axes: Any, name: str, x: float, y: float, lines: list[str]) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (x - WIDTH / 2, y - HEIGHT / 2), WIDTH, HEIGHT, boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=COLOURS[name], edgecolor="#444444", linewidth=1.2,
        )
    )  # fmt: skip
    axes.text(
        x, y + HEIGHT / 2 - 0.2, name, ha="center", va="center", fontsize=10.5, weight="bold", color="black"
    )
    shown = [line if len(line) <= 38 else f"{line[:37]}…" for line in lines[:3] if line]
    axes.text(
        x, y - 0.16, "\n".join(shown), ha="center", va="center", fontsize=7.6, color="black", parse_math=False,
        linespacing=1.35,
    )  # fmt: skip


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], style: str = "arc3") -> None:
    axes.annotate(
        "", xy=end, xytext=start,
        arrowprops={
            "arrowstyle": "-|>", "color": "#444444", "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0, "connectionstyle": style,
        },
    )  # fmt: skip


def picture(learn: Learner) -> LearnerPicture:
    """Draw Samuel's loop with this learner's names and sizes; see `Learner.picture`."""
    x, y = as_pair(learn.dls.one_batch())
    x = learn.arithmetic.to_device(x)
    with evaluating(learn.model), torch.no_grad():
        outputs = call(learn.model, x)
    n = sum(parameter.numel() for parameter in learn.model.parameters())
    train, row = learn.dls.train, learn.recorder.rows[-1] if learn.recorder.rows else {}
    vocab = learn.dls.vocab
    losses = [
        f"{name} {row[name]:.4g}" for name in ("train_loss", "valid_loss") if isinstance(row.get(name), float)
    ]
    return LearnerPicture(
        {
            "inputs": [
                f"{train.n:,} training items" if isinstance(train, DataLoader) else "training items",
                type(train.dataset.fields.x).__name__ if isinstance(train, DataLoader) else "", f"a batch: {shape_of(x)}",
            ],
            "architecture": [architecture_name(learn.model), f"{type(learn.model).__name__} on {learn.dls.device}"],
            "parameters": [f"{n:,} numbers", f"{counted(len(learn.groups), 'group')}, {learn.n_frozen} frozen",
                f"{counted(learn.epochs_done, 'epoch')} trained",],
            "predictions": [
                f"a batch: {shape_of(outputs)}",
                _what_they_are(learn.loss_func.activation_name, "numbers" if vocab is None else "probabilities"),
            ],
            "labels": ["numbers" if vocab is None else listed(vocab, 3), f"a batch: {shape_of(y)}"],
            "loss": [type(learn.loss_func).__name__, *losses],
            "update": [
                f"{getattr(learn.opt_func, '__name__', type(learn.opt_func).__name__)}, rate {_rate(learn)}",
                "gradients of the loss",
            ],
        }
    )  # fmt: skip


def _rate(learn: Learner) -> str:
    rates = [group["lr"] for group in learn.opt.param_groups] if learn.opt is not None else []
    if not rates:
        return str(learn.lr) if isinstance(learn.lr, slice) else f"{learn.lr:.2g}"
    low, high = min(rates), max(rates)
    return f"{low:.2g}" if low == high else f"{low:.2g} to {high:.2g}"


def shape_of(value: Any) -> str:
    """Return a tensor's type and shape, or those of each of several: "float32 [64, 3, 224, 224]"."""
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
    if isinstance(value, tuple | list):
        return ", ".join(shape_of(part) for part in value)
    return "none" if value is None else type(value).__name__


def _what_they_are(activation: str, answers: str) -> str:
    """Return what turns the network's outputs into answers."""
    return f"{answers}, as they are" if activation == "none" else f"{activation} gives {answers}"

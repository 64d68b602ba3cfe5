"""Summarise a model: one row per layer, with output shape and parameter count, as data and as plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from gatera.core.random import TURN

#: A model's input: one tensor, or several.
Batch = Tensor | tuple[Tensor, ...]


@dataclass(frozen=True)
class LayerRow:
    """One layer of a model.

    Args:
        name: its path in the model, e.g. "0.backbone.conv1".
        type: its class.
        output_shape: shape of its output, including N; None if the output is not a tensor.
        parameters: number of its own parameters, without those of its children.
        trainable: whether they require gradients; None if it has no parameters.
    """

    name: str
    type: str
    output_shape: tuple[int, ...] | None
    parameters: int
    trainable: bool | None


@dataclass(frozen=True, repr=False)
class Summary:
    """A model's layers and totals; `str()` gives a table.

    Args:
        model_name: the class of the model.
        input_shape: shape of the input batch, including N; one shape per tensor if there are several.
        rows: the layers, in the order in which they run.
        parameters: number of parameters, each counted once.
        trainable: number of parameters that require gradients.
    """

    model_name: str
    input_shape: tuple[Any, ...]
    rows: tuple[LayerRow, ...]
    parameters: int
    trainable: int

    def __repr__(self) -> str:
        header = ("Layer", "Type", "Output shape", "Parameters", "Trainable")
        cells = [header, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
        lines = [_line(line, widths) for line in cells]
        lines.insert(1, "-" * len(lines[0]))
        totals = [
            f"Parameters:           {self.parameters:,}",
            f"  trainable:          {self.trainable:,}",
            f"  frozen:             {self.parameters - self.trainable:,}",
        ]
        title = f"{self.model_name}, input {_shape(self.input_shape)}"
        return "\n".join([title, "", *lines, "", *totals])


def _cells(row: LayerRow) -> tuple[str, ...]:
    trainable = "" if row.trainable is None else ("yes" if row.trainable else "no")
    return (
        row.name,
        row.type,
        _shape(row.output_shape),
        f"{row.parameters:,}" if row.parameters else "",
        trainable,
    )


def _shape(shape: tuple[Any, ...] | None) -> str:
    if shape and isinstance(shape[0], tuple):
        return " and ".join(map(_shape, shape))
    return "" if shape is None else " x ".join(str(size) for size in shape)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, kind, shape, parameters, trainable = (
        cell.rjust(width) if column == 3 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"{name}  {kind}  {shape}  {parameters}  {trainable}".rstrip()


def model_summary(model: nn.Module, x: Tensor | Sequence[int]) -> Summary:
    """Run a batch through a model and record the output shape of each layer.

    The model runs in evaluation mode without gradients; training modes are restored, and parameters do not change.

    Args:
        model: any module that takes one tensor.
        x: a batch, or the shape of one, including N; a batch of zeros is then made.

    Example:
        >>> print(model_summary(nn.Sequential(nn.Linear(4, 2), nn.ReLU()), (1, 4)))
        Sequential, input 1 x 4
        <BLANKLINE>
        Layer  Type    Output shape  Parameters  Trainable
        --------------------------------------------------
        0      Linear  1 x 2                 10  yes
        1      ReLU    1 x 2
        <BLANKLINE>
        Parameters:           10
          trainable:          10
          frozen:             0
    """
    first = next(model.parameters(), None)
    batch = _as_batch(x, None if first is None else first.device)
    rows: list[LayerRow] = []
    with TURN, ExitStack() as stack:
        modes = {module: module.training for module in model.modules()}
        for name, module in model.named_modules():
            if _is_shown(module):
                handle = module.register_forward_hook(_noting(name, rows))
                stack.callback(handle.remove)
        try:
            with torch.no_grad():
                model.eval()(batch)
        finally:
            for module, mode in modes.items():
                module.training = mode
    counts = {parameter: parameter.numel() for parameter in model.parameters()}
    return Summary(
        type(model).__name__, _shape_of(batch), tuple(rows), sum(counts.values()),
        sum(count for parameter, count in counts.items() if parameter.requires_grad),
    )  # fmt: skip


def _as_batch(x: Batch | Sequence[int], device: torch.device | None) -> Batch:
    if isinstance(x, Tensor):
        return x.to(device)
    parts = tuple(part.to(device) for part in x if isinstance(part, Tensor))
    return parts or torch.zeros(tuple(x), device=device)  # type: ignore[arg-type]  # it is a shape


def _shape_of(batch: Batch) -> tuple[Any, ...]:
    return tuple(batch.shape) if isinstance(batch, Tensor) else tuple(tuple(part.shape) for part in batch)


def _is_shown(module: nn.Module) -> bool:
    """Whether a module gets a row: it has no children, or parameters of its own."""
    own = next(module.parameters(recurse=False), None)
    is_leaf = next(module.children(), None) is None
    return own is not None or (is_leaf and not isinstance(module, nn.Identity))


def _noting(name: str, rows: list[LayerRow]) -> Callable[[nn.Module, object, object], None]:
    def note(module: nn.Module, _inputs: object, output: object) -> None:
        own = list(module.parameters(recurse=False))
        trainable = any(parameter.requires_grad for parameter in own) if own else None
        shape = tuple(output.shape) if isinstance(output, Tensor) else None
        rows.append(LayerRow(name, type(module).__name__, shape, sum(p.numel() for p in own), trainable))

    return note

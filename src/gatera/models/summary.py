"""What a model consists of: one row per layer, with shapes and parameter counts, as data and as plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

#: A model's input: one tensor, or several.
Batch = Tensor | tuple[Tensor, ...]


@dataclass(frozen=True)
class LayerRow:
    """One layer, in the order in which the layers run.

    Args:
        name: its path in the model, e.g. "0.backbone.conv1".
        type: its class.
        output_shape: shape of what it gives, N included; None where that is no tensor.
        parameters: how many numbers it learns itself, without its parts.
        trainable: whether they change in training; None where it has none.
    """

    name: str
    type: str
    output_shape: tuple[int, ...] | None
    parameters: int
    trainable: bool | None


@dataclass(frozen=True)
class Summary:
    """A model's layers and totals; `str()` gives a table.

    Args:
        model_name: the class of the model.
        input_shape: shape of the batch that was sent through, N included; of each part where the input has several.
        rows: the layers.
        parameters: all numbers that the model holds to learn, each counted once.
        trainable: those of them that change in training.
    """

    model_name: str
    input_shape: tuple[Any, ...]
    rows: tuple[LayerRow, ...]
    parameters: int
    trainable: int

    def __str__(self) -> str:
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
    """Send a batch through a model and note what each layer gives.

    The model runs in evaluation mode and without gradients; its modes are put back, its values do not change.

    Args:
        model: any module that takes one tensor.
        x: a batch, or the shape of one, N included, which is then filled with zeros.

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
    modes = {module: module.training for module in model.modules()}
    with ExitStack() as stack:
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
    return parts or torch.zeros(tuple(x), device=device)  # type: ignore[arg-type]  # a shape, then


def _shape_of(batch: Batch) -> tuple[Any, ...]:
    return tuple(batch.shape) if isinstance(batch, Tensor) else tuple(tuple(part.shape) for part in batch)


def _is_shown(module: nn.Module) -> bool:
    """Whether a module is a row: it computes something itself, or holds parameters of its own."""
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

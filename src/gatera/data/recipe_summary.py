"""Trace a recipe step by step, on one item and one batch: `DataBlock.summary`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gatera.core.checks import listed
from gatera.core.errors import GateraError
from gatera.data.item_errors import naming_item
from gatera.data.loading.batch import as_pair
from gatera.data.loading.dataset import Dataset
from gatera.data.loading.loader import DataLoader
from gatera.data.loading.pipeline import Pipeline
from gatera.data.transforms.batch import BatchPipeline
from gatera.data.transforms.item import ItemTransform

#: Width of the column that names the stage.
STAGE_WIDTH = 26


class Printed(str):
    """A text that has been printed: a notebook does not show it once more at the end of its cell."""

    __slots__ = ()

    def _ipython_display_(self) -> None:
        pass


class StageReport:
    """A report with one line per stage, which ends at the first stage that fails.

    Attributes:
        lines: what there is to say so far.
        failed: whether a stage has failed.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failed = False

    def stage(self, name: str, run: Callable[[], Any], show: Callable[[Any], str] | None = None) -> Any:
        """Run a stage and add a line with its result; after a failure nothing is run and None is returned."""
        if self.failed:
            return None
        try:
            value = run()
            self.lines.append(f"  {name:<{STAGE_WIDTH}} {(show or describe)(value)}")
        except GateraError as err:
            self.failed = True
            self.lines.append(f"  {name:<{STAGE_WIDTH}} FAILED: {err}")
            return None
        return value

    def heading(self, text: str) -> None:
        """Begin a part."""
        if not self.failed:
            self.lines.append(text)

    def __str__(self) -> str:
        return "\n".join(self.lines)


def describe(value: Any) -> str:
    """Return the type, shape and range of a value in one line.

    Example:
        >>> describe(np.zeros((2, 3), np.uint8))
        'uint8 [2, 3], 0 to 0'
    """
    if isinstance(value, Image.Image):
        return f"{type(value).__name__} {value.mode}, {value.height} x {value.width} pixels (height x width)"
    if isinstance(value, Tensor | np.ndarray):
        numbers = torch.as_tensor(np.array(value) if isinstance(value, np.ndarray) else value)
        kind = str(numbers.dtype).removeprefix("torch.")
        span = f", {numbers.min().item():.4g} to {numbers.max().item():.4g}" if numbers.numel() else ""
        return f"{kind} {list(numbers.shape)}{span}"
    return f"{type(value).__name__} {value!r}"


def describe_labels(dataset: Dataset) -> str:
    """Return a line on the labels of a data set."""
    block = dataset.fields.y
    if block is None or dataset.raw_labels is None:
        return "none"
    if block.vocab is None:
        return (
            type(block).__name__ if block.n_out is None else f"{type(block).__name__}, {block.n_out} numbers"
        )
    counts = Counter(
        label for row in dataset.raw_labels for label in (row if isinstance(row, list) else [row])
    )
    known = listed([f"{label!r} ({counts.get(label, 0)})" for label in block.vocab], 8)
    return f"{type(block).__name__}, {len(block.vocab)} labels (and how often in training): {known}"


def one_item(report: StageReport, dataset: Dataset) -> None:
    """Follow the first training item through every stage."""
    if report.failed:
        return
    fields, pipeline = dataset.fields, dataset.fields.pipeline
    report.heading(f"One item: {dataset.name(0)}")
    value = report.stage(f"read ({type(fields.x).__name__})", lambda: fields.x.read(dataset.inputs[0]))
    for transform in pipeline.transforms:
        draws = np.random.default_rng(0) if transform.random else None
        value = report.stage(
            type(transform).__name__, partial(_transformed, dataset, transform, value, draws)
        )
    report.stage("to array", lambda: fields.x.encode(value))
    if fields.y is not None and dataset.raw_labels is not None:
        raw = dataset.raw_labels[0]
        report.stage(f"label {raw!r}", lambda: dataset[0][1])


def _transformed(
    dataset: Dataset, transform: ItemTransform, value: Any, draws: np.random.Generator | None
) -> Any:
    with naming_item("apply the transform to", dataset.name(0), dataset.inputs[0]):
        return transform(value, draws)


def one_batch(report: StageReport, loader: DataLoader) -> None:
    """Follow the first training batch through every stage."""
    report.heading(f"One batch of {min(loader.bs, loader.n)} items:")
    dataset = without_batch_transforms(loader.dataset)
    plain = DataLoader(dataset, loader.bs, training=loader.training, options=loader.options)
    index = next(loader.batch_indices()) if not report.failed else np.zeros(1, np.int64)
    report.stage("collate", lambda: plain.batch_of(index)[0])
    for name in batch_stages(loader.batch_tfms):
        report.heading(f"    {name}")
    batch = report.stage(
        "x, as the model gets it", lambda: loader.batch_of(index), lambda batch: describe(batch[0])
    )
    if batch is not None and len(batch) > 1:
        report.stage("y", lambda: as_pair(batch)[1])


def without_batch_transforms(dataset: Dataset) -> Dataset:
    """Return the same items without the resizing that batch transforms add at prediction."""
    pipeline = dataset.fields.pipeline
    fields = replace(dataset.fields, pipeline=Pipeline(pipeline.block, pipeline.transforms))
    return Dataset(fields, dataset.items, dataset.inputs, dataset.raw_labels, dataset.positions)


def batch_stages(batch_tfms: BatchPipeline) -> list[str]:
    """Return the names of the steps on a batch, one line for those done together."""
    fused = batch_tfms.fused
    together = [] if fused is None else [type(tfm).__name__ for tfm in (*fused.geometry, *fused.lighting)]
    lines = [f"in one go: {', '.join(together)}"] if together else []
    lines += [step.name for step in batch_tfms.steps]
    return lines + ([] if batch_tfms.normalize is None else [str(batch_tfms.normalize)])

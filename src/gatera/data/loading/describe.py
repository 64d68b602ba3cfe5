"""Describe loaders in a few lines: items, batches, sizes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from gatera.core.checks import counted
from gatera.data.loading.dataset import Dataset


def describe_loader(loader: Any) -> str:
    """Return how many items a loader has, in how many batches of which size; as far as it says so."""
    dataset, bs = getattr(loader, "dataset", None), getattr(loader, "bs", getattr(loader, "batch_size", None))
    items = f"{counted(len(dataset), 'item')} in " if isinstance(dataset, Dataset) else ""
    many = f"{items}{counted(len(loader), 'batch', 'batches')}" if hasattr(loader, "__len__") else "batches"
    return many if bs is None else f"{many} of {bs}"


def describe_inputs(dataset: Dataset) -> str:
    """Return what goes in and what is predicted, and in which size photos come, if that is known."""
    size = None if dataset.fields.image is None else dataset.fields.pipeline.evaluation.size
    return f"{dataset.fields}" + ("" if size is None else f"; photos of {size[0]} x {size[1]} pixels")


def html_table(caption: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return rows of two cells as an HTML table, for notebooks, below a line that may be wider than it."""
    left = "style='text-align:left'"
    cells = "".join(
        f"<tr><th {left}>{html.escape(name)}</th><td {left}>{html.escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<div {left}>{html.escape(caption)}</div><table>{cells}</table>"

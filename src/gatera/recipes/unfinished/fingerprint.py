"""What a checkpoint must have in common with a run that goes on from it: version, settings, data."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

import gatera
from gatera.data.loading.dataset import Rows
from gatera.data.loading.loaders import DataLoader, DataLoaders
from gatera.data.splits.split import SIDES
from gatera.recipes.settings import TrainSettings

#: Settings that do not change what is trained.
ELSEWHERE = ("source", "out", "task", "report", "resume", "restart", "slim", "embeddings", "force", "device")


#: How much of the beginning and the end of a file tells it from others (bytes).
END = 4096


def settings_facts(settings: TrainSettings, task: str) -> dict[str, Any]:
    """Return what is known before the data are read: plain values."""
    given = {field.name: getattr(settings, field.name) for field in fields(TrainSettings)}
    named = {name: _plain(value) for name, value in given.items() if name not in ELSEWHERE}
    weights = Path(settings.weights) if settings.weights else None
    if weights is not None and weights.is_file():
        named["weights"] = _file(weights)
    return {"gatera": gatera.__version__, "task": task, "settings": named}


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any], argument: Callable[..., str]) -> str:
    """Return in words how a checkpoint's facts differ from this run's; "" if they do not.

    Args:
        ours: `settings_facts` of this run, maybe with "data".
        theirs: those of the checkpoint.
        argument: how the reader writes a setting: see `Events.argument`.
    """
    if ours["gatera"] != theirs.get("gatera"):
        return f"it is from Gatera {theirs.get('gatera')}, and this is {ours['gatera']}"
    if ours["task"] != theirs.get("task"):
        return f"it is for the task {theirs.get('task')}, not {ours['task']}"
    now, then = ours["settings"], theirs.get("settings", {})
    if now.keys() != then.keys():
        return "it is from another version of Gatera, with other settings"
    other = [name for name in now if now[name] != then[name]]
    if other:
        named = [
            f"no {argument(name)}" if then[name] is None else argument(name, then[name]) for name in other
        ]
        return f"it was made with {', '.join(named)}"
    return "the data are not the same" if "data" in ours and ours["data"] != theirs.get("data") else ""


def data_facts(dls: DataLoaders) -> str:
    """Return a hash of the items on each side of the split: files by name, size and both ends, others by value."""
    found = hashlib.sha256()
    for name in SIDES:
        loader = getattr(dls, name)
        if isinstance(loader, DataLoader):
            found.update(name.encode())
            for part in _dataset(loader.dataset):
                found.update(part)
    return found.hexdigest()


def _dataset(dataset: Any) -> Iterator[bytes]:
    if isinstance(dataset.inputs, Rows):
        yield from (np.ascontiguousarray(array).tobytes() for array in dataset.arrays)
    else:
        yield from _values(dataset.inputs)
    if isinstance(dataset.targets, Tensor):
        yield dataset.targets.numpy().tobytes()
    elif dataset.raw_labels is not None:
        yield from _values(dataset.raw_labels)


def _values(values: Sequence[Any]) -> Iterator[bytes]:
    for value in values:
        yield repr(_file(value) if isinstance(value, Path) else value).encode(errors="surrogateescape")


def _file(path: Path) -> list[Any]:
    """Return name, size and hash of both ends; the folder's name may hold the label, its place may change.

    The time of change says too much and too little: a copy has another, and a file put in its place may have the same.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        ends = file.read(END)
        file.seek(max(size - END, 0))
        ends += file.read(END)
    return ["/".join(path.parts[-2:]), size, hashlib.sha256(ends).hexdigest()]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else str(value)

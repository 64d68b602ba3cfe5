"""Features of items, kept on the disk: what a frozen network makes of a file is computed once."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gatera.core.files import atomic_write
from gatera.studio.jobs import Job, Stopped

#: Items computed between two looks at how far it is; what was computed is kept every so many of these.
CHUNK, KEEP_EVERY = 32, 20

#: Computes the features of some items, float32 [n,F]; a row of NaN for an item that cannot be read.
Compute = Callable[[Sequence[int]], np.ndarray]


def features_of(
    file: Path, stamps: Sequence[str], compute: Compute, job: Job, words: str, made_by: str
) -> tuple[np.ndarray, str]:
    """Return the features of items, those of a file where their stamps are the same.

    Args:
        file: where features are kept.
        stamps: what changes when an item does [n].
        compute: see `Compute`; called with positions.
        job: is told how far it is.
        words: what it does.
        made_by: what computes them: features of another version are not like these, and are computed again.

    Returns:
        float32 [n,F], rows of NaN for items that cannot be read; and why they are not kept, as on a full disk: "" where they are.
    """
    known = _read(file, made_by)
    missing = [place for place, stamp in enumerate(stamps) if stamp not in known]
    why = ""
    try:
        for number, start in enumerate(range(0, len(missing), CHUNK)):
            chunk = missing[start : start + CHUNK]
            job.step(words, start, len(missing))
            for place, row in zip(chunk, compute(chunk), strict=True):
                known[stamps[place]] = row
            if number % KEEP_EVERY == KEEP_EVERY - 1:
                why = _write(file, known, made_by)
    except Stopped:
        _write(file, known, made_by)
        raise
    if missing:
        why = _write(file, known, made_by)
    return np.stack([known[stamp] for stamp in stamps]), why


def _read(file: Path, made_by: str) -> dict[str, np.ndarray]:
    try:
        with np.load(file, allow_pickle=False) as found:
            if found["made_by"].item() != made_by:
                return {}
            return dict(zip(found["stamps"].tolist(), found["features"], strict=True))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError):
        return {}  # none yet, damaged, or of an earlier version: they are computed again


def _write(file: Path, known: dict[str, np.ndarray], made_by: str) -> str:
    """Write features; return why they cannot be, "" where they are: nobody need wait for a disk to learn from what is computed."""
    try:
        with atomic_write(file) as partial, partial.open("wb") as opened:
            np.savez(
                opened,
                stamps=np.array([*known]),
                features=np.stack([*known.values()]),
                made_by=np.array(made_by),
            )
    except OSError as err:
        return err.strerror or str(err)
    return ""

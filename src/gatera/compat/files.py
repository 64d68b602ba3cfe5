"""Lists of files as `L` of `Path`s with `.ls()`, and `subplots`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gatera.compat.lists import L
from gatera.compat.paths import paths_of
from gatera.core.lazy import plt
from gatera.data.sources import items as ours
from gatera.program.program import Program, load_program
from gatera.text.data import get_text_files as _get_text_files

#: Ending of the files that `learn.export` writes.
PROGRAM_SUFFIX = ".gatera"

F = TypeVar("F", bound=Callable[..., Any])


def _as_paths(function: F) -> F:
    """Return the same function, whose list is an `L`."""

    @functools.wraps(function)
    def listed(*args: Any, **keywords: Any) -> L:
        return paths_of(function(*args, **keywords))

    return listed  # type: ignore[return-value]


get_files = _as_paths(ours.get_files)
get_image_files = _as_paths(ours.get_image_files)
get_text_files = _as_paths(_get_text_files)
verify_images = _as_paths(ours.verify_images)


def subplots(
    nrows: int = 1, ncols: int = 1, figsize: tuple[float, float] | None = None, imsize: float = 3.0,
    suptitle: str | None = None, **keywords: Any,
) -> tuple[Any, np.ndarray]:  # fmt: skip
    """Return a figure and an array of its axes, as `plt.subplots`, each of `imsize` inches.

    Args:
        nrows: rows.
        ncols: columns.
        figsize: width and height in inches; None for `imsize` per picture.
        imsize: inches per picture.
        suptitle: title of the figure.
        **keywords: as for `plt.subplots`.
    """
    figure, axes = plt.subplots(nrows, ncols, figsize=figsize or (ncols * imsize, nrows * imsize), **keywords)
    if suptitle is not None:
        figure.suptitle(suptitle)
    return figure, axes if isinstance(axes, np.ndarray) else np.array([axes])


def load_learner(fname: str | Path, cpu: bool = True, **options: Any) -> Program:
    """Open a trained program; see `gatera.program.program.load_program`.

    Where the file is an "export.pkl" that is not there and an "export.gatera" is, which `learn.export()` writes, that is
    opened.

    Args:
        fname: the file.
        cpu: accepted for fastai's signature; programs run on the processor.
        options: as for `load_program`.
    """
    path = Path(fname)
    other = path.with_suffix(PROGRAM_SUFFIX)
    return load_program(
        other if path.suffix == ".pkl" and not path.exists() and other.exists() else path, **options
    )

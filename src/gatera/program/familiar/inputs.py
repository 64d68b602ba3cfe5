"""Inputs in the forms that people have them: tables of pandas and polars, paths and files of any class."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gatera.core.errors import DataError


def is_frame(value: object) -> bool:
    """Whether a value is a DataFrame of pandas or polars."""
    return any(
        library is not None and isinstance(value, library.DataFrame)
        for library in (sys.modules.get("pandas"), sys.modules.get("polars"))
    )


def each_input(many: Any) -> Iterable[Any]:
    """Return inputs one by one: the rows of a DataFrame as dicts, the elements of anything else."""
    return _rows(many) if is_frame(many) else many


def one_input(raw: Any) -> Any:
    """Return one input in a form that readers know: the only row of a DataFrame, a path, an open file.

    Args:
        raw: anything; an object with `read` and `seek` that is not a Python file is read, an `os.PathLike` becomes a path.

    Raises:
        DataError: if a DataFrame does not have one row.
    """
    if isinstance(raw, str | bytes | Path | io.IOBase):
        return raw
    if is_frame(raw):
        if len(raw) != 1:
            raise DataError(
                f"predict takes one row, and this table has {len(raw):,}",
                remedy="Use predict_batch, which takes tables.",
            )
        return next(_rows(raw))
    if isinstance(raw, os.PathLike):
        return Path(os.fspath(raw))
    if callable(getattr(raw, "read", None)) and callable(getattr(raw, "seek", None)):
        content = raw.read()
        return io.BytesIO(content) if isinstance(content, bytes) else content
    return raw


def _rows(frame: Any) -> Iterator[dict[str, Any]]:
    if hasattr(frame, "iter_rows"):  # polars
        yield from frame.iter_rows(named=True)
        return
    names = [str(name) for name in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        yield dict(zip(names, row, strict=True))

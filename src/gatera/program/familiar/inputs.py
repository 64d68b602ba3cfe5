"""Inputs in the forms that people have them: tables of pandas and polars, paths and files of any class."""

from __future__ import annotations

import inspect
import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gatera.core.checks import repeated
from gatera.core.errors import ArgumentError, DataError


def is_frame(value: object) -> bool:
    """Whether a value is a DataFrame of pandas or polars."""
    return any(
        library is not None and isinstance(value, library.DataFrame)
        for library in (sys.modules.get("pandas"), sys.modules.get("polars"))
    )


def each_input(many: Any, photos: bool = False) -> Iterable[Any]:
    """Return inputs one by one: the rows of a DataFrame as dicts, the elements of anything else.

    Args:
        many: the inputs.
        photos: whether an input is a photo, so that an array [H,W,3] is a single one.

    Raises:
        ArgumentError: if it is a single input, or nothing that has elements.
    """
    if is_frame(many):
        return _rows(many)
    single = _single(many, photos)
    if single is None and isinstance(many, Iterable):
        return many
    raise ArgumentError(
        f"a list of inputs is needed, not {single or f'a value of type {type(many).__name__}'}",
        got=None if isinstance(many, np.ndarray) else many,
        remedy=FOLDER if isinstance(many, str | os.PathLike) and Path(many).is_dir() else ONE,
    )


FOLDER = 'List its files: sorted(Path(folder).rglob("*.jpg")), say. On the command line, gatera predict takes folders.'
ONE = "Put it in a list: [input]."


def _single(many: Any, photos: bool) -> str | None:
    """Return what a single input is, in words; None where it may be several."""
    kinds: list[tuple[Any, str]] = [
        (str, "a single text or path"), (os.PathLike, "a single path"), (bytes | bytearray | memoryview, "the content of a single file"),
        (Mapping, "a single row"), (io.IOBase, "a single open file"),
    ]  # fmt: skip
    found = next((words for kind, words in kinds if isinstance(many, kind)), None)
    if found is None and isinstance(many, np.ndarray):
        one_photo = many.ndim == 2 or (many.ndim == 3 and many.shape[-1] in (1, 3, 4))
        found = "a single photo" if photos and one_photo else "a single number" if not many.ndim else None
    return "a single prediction" if found is None and hasattr(many, "about_itself") else found


def one_input(raw: Any) -> Any:
    """Return one input in a form that readers know: the only row of a DataFrame, a path, an open file.

    Args:
        raw: anything; an object with `read` and `seek` that is not a Python file is read, an `os.PathLike` becomes a path.

    Raises:
        DataError: if a DataFrame does not have one row.
        ArgumentError: if reading it must be awaited.
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
        if inspect.iscoroutinefunction(raw.read):  # an upload of FastAPI, say
            raise ArgumentError(
                f"an input cannot come as {type(raw).__name__}: what reads it must be awaited",
                expected="bytes, or an open file",
                remedy="Pass await input.read(), or for an upload of FastAPI or Starlette its .file.",
            )
        content = raw.read()
        return io.BytesIO(content) if isinstance(content, bytes) else content
    return raw


def _rows(frame: Any) -> Iterator[dict[str, Any]]:
    if hasattr(frame, "iter_rows"):  # polars
        yield from frame.iter_rows(named=True)
        return
    names = [str(name) for name in frame.columns]
    if twice := repeated(names):
        raise DataError(
            "The table has more than one column of a name", got=twice,
            remedy="Rename or remove one of each: which is meant cannot be known.",
        )  # fmt: skip
    for row in frame.itertuples(index=False, name=None):
        yield dict(zip(names, row, strict=True))

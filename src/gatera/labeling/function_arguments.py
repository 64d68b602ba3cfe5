"""What a labelling function gets of an item: its photo, text, row, a prediction; each read once, and only where asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gatera.core.errors import DataError
from gatera.labeling.asking import content_key
from gatera.labeling.functions import LabelingFunction
from gatera.labeling.sources import Items
from gatera.program.program import Program, load_program
from gatera.program.raw.photo import read_photo
from gatera.program.raw.text import TEXT_SUFFIXES, read_text

#: Views for which the name of a file counts, besides its contents.
NAMED = {"path", "item"}


class Programs:
    """The programs that functions ask, each loaded once."""

    def __init__(self) -> None:
        self._loaded: dict[str, Program] = {}
        self._lock = threading.Lock()

    def get(self, program: Any) -> Program:
        """Return a program, given its path or the program itself."""
        if not isinstance(program, str | Path):
            return program
        with self._lock:
            name = str(program)
            if name not in self._loaded:
                self._loaded[name] = load_program(program)
            return self._loaded[name]


class Look:
    """One item, as functions see it.

    Args:
        item: a path, a text, a mapping, or anything else.
        items: the items that it is one of: in which folder, and which column of rows holds the text.
        embedding: its vector; None if there are none.
        programs: the programs that functions ask.
    """

    def __init__(self, item: Any, items: Items, embedding: np.ndarray | None, programs: Programs) -> None:
        self.item, self._items, self._embedding, self._programs = item, items, embedding, programs
        self._predictions: dict[Any, Any] = {}

    def vote_of(self, function: LabelingFunction) -> Any:
        """Return what a function says."""
        if function.known_only:
            return function.function()
        return function.function(*[self._view(view, function) for view in function.takes])

    def key(self, takes: Sequence[str]) -> str:
        """Return what a kept vote is known by: the item's contents, its name where the function sees that, its embedding."""
        parts = [self._contents]
        if isinstance(self.item, Path) and NAMED & set(takes):
            parts.append(self._name)
        if "embedding" in takes:
            parts.append(content_key(self._vector()))
        return parts[0] if len(parts) == 1 else content_key(tuple(parts))

    def _view(self, view: str, function: LabelingFunction) -> Any:
        if view == "prediction":
            return self._prediction(function.program)
        makers: Mapping[str, Callable[[], Any]] = {
            "item": lambda: self.item, "path": self._path, "photo": lambda: self._photo, "text": lambda: self._text,
            "row": self._row, "embedding": self._vector,
        }  # fmt: skip
        return makers[view]()

    @cached_property
    def _contents(self) -> str:
        return content_key(self.item)

    @cached_property
    def _name(self) -> str:
        root = self._items.root
        inside = root is not None and self.item.is_relative_to(root)
        return (self.item.relative_to(root) if inside else self.item).as_posix()

    @cached_property
    def _photo(self) -> Image.Image:
        return self.item.convert("RGB") if isinstance(self.item, Image.Image) else read_photo(self.item)

    @cached_property
    def _text(self) -> str:
        if isinstance(self.item, Mapping):
            if self._items.text is None:
                raise DataError(
                    "the item is a row without a column of text",
                    remedy='Take `row` instead, and its column: row["title"].',
                )
            return read_text(self.item, column=self._items.text)
        if isinstance(self.item, Path) and self.item.suffix.lower() not in TEXT_SUFFIXES:
            raise DataError(f"{self.item} is not a text file", remedy="Take `path` or `photo` instead.")
        return read_text(self.item)

    def _path(self) -> Path:
        if not isinstance(self.item, Path):
            raise DataError(
                "the item is not a file and has no path", got=self.item, remedy="Take `item` instead."
            )
        return self.item

    def _row(self) -> Mapping[str, Any]:
        if not isinstance(self.item, Mapping):
            raise DataError("the item is not a row of a table", got=self.item, remedy="Take `item` instead.")
        return self.item

    def _vector(self) -> np.ndarray:
        if self._embedding is None:
            raise DataError(
                "there are no embeddings", remedy="Pass embeddings=, an array [items, D], to apply."
            )
        return self._embedding

    def _prediction(self, program: Any) -> Any:
        loaded = self._programs.get(program)
        if id(loaded) not in self._predictions:
            self._predictions[id(loaded)] = loaded.predict(self.item)
        return self._predictions[id(loaded)]

"""The block for rows of a table: fitted to the training set, encoded a table at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from gatera.core.errors import ArgumentError
from gatera.data.blocks.base import InputBlock
from gatera.data.blocks.batch_size import TABLES
from gatera.data.blocks.vocab import NOT_KNOWN, Vocab
from gatera.data.loading.row_tables import encode_rows, table_of
from gatera.program.raw.cells import cells_of, number_in
from gatera.program.raw.dates import part_of_dates
from gatera.program.raw.row import RowReader
from gatera.program.raw.row_fields import number_format
from gatera.tabular.procs import Procs, as_procs
from gatera.tabular.statistics import Config, learn_columns


@dataclass(frozen=True, repr=False)
class RowBlock(InputBlock):
    """A row of a table: codes of its categories, then its numbers.

    Args:
        cat_names: category columns.
        cont_names: number columns, and columns of dates.
        procs: what is done to them; see `as_procs`.
        categories: what was learned of the category columns, flags of missing numbers among them.
        numbers: what was learned of the number columns.
    """

    cat_names: Sequence[str]
    cont_names: Sequence[str]
    procs: Procs = field(default_factory=lambda: as_procs(None))
    categories: Config | None = field(default=None, repr=False)
    numbers: Config | None = field(default=None, repr=False)
    _read_row: RowReader | None = field(default=None, repr=False, compare=False)
    storage = "memory"
    batch_rule = TABLES

    def fit(self, values: Sequence[Any]) -> Self:
        """Return a copy that has learned from the rows of the training set.

        Raises:
            DataError: if a column is empty, has no numbers, or has gaps that nothing fills.
        """
        return self.fit_table(table_of(values))

    def fit_table(self, frame: Any) -> Self:
        """Return a copy that has learned from the training set, a DataFrame; see `fit`."""
        categories, numbers = learn_columns(frame, self.cat_names, self.cont_names, self.procs)
        return replace(self, categories=categories, numbers=numbers, _read_row=RowReader(categories, numbers))

    @property
    def classes(self) -> dict[str, Vocab]:
        """Category column -> its labels, "#na#" first, for what training did not know; flags last."""
        return {
            entry["name"]: Vocab([NOT_KNOWN, *entry.get("labels", (False, True))])
            for entry in self._learned[0]
        }

    @property
    def codes(self) -> Any:
        """What was learned of the columns."""
        return self.categories, self.numbers

    @property
    def number_names(self) -> list[str]:
        """The numbers that a model gets: number columns, and parts of dates."""
        return [entry["name"] for entry in self._learned[1]]

    @property
    def read_columns(self) -> tuple[str, ...]:
        """The table's columns that are read."""
        return self._reader.columns

    def read(self, raw: Any) -> dict[str, Any]:
        """Return a row's cells by column.

        Raises:
            DataError: if a column is missing, or `raw` is not a row.
        """
        return cells_of(raw, self._reader.columns)

    def encode(self, value: Mapping[str, Any]) -> np.ndarray:
        """Return a row as float32 [F]; unseen categories are 0, with a warning once for each column."""
        return self._reader(value)

    def encode_all(self, raws: Sequence[Any], name: Callable[[int], str]) -> np.ndarray:
        """Return the rows of a whole table as float32 [n,F].

        Raises:
            DataError: if a column is missing, or a cell cannot be read; the row is named.
        """
        return encode_rows(raws, name, self._reader)

    def as_batch(self, stacked: Tensor) -> tuple[Tensor, Tensor]:
        """Split rows float32 [N,F] into codes, int64 [N,C], and numbers, float32 [N,F-C]."""
        n_codes = len(self._learned[0])
        return stacked[:, :n_codes].to(torch.int64), stacked[:, n_codes:]

    def decode(self, encoded: Any) -> dict[str, Any]:
        """Return a row's cells as a model saw them: "#na#" for what was unknown, fills where numbers were missing.

        A number whose flag says that it was missing comes back as NaN.
        """
        values = np.asarray(encoded, np.float64)
        categories, numbers = self._learned
        names = [entry["name"] for entry in categories]
        shown = {name: self.classes[name][int(code)] for name, code in zip(names, values, strict=False)}
        for entry, value in zip(numbers, values[len(names) :], strict=True):
            shown[entry["name"]] = value * entry["std"] + entry["mean"]
        for entry in categories:
            if "missing_in" in entry and shown.pop(entry["name"]) is True:
                shown[entry["missing_in"]] = float("nan")
        return shown

    def columns(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return the cells that a table shows: what a model sees, before numbers are normalised."""
        categories, numbers = self._learned
        codes, _ = self._reader.examine(value)  # unseen values are warned of where they are predicted
        shown = {
            entry["name"]: self.classes[entry["name"]][int(code)]
            for entry, code in zip(categories, codes, strict=False)
        }
        for entry in numbers:
            if "part" in entry:
                number = float(part_of_dates([value[entry["date"]]], entry["date"], entry["part"])[0])
            else:
                number = number_in(value[entry["name"]], entry["name"], number_format(entry))
            shown[entry["name"]] = entry["fill"] if math.isnan(number) else number
        return shown

    def config(self) -> list[dict[str, Any]]:
        """Return the one operation that reads a row."""
        categories, numbers = self._learned
        return [{"op": "read_row", "categories": categories, "numbers": numbers}]

    @property
    def _learned(self) -> tuple[Config, Config]:
        if self.categories is None or self.numbers is None:
            raise ArgumentError("This RowBlock has not been fitted", remedy="Call fit(rows) first.")
        return self.categories, self.numbers

    @property
    def _reader(self) -> RowReader:
        if self._read_row is None:
            raise ArgumentError("This RowBlock has not been fitted", remedy="Call fit(rows) first.")
        return self._read_row

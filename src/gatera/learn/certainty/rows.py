"""What rows of a table look like: their numbers, and how rare their categories are. Dates and years do not count."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatera.learn.certainty.projection import Projection
from gatera.program.preprocess import Preprocessing

#: The first step of programs for rows; see docs/program-format.md.
READ_ROW = "read_row"

#: A column that holds nothing but whole numbers from here to there is one of years, whatever its name: narrower than
#: where a name says "year" as well (`tabular/roles.py`).
FIRST_YEAR, LAST_YEAR = 1900, 2100


@dataclass(frozen=True, eq=False)
class RowProjection:
    """Makes encoded rows, float32 [N,F], comparable. Fitted to the training set.

    Attributes:
        rarity: for each category column, -log of the share of each code, float32 [codes]; codes that did not occur are rarest. None for
            a column of years.
        projection: of the numbers and rarities.
        numbers: the columns of encoded rows that are numbers, but neither years nor parts of a date: rows to come are of later days, and
            look odd by nothing else than that. None for all behind the categories.
    """

    rarity: Sequence[np.ndarray | None]
    projection: Projection
    numbers: Sequence[int] | None = None

    @classmethod
    def fitted(cls, rows: np.ndarray, steps: Sequence[Mapping[str, Any]]) -> RowProjection | None:
        """Fit to rows; None if they all look the same, or only dates and years are known of them, or the program does not take rows.

        Args:
            rows: encoded rows, float32 [N,F]: codes of categories, then numbers.
            steps: the preprocessing.
        """
        if steps[0]["op"] != READ_ROW or len(steps) > 1:
            return None
        rarity = [
            None if _are_years(column.get("labels") or ()) else _rarity(rows[:, place], column)
            for place, column in enumerate(steps[0]["categories"])
        ]
        kept = [
            place
            for place, column in enumerate(steps[0]["numbers"], len(rarity))
            if "part" not in column and not _are_years(_written(rows[:, place], column))
        ]
        numbers = kept if len(kept) < len(steps[0]["numbers"]) else None
        values = _RowValues(rarity, numbers)(torch.from_numpy(rows)).numpy()
        projection = Projection.fitted(values)
        return None if projection is None else cls(rarity, projection, numbers)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return short features, float32 [N,D], of encoded rows [N,F]."""
        with torch.no_grad():
            return self.module()(torch.from_numpy(rows.astype(np.float32))).numpy()

    def module(self) -> nn.Module:
        """Return it as a module, for the program."""
        return nn.Sequential(_RowValues(self.rarity, self.numbers), self.projection.module())


def encoded(inputs: Sequence[Any], preprocessing: Preprocessing, most: int) -> np.ndarray:
    """Return at most `most` rows as a program encodes them, float32 [N,F], evenly from all."""
    places = np.unique(np.linspace(0, len(inputs) - 1, min(most, len(inputs))).astype(int))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is unknown in a row was said when the data was read
        return np.array([preprocessing(inputs[place]) for place in places], np.float32)


def _written(numbers: np.ndarray, column: Mapping[str, Any]) -> list[float]:
    """Return the different numbers of a column as the table has them, without what empty cells are filled with unless it is a year."""
    mean, std = float(column.get("mean", 0)), float(column.get("std", 1))
    values = np.unique(np.round(numbers.astype(np.float64) * std + mean, 3)).tolist()
    fill = round(float(column.get("fill", 0)), 3)
    return [value for value in values if value != fill or _is_year(value)]


def _are_years(values: Sequence[Any]) -> bool:
    """Whether all values, numbers or labels that may be numbers, are years, and there are two at least.

    Example:
        >>> _are_years([2019, 2020.0]), _are_years(["2019", "2020"]), _are_years([2019.5, 2020]), _are_years([1850, 2020])
        (True, True, False, False)
    """
    try:
        numbers = [float(value) for value in values if not isinstance(value, bool)]
    except ValueError:  # words
        return False
    return len(numbers) > 1 and all(map(_is_year, numbers))


def _is_year(number: float) -> bool:
    return number.is_integer() and FIRST_YEAR <= number <= LAST_YEAR


def _rarity(codes: np.ndarray, column: Mapping[str, Any]) -> np.ndarray:
    n_codes = max(3, len(column.get("labels") or ()) + 1, int(codes.max(initial=0)) + 1)
    counts = np.bincount(codes.astype(np.int64), minlength=n_codes)
    return -np.log((counts + 0.5) / (len(codes) + 0.5 * n_codes)).astype(np.float32)


class _RowValues(nn.Module):
    """Replaces codes of categories by how rare they are, and leaves dates and years out: [N,F] -> [N,F] or fewer columns."""

    def __init__(self, rarity: Sequence[np.ndarray | None], numbers: Sequence[int] | None) -> None:
        super().__init__()
        self.n = len(rarity)
        self.kept = [place for place, table in enumerate(rarity) if table is not None]
        self.numbers = None if numbers is None else list(numbers)
        for place in self.kept:
            self.register_buffer(f"rarity_{place}", torch.from_numpy(np.asarray(rarity[place], np.float32)))

    def forward(self, rows: Tensor) -> Tensor:
        """Compute."""
        rare = [getattr(self, f"rarity_{place}")[rows[:, place].long()].unsqueeze(1) for place in self.kept]
        numbers = rows[:, self.n :] if self.numbers is None else rows[:, self.numbers]
        return torch.cat([*rare, numbers], 1)

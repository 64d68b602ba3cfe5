"""Groups (patients, cameras, authors) of which some items were trained on and others are measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatera.core.checks import counted, listed
from gatera.evaluate.items import Example, LabelledItems, groups_by
from gatera.program.raw.cells import is_empty


@dataclass(frozen=True)
class SharedGroups:
    """The groups that are on both sides.

    Attributes:
        by: what groups the items: a column; "" for the names of files.
        names: the groups on both sides, in order.
        n_groups: number of groups among the measured items.
        places: the measured items of such groups, int64.
        n: number of measured items.
    """

    by: str
    names: Sequence[str]
    n_groups: int
    places: np.ndarray
    n: int

    @property
    def line(self) -> str:
        """What was found, in a sentence; "" where no group is on both sides."""
        if not self.names:
            return ""
        groups = counted(self.n_groups, "group")
        by = f" ({self.by})" if self.by else ""
        are = "is" if len(self.names) == 1 else "are"
        return (
            f"{len(self.names):,} of {groups}{by} {are} in the training set, too: {listed(self.names, 3)}; {len(self.places):,} of "
            f"{counted(self.n, 'item')}. The error on them says little about new ones."
        )


def shared_groups(items: LabelledItems, examples: Sequence[Example]) -> SharedGroups | None:
    """Return the groups of measured items that are in the training set, too; None where it is not known what groups them.

    Args:
        items: with the training items, and what groups them.
        examples: those that were measured.
    """
    ours, theirs = (groups_by(items.grouped_by, each) for each in (examples, items.training))
    if ours is None or theirs is None:
        return None
    # ids beside missing ones are written "12.0" by some programs
    known = {plain_cell(name) for name in theirs if name}
    places = np.array([at for at, name in enumerate(ours) if name and plain_cell(name) in known], np.int64)
    both = {plain_cell(ours[place]): str(ours[place]) for place in places.tolist()}
    by = items.grouped_by if isinstance(examples[0].raw, Mapping) else ""
    n_groups = len({plain_cell(name) for name in ours if name})
    return SharedGroups(by, sorted(both.values()), n_groups, places, len(ours))


def plain_cell(cell: Any) -> Any:
    """Return a cell such that 2.50 and 2.5 are equal, and what is missing is, however that is written.

    Example:
        >>> [plain_cell(cell) for cell in ("12.0", " 12", 12, "p12", "NA")]
        [12.0, 12.0, 12.0, 'p12', None]
    """
    if is_empty(cell):
        return None
    text = str(cell).strip()
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text

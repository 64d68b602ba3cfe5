"""What of a whole batch is compared with the held-out items: its predictions, its empty cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gatera.core.errors import ArgumentError
from gatera.program.certain.judged import Judged
from gatera.program.certain.novelty import Novelty


def ready_predictions(items: Sequence[Any], novelty: Novelty | None) -> list[Any] | None:
    """Return the items if they are predictions of a program with this novelty; None if they are inputs.

    Raises:
        ArgumentError: if there are none, they are another program's, or inputs are among them.
    """
    ready = [isinstance(item, Judged) for item in items]
    if not any(ready):
        return None if items else []
    if not all(ready):
        other = items[ready.index(False)]
        raise ArgumentError(
            f"a batch holds either inputs or predictions: {sum(ready):,} of these {len(items):,} are predictions, and others are not",
            got=other, remedy="Leave out what could not be read (None, or an error), and predict the others.",
        )  # fmt: skip
    known = {id(item.certainty): item.certainty for item in items}
    for certainty in known.values():
        if not _same(certainty.novelty, novelty):
            raise ArgumentError(
                "the predictions are not of this program, or of another version of it",
                remedy="Pass the inputs, and they are predicted again.",
            )
    return list(items)


def _same(one: Novelty | None, other: Novelty | None) -> bool:
    if one is None or other is None:
        return False
    return one is other or np.array_equal(one.reference, other.reference)


def unexpected_gaps(reader: Any, rows: Sequence[Any]) -> np.ndarray | None:
    """Return which rows have an empty cell where training had none, bool [N]; None where inputs are no rows."""
    has_gap = getattr(reader, "has_gap", None)
    return None if has_gap is None else np.array([has_gap(row) for row in rows], bool)

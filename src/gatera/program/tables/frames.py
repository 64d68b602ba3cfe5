"""Lines that only stand around a table, as databases print them: `+-----+------+`, `(4 rows)`."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from gatera.program.tables.blocks import Block

_FRAME = re.compile(r"[+]?[-=]{2,}([+][-=]+)*[+]?|[(]\d+ rows?[)]|\d+ rows? in set.*")


def is_frame(line: str) -> bool:
    """Whether a line only stands around a table.

    Example:
        >>> is_frame("-----+------"), is_frame("(4 rows)"), is_frame("cook")
        (True, True, False)
    """
    return _FRAME.fullmatch(line) is not None


def without_frame(rows: Block, left_out: list[str]) -> Block:
    """Return the rows of a table of several columns without such lines, which are added to `left_out`."""
    alone = [row for row in np.flatnonzero(rows.counts == 1).tolist() if is_frame(rows.row(row)[0])]
    left_out += [rows.row(row)[0] for row in alone]
    kept = np.ones(len(rows.counts), bool)
    kept[alone] = False
    cells = np.repeat(kept, rows.counts)
    return replace(
        rows,
        starts=rows.starts[cells],
        ends=rows.ends[cells],
        counts=rows.counts[kept],
        lines=rows.lines[kept],
    )

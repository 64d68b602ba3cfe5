"""Read tables: one reader for training and for programs, which decides everything from what the file holds.

Reading order: `reader` (open_table, read_table, Table), `layout`, `dialect`, `columns`, `numbers`, `missing`; then how it is done fast:
`encoding`, `blocks`, `numeric_cells`, `builder`. In: a path. Out: columns as numpy arrays with the kind of each, or rows
of texts, and a note for each decision. numpy only. `tables.open_table` is imported when it is first used, so a program for
photos starts without the reader.
"""

from typing import TYPE_CHECKING

from gatera.core.lazy import lazy_exports

if TYPE_CHECKING:
    from gatera.program.tables.reader import open_table

__all__ = ["open_table"]

__getattr__, __dir__ = lazy_exports(__name__, {"open_table": "gatera.program.tables.reader"})

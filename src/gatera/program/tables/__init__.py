"""Read tables: one reader for training and for programs, which decides everything from what the file holds.

Reading order: `reader` (open_table, read_table, Table), `layout`, `dialect`, `columns`, `numbers`; then how it is done fast:
`encoding`, `blocks`, `numeric_cells`, `builder`. In: a path. Out: columns as numpy arrays with the kind of each, or rows
of texts, and a note for each decision. numpy only.
"""

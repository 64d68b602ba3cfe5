"""Turn files and tables into batches.

Read `blocks.base` (what inputs and targets are), `datablock` (the recipe) and `loading.loader` (batches) first. Rooms, each of
which imports only from those before it: `sources` (list items, read labels), `show`, `splits`, `transforms`, `blocks`,
`loading`, `folders`; then `datablock` and, on top, `from_files`. `download` fetches data sets. What crosses the door:
`DataBlock`, `FileDataLoaders` and `DataLoaders`. Import from the module that defines a name, or take everything from the
face `gatera.vision.all`.
"""

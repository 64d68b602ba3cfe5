"""Turn data sets into batches: read, cache, stack, shuffle.

Read `dataset`, then `loader`, then `loaders` (the training and validation loaders of one job). `readers` reads the batches,
from disk or memory; everything else here serves those. Out: `Batch(x, y)`, which carries the dataset positions of its items
in `.index`.
"""

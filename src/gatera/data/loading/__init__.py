"""Turn datasets into batches: read, cache, stack, shuffle.

Read `dataset`, then `loader`, then `loaders` (the training and validation loaders of one job). Everything else here
serves those three. Out: `Batch(x, y)`, which carries the dataset positions of its items in `.index`.
"""

"""From what is on disk to batches: items, labels, splits, photos, transforms, data sets, loaders, downloads.

Import from the module that defines a name (`gatera.data.sources.items`, `gatera.data.splits.by_position`, ...), or take everything from the
face `gatera.vision.all`.
"""

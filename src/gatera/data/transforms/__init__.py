"""Transforms: resizing and augmentation, for one item or a whole batch.

Item transforms (`item`) run on each photo while it is read; batch transforms run on stacked tensors. Read `base` first:
every random number is keyed by (seed, epoch, index), so results do not depend on the number of workers. `presets` holds
`aug_transforms`; `torchvision` adapts torchvision's transforms.
"""

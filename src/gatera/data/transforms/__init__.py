"""Transforms: resizing and augmentation, for one item or a whole batch.

Item transforms (`item`) run on each photo while it is read; batch transforms run on stacked tensors. Read `base` first:
every random number is keyed by (seed, epoch, index), so results do not depend on the number of workers. `presets` holds
`aug_transforms`; `torchvision` adapts torchvision's transforms.

`from gatera.data.transforms import RandomSplitter`, as fastai's notebooks write it, works too: the package offers the names
that all `all` modules share. Nothing is imported before one is asked for.
"""

from gatera.core.lazy import lazy_face

__getattr__, __dir__ = lazy_face(__name__, "gatera.notebook_names")

"""Importing this module checks that PyTorch is there; the star imports begin with it, to name the extra that brings it."""

import gc

from gatera.core.checks import require

require("torch", "train", "to train models")

# PyTorch's import makes a million objects, which stay. The collector need not look through them again and again, here or later.
gc.freeze()

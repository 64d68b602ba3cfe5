"""Importing this module checks that PyTorch is there; the star imports begin with it, to name the extra that brings it."""

from gatera.core.checks import require

require("torch", "train", "to train models")

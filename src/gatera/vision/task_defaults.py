"""Defaults for training on photos and on photos with masks. The measurements are in LOG.md."""

from __future__ import annotations

from gatera.learn.options import TaskDefaults

ARCHITECTURE = "efficientnet_lite0"

PHOTOS = TaskDefaults(epochs=1, freeze_epochs=1, lr=3e-3, arch=ARCHITECTURE, size=320)

#: If the leave-one-out error of a linear head on the frozen body is below this, an unfrozen epoch is not worth its time: on
#: cats_dogs it did not lower the validation loss.
ENOUGH = 0.03

#: If it misses this fraction or more, as of digits, the whole body has much to learn, which goes better from a head that was
#: trained from zero for this many frozen epochs: 15 of 400 digits wrong; 24 from the solved head (see LOG.md).
TOO_MANY, EPOCHS_FROM_ZERO = 0.05, 10

#: Photos whose longer side has at most SMALL_PHOTO pixels are resized to SMALL_SIZE: larger ones cost time and accuracy.
SMALL_PHOTO, SMALL_SIZE = 80, 160

MASKS = TaskDefaults(epochs=8, freeze_epochs=1, lr=2e-3, arch=ARCHITECTURE, size=256)

"""fastai's import path: `from gatera.callback.mixup import *` brings `MixUp` and `CutMix`."""

from gatera.vision.all import *  # noqa: F403

"""fastai's import path: `from gatera.vision.utils import *` brings what `gatera.vision.all` brings."""

from gatera.vision.all import *  # noqa: F403

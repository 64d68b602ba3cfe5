"""fastai's import path: `from gatera.vision.core import *` brings what `gatera.vision.all` brings."""

from gatera.vision.all import *  # noqa: F403

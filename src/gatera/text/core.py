"""fastai's import path: `from gatera.text.core import *` brings what `gatera.text.all` brings."""

from gatera.text.all import *  # noqa: F403

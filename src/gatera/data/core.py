"""fastai's import path: `from gatera.data.core import *` brings the names that all `all` modules share."""

from gatera.notebook_names import *  # noqa: F403

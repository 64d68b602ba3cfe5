"""fastai's import path: `from gatera.callback.tracker import *` brings the names that all `all` modules share."""

from gatera.notebook_names import *  # noqa: F403

"""fastai's import path: `from gatera.callback.rnn import *` brings `ModelResetter` and `RNNRegularizer`."""

from gatera.text.all import *  # noqa: F403

"""Everything for texts: `from gatera.text.all import *` gives the names that the fastai book and its notebooks use.

It also exports the third-party names that notebooks expect; `pd` and `plt` are imported on first use.
"""

import gatera.with_torch  # isort: skip # noqa: F401 - names the extra, before any import needs torch


from gatera.learn.callbacks.recurrent import ModelResetter, RNNRegularizer
from gatera.measure.metrics.perplexity import Perplexity
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig
from gatera.models.text.model import TransformerConfig
from gatera.models.weights.text import MiniLM, TextArchitecture
from gatera.notebook_names import *  # noqa: F403 - a face brings every common name
from gatera.notebook_names import __all__ as _common
from gatera.text.baseline import TextBaseline, tfidf_baseline
from gatera.text.block import TextBlock
from gatera.text.data import TextDataLoaders
from gatera.text.language_model import LMLearner, language_model_learner
from gatera.text.learner import text_classifier_learner
from gatera.text.loaders import LanguageModelLoaders, TextLoaders

# fmt: off
__all__ = [
    "AWD_LSTM", "AwdLstmConfig", "LMLearner", "LanguageModelLoaders", "MiniLM", "ModelResetter", "Perplexity",
    "RNNRegularizer", "TextArchitecture", "TextBaseline", "TextBlock", "TextDataLoaders", "TextLoaders", "TransformerConfig", "language_model_learner", "text_classifier_learner",
    "tfidf_baseline",
]
__all__ += _common
# fmt: on

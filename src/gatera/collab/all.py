"""Everything for ratings, for `from gatera.collab.all import *`: the names that the book and its notebooks use.

With them come the few names of others that notebooks count on; `pd` and `plt` are imported when they are first used.
"""

import gatera.with_torch  # isort: skip # noqa: F401 - names the extra, before any import needs torch


from gatera.collab.baseline import RatingBaseline, user_item_means
from gatera.collab.data import CollabDataLoaders
from gatera.collab.learner import CollabLearner, collab_learner
from gatera.data.loading.row_loaders import RowLoaders
from gatera.models.collab import EmbeddingDotBias, EmbeddingNN
from gatera.models.tabular import (
    Embedding,
    TabularConfig,
    TabularModel,
    emb_sz_rule,
    get_emb_sz,
    tabular_config,
)
from gatera.notebook_names import *  # noqa: F403 - a face brings every common name
from gatera.notebook_names import __all__ as _common
from gatera.program.raw.read_csv import csv_rows
from gatera.program.recommend import Recommendation

# fmt: off
__all__ = [
    "CollabDataLoaders", "CollabLearner", "Embedding", "EmbeddingDotBias", "EmbeddingNN", "RatingBaseline", "Recommendation", "RowLoaders",
    "TabularConfig", "TabularModel", "collab_learner", "csv_rows", "emb_sz_rule", "get_emb_sz",
    "tabular_config", "user_item_means",
]
__all__ += _common
# fmt: on

"""Everything for tables, for `from gatera.tabular.all import *`: the names that the book and its notebooks use.

With them come the few names of others that notebooks count on; `pd` and `plt` are imported when they are first used.
"""

import gatera.with_torch  # isort: skip # noqa: F401 - names the extra, before any import needs torch


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
from gatera.tabular.baseline import TableBaseline, boosted_trees
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.frames import add_datepart, cont_cat_split
from gatera.tabular.learner import RowPrediction, TabularLearner, tabular_learner
from gatera.tabular.loaders import TableLoaders
from gatera.tabular.procs import Categorify, FillMissing, FillStrategy
from gatera.tabular.table import TableRows, TabularPandas

# fmt: off
__all__ = [
    "Categorify", "Embedding", "FillMissing", "FillStrategy", "RowPrediction", "TableBaseline",
    "TableLoaders", "TableRows", "TabularConfig", "TabularDataLoaders", "TabularLearner", "TabularModel",
    "TabularPandas", "add_datepart", "boosted_trees", "cont_cat_split", "csv_rows", "emb_sz_rule",
    "get_emb_sz", "tabular_config", "tabular_learner",
]
__all__ += _common
# fmt: on

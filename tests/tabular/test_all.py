from __future__ import annotations

import pytest

import gatera.collab.all as collab
import gatera.tabular.all as tabular
import gatera.vision.all as vision


def test_names_mean_the_same_in_all_faces():
    for one, other in ((tabular, vision), (collab, vision), (collab, tabular)):
        both = set(one.__all__) & set(other.__all__)
        assert {"Normalize", "pd", "Learner"} <= both
        assert [name for name in both if getattr(one, name) is not getattr(other, name)] == []


@pytest.mark.parametrize("face", [tabular, collab])
def test_every_name_is_there_once(face):
    assert len(set(face.__all__)) == len(face.__all__)
    assert all(hasattr(face, name) for name in face.__all__)


BOOK = """
untar_data URLs TabularDataLoaders Categorify FillMissing Normalize tabular_learner accuracy CollabDataLoaders collab_learner
TabularPandas RandomSplitter CategoryBlock cont_cat_split add_datepart EmbeddingDotBias EmbeddingNN Embedding get_emb_sz
sigmoid_range MSELossFlat Learner nn F np pd plt torch tensor Path partial
"""


def test_the_names_of_the_book_are_there_after_its_star_imports():
    names: dict[str, object] = {}
    exec("from gatera.tabular.all import *\nfrom gatera.collab import *", names)
    assert [name for name in BOOK.split() if name not in names] == []

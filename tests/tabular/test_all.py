from __future__ import annotations

import subprocess
import sys

import pytest

import gatera.collab.all as collab
import gatera.tabular.all as tabular
import gatera.vision.all as vision


def test_names_mean_the_same_in_all_faces():
    for name in set(tabular.__all__) & set(vision.__all__):
        if name not in ("plt", "pd"):  # stand-ins, one each
            assert getattr(tabular, name) is getattr(vision, name)
    for name in set(collab.__all__) & set(tabular.__all__) - {"plt", "pd"}:
        assert getattr(collab, name) is getattr(tabular, name)


@pytest.mark.parametrize("face", [tabular, collab])
def test_every_name_is_there_once(face):
    assert len(set(face.__all__)) == len(face.__all__)
    assert all(hasattr(face, name) for name in face.__all__)


@pytest.mark.slow
def test_the_names_of_the_book_are_there_after_its_star_imports():
    code = """
from gatera.tabular.all import *
from gatera.collab import *
print(all((untar_data, URLs.ADULT_SAMPLE, URLs.ML_SAMPLE, TabularDataLoaders, Categorify, FillMissing, Normalize,
           tabular_learner, accuracy, CollabDataLoaders, collab_learner, TabularPandas, RandomSplitter, CategoryBlock,
           cont_cat_split, add_datepart, EmbeddingDotBias, EmbeddingNN, get_emb_sz, sigmoid_range, MSELossFlat, nn, F, np)))
print(pd.DataFrame({"a": [1]}).shape)
"""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.split("\n")[:2] == ["True", "(1, 1)"]

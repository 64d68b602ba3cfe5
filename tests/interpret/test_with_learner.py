from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from torch import nn

from gatera.data.transforms.item import Resize
from gatera.interpret.classification import ClassificationInterpretation
from gatera.interpret.predictions import Interpretation
from gatera.learn.learner import Learner
from gatera.measure.metrics.standard import accuracy
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner
from gatera.vision.data import ImageDataLoaders


@pytest.fixture(scope="module")
def learn(photo_folder: Path) -> Learner:
    dls = ImageDataLoaders.from_folder(
        photo_folder, valid_pct=0.5, seed=1, item_tfms=Resize(16), bs=5, device="cpu"
    )
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    return Learner(dls, model, metrics=accuracy)


def test_a_learners_mistakes_are_those_of_its_validation_data(learn: Learner) -> None:
    interp = ClassificationInterpretation.from_learner(learn)
    assert interp.vocab == ["cat", "dog"] and len(interp) == learn.dls.valid.n
    right = np.trace(interp.confusion_matrix()) / len(interp)
    loss, shown = learn.validate()
    assert right == pytest.approx(shown) and interp.losses.mean() == pytest.approx(loss, rel=1e-5)


def test_a_shuffled_training_loader_is_read_whole_and_in_its_data_sets_order(learn: Learner) -> None:
    interp = ClassificationInterpretation.from_learner(learn, dl=learn.dls.train)
    assert interp.targets.tolist() == learn.dls.train.dataset.targets.tolist()


def test_top_losses_show_the_photos_of_those_items(learn: Learner) -> None:
    interp = ClassificationInterpretation.from_learner(learn)
    losses, indices = interp.top_losses(3)
    titles = [axes.get_title() for axes in interp.plot_top_losses(3, nrows=1).axes]
    for title, loss, index in zip(titles, losses, indices, strict=True):
        assert f"/ {learn.dls.valid.dataset.label(int(index))}\n{loss:.2f}" in title


def test_top_losses_of_rows_are_shown_in_a_table() -> None:
    df = pd.DataFrame(
        {"age": [20.0, 30, 40, 50] * 5, "rich": ["no", "no", "yes", "yes"] * 5, "income": range(20)}
    )
    for label in ("rich", "income"):
        dls = TabularDataLoaders.from_df(
            df, cont_names="age", cat_names=[], y_names=label, bs=4, seed=0, device="cpu"
        )
        interp = Interpretation.from_learner(tabular_learner(dls, layers=[4]))
        losses, indices = interp.top_losses(3)
        shown = interp.plot_top_losses(3)
        assert list(shown) == ["age", label, f"{label}_pred", "loss"]
        assert shown["loss"].tolist() == losses.tolist()
        assert shown["age"].tolist() == dls.valid_ds.inputs.table["age"].iloc[indices].tolist()

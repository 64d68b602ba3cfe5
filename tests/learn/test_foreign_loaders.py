"""A test set with loaders of its own numbers words, categories and labels in its own way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from torch import nn

from gatera.core.errors import DataError
from gatera.data.blocks.category import CategoryBlock
from gatera.data.blocks.image import ImageBlock
from gatera.data.datablock import DataBlock
from gatera.data.splits.by_position import RandomSplitter
from gatera.data.transforms.normalize import Normalize
from gatera.learn.learner import Learner
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner
from gatera.text.data import TextDataLoaders
from gatera.text.language_model import language_model_learner
from gatera.text.learner import text_classifier_learner


def table(colours, n=240, seed=0):
    random = np.random.default_rng(seed)
    colour, size = random.choice(list(colours), n), random.normal(size=n)
    return pd.DataFrame(
        {"colour": colour, "size": size, "y": np.where(np.isin(colour, ["red", "teal"]), "warm", "cold")}
    )


def loaders(frame, **more):
    return TabularDataLoaders.from_df(
        frame, y_names="y", cat_names=["colour"], cont_names=["size"], seed=1, bs=32, **more
    )


@pytest.fixture(scope="module")
def learn():
    learn = tabular_learner(loaders(table(["blue", "red", "teal", "grey"])), layers=[16], metrics="accuracy")
    learn.display.bar_on = False
    learn.fit_one_cycle(8, 1e-2)
    return learn


def test_rows_of_other_loaders_are_read_as_the_learner_reads_them(learn, capsys):
    test = table(["red", "grey", "teal"], seed=1)  # "red" is another number than among four colours
    other = loaders(test, valid_pct=0.5)
    right = learn.validate(dl=learn.dls.test_dl(other.valid.dataset.items.table, with_labels=True))
    capsys.readouterr()
    assert learn.validate(dl=other.valid) == pytest.approx(right) and right[1] > 0.9
    assert "The inputs of this loader are numbered otherwise" in capsys.readouterr().err
    assert (
        learn.validate(dl=learn.dls.valid) == pytest.approx(learn.validate())
        and capsys.readouterr().err == ""
    )
    outputs = [batch for batch, _ in learn.predict_batches(other.valid)]
    assert np.concatenate(outputs) == pytest.approx(learn.get_preds(dl=other.valid)[0].numpy())


def test_labels_of_other_loaders_are_the_learners_or_refused(learn):
    test = table(["blue", "red"]).assign(y=lambda rows: rows["y"].replace("cold", "wet"))
    with pytest.raises(DataError, match="unknown label"):
        learn.validate(dl=loaders(test).valid)


def test_loaders_that_number_otherwise_are_warned_of_when_they_are_assigned(learn):
    before, same = learn.dls, loaders(table(["blue", "red", "teal", "grey"]))
    learn.dls = same
    with pytest.warns(
        UserWarning, match=r"number their inputs and labels differently.*before: cold, warm; now: hot, icy"
    ):
        learn.dls = loaders(
            table(["red", "blue"]).assign(y=lambda rows: rows["y"].map({"warm": "hot", "cold": "icy"}))
        )
    with pytest.warns(UserWarning, match="number their inputs and labels differently"):
        learn.dls = before


def test_texts_of_the_loaders_that_a_learner_was_made_from_have_its_tokens():
    texts = pd.DataFrame(
        {"text": [f"a {word} film" for word in ("good", "bad")] * 20, "label": ["pos", "neg"] * 20}
    )
    dls = TextDataLoaders.from_df(texts, text_col="text", label_col="label", seed=1, bs=8)
    learn = text_classifier_learner(dls)
    found = learn.get_preds(dl=dls.test_dl(texts[:4]))[0]
    assert found.numpy() == pytest.approx(learn.get_preds(dl=learn.dls.test_dl(texts[:4]))[0].numpy())


def test_a_language_model_reads_other_texts_with_its_own_words(capsys):
    def streams(words, **more):
        texts = pd.DataFrame({"text": [" ".join(words) * 2] * 20})
        return TextDataLoaders.from_df(texts, text_col="text", is_lm=True, seed=1, bs=2, seq_len=8, **more)

    dls = streams(["good ", "bad ", "fine ", "old "])
    learn = language_model_learner(dls, pretrained=False)
    learn.display.bar_on = False
    other, words = streams(["old ", "fine "]), ["old ", "fine "]
    assert list(other.text_vocab) != list(dls.text_vocab)
    right = learn.validate(dl=streams(words, text_vocab=dls.text_vocab).valid)
    assert (
        learn.validate(dl=streams(words, text_vocab=dls.text_vocab).valid) == right
    )  # nothing read before counts
    capsys.readouterr()
    assert learn.validate(dl=other.valid) == right
    assert "The inputs of this loader are numbered otherwise" in capsys.readouterr().err
    with pytest.warns(UserWarning, match="number their inputs differently"):
        learn.dls = other


def test_photos_of_other_loaders_are_normalised_as_the_learners_are(capsys):
    photos = [np.full((8, 8, 3), shade, np.uint8) for shade in range(0, 240, 10)]

    def loaders_of(*batch_tfms):
        block = DataBlock(
            (ImageBlock, CategoryBlock),
            get_y=lambda photo: photo[0, 0, 0] > 100,
            splitter=RandomSplitter(seed=1),
            batch_tfms=batch_tfms,
        )
        return block.dataloaders(photos, bs=8, seed=1)

    normal, plain = loaders_of(Normalize.from_stats([0.5] * 3, [0.1] * 3)), loaders_of()
    learn = Learner(normal, nn.Sequential(nn.Flatten(), nn.Linear(192, 2)))
    learn.display.bar_on = False
    assert learn.validate(dl=normal.valid) == learn.validate() and capsys.readouterr().err == ""
    assert learn.validate(dl=plain.valid) == learn.validate()
    assert "does not normalise as the learner's do" in capsys.readouterr().err

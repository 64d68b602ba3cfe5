from __future__ import annotations

import random

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from gatera.collab.data import CollabDataLoaders
from gatera.collab.learner import collab_learner
from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.loaders import DataLoaders
from gatera.interpret.attributions.integrated_gradients import Completeness, integrated_gradients
from gatera.interpret.attributions.photos import PhotoAttribution
from gatera.interpret.attributions.texts import TextAttribution, _over_the_text, embedding_of, joined_pieces
from gatera.learn.learner import Learner
from gatera.models.text.awd_lstm import AWD_LSTM, AwdLstmConfig
from gatera.models.text.model import TransformerConfig
from gatera.models.text.transformer import EncoderSizes
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner
from gatera.text.data import TextDataLoaders
from gatera.text.learner import text_classifier_learner

# -- photos ---------------------------------------------------------------------------------------------------------------


def test_integrated_gradients_sum_up_to_what_the_logit_gains_over_the_baseline(photo_learner):
    item = photo_learner.dls.valid_ds.inputs[0]
    found = photo_learner.attribution(item, method="integrated_gradients", label="cat", steps=64)
    x = photo_learner.dls.input_batch(item)
    with torch.no_grad():
        photo_learner.model.eval()
        total = float(photo_learner.model(x)[0, 0] - photo_learner.model(torch.full_like(x, 0.5))[0, 0])
    check = found.completeness
    assert (
        check.total == pytest.approx(total, abs=1e-5)
        and check.holds
        and check.parts == pytest.approx(total, rel=0.05)
    )
    assert found.heat.shape == (32, 32) and found.photo.shape == (32, 32, 3) and len(found.plot().axes) == 3


def test_completeness_is_checked_and_said_where_it_does_not_hold(capsys):
    step = lambda x: (x.sum(1) > 0.5).float() + 0 * x.sum(1)  # noqa: E731 - its gradient says nothing of its jump
    _, check = integrated_gradients(step, torch.ones(1, 2), torch.zeros(1, 2), steps=200)
    assert check.total == 1 and check.parts == 0 and not check.holds and check.steps == 400
    said = capsys.readouterr().err
    assert (
        "sum up to 0, and should to 1 (at best, at 400 of 200 to 400 steps): take them as a rough picture."
        in said
    )
    integrated_gradients(step, torch.ones(1, 2), torch.zeros(1, 2), steps=401)
    assert "should to 1 (with steps=401)" in capsys.readouterr().err
    assert Completeness(1.0, 1.04).holds and not Completeness(1.0, 1.06).holds


def test_gradcam_is_the_map_weighted_by_the_mean_gradients(photo_learner):
    found = photo_learner.attribution(0, layer="3")
    assert found.method == "gradcam" and found.layer == "3"
    model = photo_learner.model.eval()
    maps = (
        model[:4](photo_learner.dls.input_batch(photo_learner.dls.valid_ds.inputs[0]))
        .detach()
        .requires_grad_()
    )
    output = ["cat", "dog"].index(found.label)
    model[4:](maps)[0, output].backward()
    expected = (maps * maps.grad.mean((2, 3), keepdim=True)).sum(1, keepdim=True)
    expected = torch.nn.functional.interpolate(expected, (32, 32), mode="bilinear", align_corners=False)[0, 0]
    np.testing.assert_allclose(found.heat, expected.detach(), atol=1e-5)


def test_hidden_squares_as_an_attribution(photo_learner):
    found = photo_learner.attribution(0, method="occlusion", patch=16, stride=16)
    assert found.heat.shape == (32, 32) and len(np.unique(found.heat)) <= 4


def test_methods_and_options_are_checked(photo_learner):
    with pytest.raises(ArgumentError) as caught:
        photo_learner.attribution(0, method="grad_cam")
    assert str(caught.value) == (
        "method must be one of gradcam, integrated_gradients, occlusion. Got: 'grad_cam'. Did you mean 'gradcam'?"
    )
    with pytest.raises(
        ArgumentError,
        match=r"has no argument 'patsh'. Available: patch, stride, fill. Did you mean 'patch'\?",
    ):
        photo_learner.attribution(0, method="occlusion", patsh=3)
    with pytest.raises(ArgumentError, match="baseline must be one of black, grey, white"):
        photo_learner.attribution(0, method="integrated_gradients", baseline="blur")


def test_loaders_that_are_not_ours_cannot_be_explained(photo_learner):
    dls = DataLoaders([(torch.rand(2, 3), torch.tensor([0, 1]))], task="classification", vocab=["a", "b"])
    learn = Learner(dls, nn.Linear(3, 2))
    with pytest.raises(DataError, match=r"explaining an item needs loaders made by Gatera. Got: 'list'"):
        learn.attribution([1.0, 2, 3])


# -- texts ----------------------------------------------------------------------------------------------------------------

THINGS = ("camera", "cast", "ending", "film", "music", "plot", "story")


@pytest.fixture(scope="module")
def reviews() -> pd.DataFrame:
    draw = random.Random(0)
    rows = [
        (f"The {draw.choice(THINGS)} and the {draw.choice(THINGS)} were {word}", label)
        for label, word in (("neg", "awful"), ("pos", "lovely"))
        for _ in range(24)
    ]
    return pd.DataFrame(rows, columns=["text", "label"])


def reader_of(reviews: pd.DataFrame, arch: object, config: object, lr: float, epochs: int) -> Learner:
    dls = TextDataLoaders.from_df(
        reviews, valid_pct=0.2, seed=0, bs=8, text_col="text", label_col="label", device="cpu"
    )
    learn = text_classifier_learner(dls, arch, config=config, pretrained=False, drop_mult=0)
    learn.display.table_on = learn.display.bar_on = False
    learn.unfreeze()
    learn.fit(epochs, lr)
    return learn


@pytest.fixture(scope="module")
def reader(reviews: pd.DataFrame) -> Learner:
    sizes = EncoderSizes(vocab=80, positions=64, features=16, heads=2, wide=32, layers=1)
    return reader_of(reviews, "minilm", TransformerConfig(sizes=sizes, max_len=48, layer_lr=1.0), 0.01, 8)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_the_word_that_decides_has_the_largest_weight(reader, method):
    found = reader.attribution("The music and the story were lovely", method=method, label="pos")
    assert found.words[int(found.weights.argmax())] == "lovely", found
    if method == "integrated_gradients":
        assert found.completeness.holds
    assert "lovely" in found.html() and "+" in found.terminal(colour=False) and len(found.plot().axes) == 1


@pytest.mark.slow
def test_a_recurrent_network_is_read_too(reviews):
    learn = reader_of(reviews, AWD_LSTM, AwdLstmConfig(emb_sz=12, n_hid=16, n_layers=1), 0.02, 6)
    found = learn.attribution("The music and the story were awful", method="occlusion", label="neg")
    assert found.words[int(found.weights.argmax())] == "awful"


def test_a_map_that_is_against_the_answer_everywhere_has_no_strongest_place():
    heat = np.array([[-0.5, -0.1]], np.float32)
    found = PhotoAttribution(np.zeros((1, 2, 3), np.uint8), heat, "cat", 0.9, "gradcam", "layer")
    assert repr(found) == "PhotoAttribution(gradcam, cat: 0.900, nothing speaks for it)"
    assert "strongest at row 0, column 1" in repr(
        PhotoAttribution(found.photo, -heat[:, ::-1], "cat", 0.9, "gradcam")
    )


class WithPlaces(nn.Module):
    """Has more places than words."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(9, 4), nn.Embedding(50, 4)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return (self.words(ids) + self.places(torch.arange(ids.shape[1]).expand_as(ids))).mean(1)


@pytest.mark.parametrize("text", [[0, 1, 2], [3, 5, 3], [4]])
def test_words_are_explained_not_places_of_which_there_are_more(text):
    model = WithPlaces()
    assert embedding_of(model, torch.tensor([text])) is model.words


def test_html_in_a_text_stays_text():
    found = TextAttribution(["<b>", "fine"], np.array([1.0, -0.5], np.float32), "pos", 0.9, "occlusion")
    assert "&lt;b&gt;" in found.html() and "<b><" not in found.html()
    assert found.terminal(colour=False) == "pos: 0.90\n++<b>++ -fine-"
    assert "\x1b[30;48;2;" in found.terminal()


def test_marks_of_ends_are_left_out_of_the_words_but_unknown_words_are_not():
    words = ["[CLS]", "[UNK]", "fine", "[SEP]"]
    found = TextAttribution(words, np.array([1.0, 2, 3, 4], np.float32), "pos", 0.9, "occlusion")
    assert found.weighed() == [("[UNK]", 2.0), ("fine", 3.0)]
    assert found.terminal(colour=False) == "pos: 0.90\n++[UNK]++ ++fine++"
    bars = [label.get_text() for label in found.plot().axes[0].get_yticklabels()]
    for shown in (found.html(), found.terminal(), repr(found), " ".join(bars)):
        assert "fine" in shown and "[CLS]" not in shown and "[SEP]" not in shown
    assert TextAttribution(["[CLS]"], np.array([1.0], np.float32), "pos", 0.9, "occlusion").plot().axes


def test_pieces_belong_to_their_word():
    words, sums = joined_pieces(["##s", "play", "##ing"], np.array([1.0, 2, 3]))
    assert words == ["##s", "playing"] and sums.tolist() == [1, 5]


# -- rows -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people() -> Learner:
    draw = np.random.default_rng(0)
    n = 200
    table = pd.DataFrame(
        {
            "job": draw.choice(["cook", "nurse"], n),
            "age": draw.integers(20, 80, n),
            "height": draw.normal(170, 9, n),
        }
    )
    table["rich"] = np.where(table.age > 50, "yes", "no")
    dls = TabularDataLoaders.from_df(
        table, cat_names=["job"], cont_names=["age", "height"], y_names="rich", bs=32, seed=0, device="cpu"
    )
    learn = tabular_learner(dls, layers=[16])
    learn.display.table_on = learn.display.bar_on = False
    learn.fit(6, 0.02)
    return learn


@pytest.mark.slow
def test_the_weights_of_columns_sum_up_and_the_column_that_decides_leads(people):
    found = people.attribution({"job": "cook", "age": 75, "height": 168.0}, label="yes")
    assert found.columns == ["job", "age", "height"] and found.cells == ["cook", "75", "168.0"]
    assert found.columns[int(found.weights.argmax())] == "age", found
    assert (
        found.weights.sum() == pytest.approx(found.answer - found.usual, abs=1e-4)
        and found.completeness.holds
    )
    assert len(found.plot().axes) == 1
    beside_all = people.attribution({"job": "cook", "age": 75, "height": 168.0}, label="yes", background=160)
    assert np.abs(found.weights - beside_all.weights).max() < 0.03  # few rows are not like all of them


# -- ratings --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_rating_consists_of_biases_and_a_match():
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        [
            (user, f"Film {film}", float(np.clip(film + draw.integers(0, 2), 0, 5)))
            for user in range(12)
            for film in range(5)
        ],
        columns=["user", "title", "rating"],
    )
    dls = CollabDataLoaders.from_df(table, item_name="title", bs=16, seed=0, device="cpu")
    learn = collab_learner(dls, n_factors=4, y_range=(-0.5, 5.5))
    learn.display.table_on = learn.display.bar_on = False
    learn.fit(12, 0.05)
    found = learn.attribution((3, "Film 4"))
    low, high = -0.5, 5.5
    assert found.answer == pytest.approx(
        low + (high - low) / (1 + np.exp(-sum(found.parts.values()))), abs=1e-4
    )
    assert (
        found.items[0] == "Film 4" and found.items[-1] == "Film 0" and (np.diff(found.item_biases) <= 0).all()
    )
    assert (
        found.parts["item bias"] == pytest.approx(float(found.item_biases[0])) and len(found.plot().axes) == 2
    )

    other = collab_learner(dls, use_nn=True, layers=[8])
    with pytest.raises(ArgumentError, match="only the dot product model has biases to show"):
        other.attribution((3, "Film 4"))


@pytest.mark.parametrize(
    ("n", "expected"), [(4, [1, 2, 0, 0, 3, 4]), (5, [1, 2, 3, 0, 4, 5]), (6, [1, 2, 3, 4, 5, 6])]
)
def test_a_text_of_which_only_the_ends_are_read_has_no_weight_in_its_middle(
    n: int, expected: list[int]
) -> None:
    weights = torch.arange(1.0, n + 1)
    assert _over_the_text(weights, 6).tolist() == expected

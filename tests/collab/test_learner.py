from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

from gatera.collab.baseline import RatingBaseline, user_item_means
from gatera.collab.block import PairBlock
from gatera.collab.data import CollabDataLoaders
from gatera.collab.learner import collab_learner
from gatera.core.errors import ArgumentError, DataError
from gatera.data.loading.loaders import DataLoaders
from gatera.models.collab import EmbeddingDotBias, EmbeddingNN
from gatera.models.target_scale import TargetScale
from gatera.program.program import load_program
from gatera.testing import check_block


@pytest.fixture
def dls(df):
    return CollabDataLoaders.from_df(df, seed=0, bs=16, device="cpu")


def trained(dls, epochs=10, **settings):
    learn = collab_learner(dls, y_range=(0.5, 5.5), **settings)
    with learn.no_bar(), learn.no_logging():
        learn.fine_tune(epochs, 2e-2)
    return learn


@pytest.mark.slow
def test_tastes_are_learned_better_than_by_means(dls):
    learn = trained(dls, n_factors=5)
    assert isinstance(learn.model, EmbeddingDotBias)
    assert learn.history["valid_loss"].iloc[-1] < 0.7 * user_item_means(dls).value
    assert len(learn.history) == 11  # one group: the frozen epoch trains it, too


@pytest.mark.parametrize("y_range", [(0, 5.5), (-10.0, 5.5), (0, 1000.0)])
def test_answers_begin_at_the_mean_rating_unless_it_is_at_an_end_of_the_range(dls, y_range):
    learn = collab_learner(dls, y_range=y_range)
    low, high = y_range
    predictions = learn.get_preds()[0]
    mean = float(dls.train_ds.targets.mean())
    expected = min(max(mean, low + 0.05 * (high - low)), high - 0.05 * (high - low))
    assert float(predictions.mean()) == pytest.approx(expected, abs=0.02 * (high - low))


def test_dense_layers_learn_too(dls):
    learn = collab_learner(dls, use_nn=True, layers=[10], y_range=(0.5, 5.5), emb_szs={"film": 3})
    assert isinstance(learn.model, EmbeddingNN)
    assert learn.model.embeds[1].weight.shape == (13, 3)
    before = learn.validate()[0]
    with learn.no_bar(), learn.no_logging():
        learn.fit(2, 1e-2)
    assert learn.validate()[0] < before


def test_the_default_sizes_are_those_of_the_book(dls):
    assert collab_learner(dls).model.u_weight.weight.shape == (21, 50)
    assert collab_learner(dls, use_nn=True).model.layers[0][0].out_features == 50


@pytest.mark.parametrize("use_nn", [False, True])
def test_ratings_are_put_to_scale_inside_unless_a_range_is_given(dls, use_nn):
    def scales(**given):
        return [
            m
            for m in collab_learner(dls, use_nn=use_nn, **given).model.modules()
            if isinstance(m, TargetScale)
        ]

    assert len(scales()) == 1 and scales(y_range=(0.5, 5.5)) == []


def test_biases_are_found_by_name(dls):
    learn = collab_learner(dls)
    films = dls.classes["film"][1:4]
    assert torch.equal(learn.model.bias(films), learn.model.i_bias.weight[1:4, 0].detach())


def test_a_pair_is_predicted(dls):
    learn = trained(dls, 1)
    by_pair, by_row = learn.predict((101, "Film 3")), learn.predict({"film": "Film 3", "userId": "101"})
    assert by_pair.label == by_row.label and 0.5 < by_pair.label < 5.5


def test_an_unknown_user_is_an_average_one_and_said(dls):
    learn = trained(dls, 1)
    weight = learn.model.u_weight.weight.detach()
    assert torch.allclose(weight[0], weight[1:].mean(0), atol=1e-7)
    with pytest.warns(UserWarning, match=r"^Unseen category 7 in column 'userId'"):
        assert 0.5 < learn.predict((7, "Film 3")).label < 5.5


def test_results_are_shown_in_a_table(dls):
    shown = collab_learner(dls).show_results(max_n=5)
    assert list(shown) == ["userId", "film", "rating", "rating_pred"] and len(shown) == 5


def test_new_pairs_are_predicted_with_or_without_ratings(dls, df):
    learn = collab_learner(dls)
    predictions, ratings = learn.get_preds(dl=dls.test_dl(df.head(7)))
    assert (predictions.shape, ratings.shape) == ((7, 1), (7, 1))
    same, none = learn.get_preds(dl=dls.test_dl(df.head(7).drop(columns="rating")))
    assert none is None and torch.equal(same, predictions)


@pytest.mark.slow
@pytest.mark.parametrize("use_nn", [False, True])
def test_a_program_answers_like_the_learner_without_torch_and_pandas(dls, df, tmp_path, use_nn):
    learn = collab_learner(dls, y_range=(0.5, 5.5), use_nn=use_nn, n_factors=5, path=tmp_path)
    with learn.no_bar(), learn.no_logging():
        learn.fit(1, 1e-2)
    program = learn.export("films.gatera")
    expected = learn.get_preds(dl=dls.test_dl(df))[0][:, 0].numpy()
    answers = load_program(program).predict_batch(df.to_dict("records"))
    assert np.abs(np.array([answer.label for answer in answers]) - expected).max() <= 1e-4
    if use_nn:
        return
    code = f"""
import sys
from gatera import load_program
print(load_program({str(program)!r}, engine="onnxruntime").predict((101, "Film 3")).label, "torch" in sys.modules or "pandas" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    label, loaded = run.stdout.split()
    assert (float(label), loaded) == (pytest.approx(learn.predict((101, "Film 3")).label, abs=1e-4), "False")


def test_other_loaders_are_refused():
    loader = [(torch.zeros(2, 2), torch.zeros(2))]
    with pytest.raises(ArgumentError) as err:
        collab_learner(DataLoaders(loader, loader))
    assert str(err.value) == (
        "collab_learner needs loaders of ratings. Got: 'DataLoaders'. Make them with CollabDataLoaders."
    )


# ---- the block


def test_the_block_keeps_the_contract():
    rows = [{"user": 7, "film": "Alien"}, {"user": 9, "film": "Brazil"}]
    check_block(PairBlock("user", "film"), rows, [{**row, "x": 1} for row in rows])


def test_a_block_that_has_not_learned_says_so():
    for use in (
        lambda block: block.classes,
        lambda block: block.config(),
        lambda block: block.encode((1, 2)),
    ):
        with pytest.raises(ArgumentError) as err:
            use(PairBlock("user", "film"))
        assert str(err.value) == "This PairBlock has not been fitted. Call fit(rows) first."


# ---- the baseline


def test_means_are_those_computed_by_hand(dls):
    train, valid = dls.train_ds.inputs.table, dls.valid_ds.inputs.table
    mean = train["rating"].mean()
    rest = train["rating"] - mean
    items = rest.groupby(train["film"]).sum() / (rest.groupby(train["film"]).count() + 5)
    rest = rest - train["film"].map(items)
    users = rest.groupby(train["userId"]).sum() / (rest.groupby(train["userId"]).count() + 5)
    said = mean + valid["film"].map(items) + valid["userId"].map(users)
    baseline = user_item_means(dls)
    assert baseline.value == pytest.approx(np.square(said - valid["rating"]).mean())
    assert baseline.simplest == pytest.approx(np.square(mean - valid["rating"]).mean())
    assert baseline.n == len(valid)
    assert user_item_means(dls, damping=1e9).value == pytest.approx(baseline.simplest)


def test_the_baseline_is_told_in_one_line():
    assert str(RatingBaseline(0.649, 1.1, 1206)) == (
        "user and item means: mean squared error 0.6490 on 1,206 ratings (the overall mean: 1.1000)"
    )


def test_the_baseline_needs_ratings_to_measure_with(dls):
    dls.valid = None
    with pytest.raises(DataError) as err:
        user_item_means(dls)
    assert str(err.value) == "The baseline needs a validation set."
    with pytest.raises(ArgumentError) as err:
        user_item_means(dls, damping=-1)
    assert str(err.value) == "damping must be at least 0. Got: -1."


def test_learner_and_program_recommend_the_same_and_nothing_rated(df, tmp_path):
    learn = collab_learner(
        CollabDataLoaders.from_df(df, seed=1), n_factors=4, y_range=(0, 5.5), path=tmp_path
    )
    with learn.no_bar(), learn.no_logging():
        learn.fit(2, 1e-2)
    program = load_program(learn.export(tmp_path / "a.gatera"))
    rated = set(df[df.userId == 103].film)
    found = learn.recommend(103, 4)
    assert not rated & {item for item, _ in found} and len(found) == min(4, 12 - len(rated))
    everything = learn.recommend("103", 12, rated=True)
    assert [item for item, _ in everything] == [item for item, _ in program.recommend(103, 12, rated=True)]
    assert np.allclose(
        [r for _, r in everything], [r for _, r in program.recommend(103, 12, rated=True)], atol=1e-4
    )


def test_pairs_alone_are_implicit_ratings(df, tmp_path):
    taken = df[df.rating >= 4][["userId", "film"]]
    dls = CollabDataLoaders.from_df(taken, seed=1)
    targets = np.concatenate([dls.train_ds.targets.numpy(), dls.valid_ds.targets.numpy()])
    assert dls.y_names == ["taken"] and set(targets.ravel().tolist()) == {0.0, 1.0}
    learn = collab_learner(dls, n_factors=8, y_range=(0, 1), path=tmp_path)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(20, 2e-2)
    ones = targets.ravel() == 1
    assert ones.sum() == len(taken)
    user = taken.userId.iloc[0]
    own = set(taken[taken.userId == user].film)
    ranked = [item for item, _ in learn.recommend(user, 12, rated=True)]
    assert len(own & set(ranked[: len(own)])) >= len(own) / 2
    others = {item for item, _ in learn.recommend(user, 1_000)}
    assert (
        others == set(list(dls.classes["film"])[1:]) - own
    )  # also those that stood for "not taken" in training

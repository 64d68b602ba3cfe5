from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression, Ridge
from torch import nn

from gatera.data.blocks.category import CategoryBlock
from gatera.data.transforms.normalize import Normalize
from gatera.learn.export.program import finite
from gatera.models.linear_table import LinearTable
from gatera.models.tabular import TabularModel
from gatera.program.program import load_program
from gatera.tabular.candidates import choose, network
from gatera.tabular.candidates.choose import NETWORK, TREES, Candidate
from gatera.tabular.candidates.folds import make_folds
from gatera.tabular.candidates.held_out import ask
from gatera.tabular.candidates.linear import fit_linear, try_linear
from gatera.tabular.candidates.network import NetworkMaker
from gatera.tabular.candidates.train import TableTraining, _figure, _kinds, _tell, train_table
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.encoded import EncodedRows
from gatera.tabular.learner import tabular_learner
from gatera.tabular.procs import Categorify, FillMissing
from gatera.tabular.trees.fit import fit_several, predict_trees


def frame(n: int = 240, classes: bool = True) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    kind, size = draw.choice(["a", "b", "c", "d"], n), draw.uniform(0, 100, n)
    steps = (size // 10 % 2 > 0) ^ np.isin(
        kind, ["a", "c"]
    )  # steps, which trees learn and small networks do not
    target = np.where(steps, "yes", "no") if classes else 300_000 + 40_000.0 * steps + draw.normal(0, 1000, n)
    return pd.DataFrame({"kind": kind, "size": size, "target": target})


def trained(tmp_path, model: str, classes: bool = True, epochs: int | None = 2):
    dls = TabularDataLoaders.from_df(
        frame(classes=classes), tmp_path, cat_names="kind", cont_names="size", y_names="target", seed=1
    )
    learn, notes = tabular_learner(dls, path=tmp_path), []
    with learn.no_bar(), learn.no_logging():
        facts = train_table(learn, TableTraining(model, epochs, 5e-3, 64, None, 1), notes.append)
    return learn, facts, [str(note) for note in notes]


def test_with_few_rows_the_program_holds_the_network_and_says_so(tmp_path):
    rows = pd.DataFrame({"age": [20, 31, 22, 45, 25, 52], "sport": ["yes", "no"] * 3})
    dls = TabularDataLoaders.from_df(rows, tmp_path, cont_names="age", y_names="sport", seed=1, bs=4)
    learn, notes = tabular_learner(dls, path=tmp_path), []
    with learn.no_bar(), learn.no_logging():
        facts = train_table(learn, TableTraining("best", 1, 5e-3, 4, None, 1), notes.append)
    assert facts["trees_share"] == 0
    assert [str(note) for note in notes] == [
        "With fewer than 10 training rows, nothing is held out to compare models on: the program uses the network "
        "(to change: model='both')."
    ]


def test_a_checkpoint_beside_trees_alone_is_said_to_be_unused(tmp_path):
    dls = TabularDataLoaders.from_df(frame(40), tmp_path, cont_names="size", y_names="target", seed=1, bs=8)
    notes: list[object] = []
    how = TableTraining("trees", None, 5e-3, 8, None, 1)
    train_table(tabular_learner(dls, path=tmp_path), how, notes.append, tmp_path / "a.safetensors")
    said = f"The checkpoint {tmp_path / 'a.safetensors'} is not used: the program uses boosted trees, without a network."
    assert [str(note) for note in notes] == [said]


def test_what_prints_no_epochs_shows_what_it_does(tmp_path):
    dls = TabularDataLoaders.from_df(frame(40), tmp_path, cont_names="size", y_names="target", seed=1, bs=8)
    shown: list[str] = []

    @contextmanager
    def status(text):
        shown.append(text)
        yield

    learn = tabular_learner(dls, path=tmp_path)
    with learn.no_bar(), learn.no_logging():
        train_table(learn, TableTraining("both", 1, 5e-3, 8, None, 1), lambda note: None, status=status)
    tried = "Comparing the network, boosted trees on training rows held out in turn"
    assert shown == [tried, "Training boosted trees"]


@pytest.mark.whole
@pytest.mark.parametrize("classes", [True, False])
def test_where_trees_win_the_program_holds_trees(tmp_path, classes):
    learn, facts, notes = trained(tmp_path, "best", classes)
    assert facts["trees_share"] >= 0.5
    assert notes[0].endswith("(to change: model='network').") and ", boosted trees " in notes[0]
    program = load_program(learn.export(tmp_path / "a.gatera"))
    rows = EncodedRows.of(learn.dls, learn.dls.valid_ds)
    wanted = learn.get_preds()[0].numpy()
    answers = [program.predict(learn.dls.valid_ds.inputs[n]) for n in range(len(rows.y))]
    found = np.stack([answer.probabilities for answer in answers])
    assert np.abs(found - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max())
    assert answers[0].label == learn.predict(learn.dls.valid_ds.inputs[0]).label or not classes


@pytest.mark.parametrize("classes", [True, False])
def test_trees_alone_answer_as_scikit_learn_does(tmp_path, classes):
    learn, facts, notes = trained(tmp_path, "trees", classes)
    train, valid = (EncodedRows.of(learn.dls, ds) for ds in (learn.dls.train_ds, learn.dls.valid_ds))
    wanted = predict_trees(fit_several(train, 1), valid)
    assert np.abs(learn.get_preds()[0].numpy() - wanted).max() <= 1e-5 * max(1, np.abs(wanted).max())
    assert (facts["trees_share"], notes, learn.recorder.rows) == (1.0, [], [])
    assert load_program(learn.export(tmp_path / "a.gatera"))


def test_the_network_alone_trains_until_more_does_not_help(tmp_path):
    learn, facts, notes = trained(tmp_path, "network", epochs=None)
    assert facts["trees_share"] == 0.0 and len(notes) == 1
    assert notes[0].startswith(f"The network trains for {len(learn.recorder.rows)} epochs")


def test_a_named_number_of_epochs_is_kept(tmp_path):
    learn, _, notes = trained(tmp_path, "network", epochs=3)
    assert len(learn.recorder.rows) == 3 and notes == []


def maker(make=nn.Identity) -> NetworkMaker:
    split = lambda x: (torch.empty(len(x), 0, dtype=torch.int64), x)  # noqa: E731
    return NetworkMaker(make, split, nn.MSELoss(), 1e-3, 8, (0.9, 0.8, 0.9))


BOTH = ("network", "trees")


def answers_are(monkeypatch, networks: float, trees: float) -> None:
    """Let all networks and all trees give one number each."""
    monkeypatch.setattr(network, "_train_and_ask", lambda *about: np.full((len(about[-1].y), 1), networks))
    monkeypatch.setattr(choose, "fit_several", lambda rows, seed: None)
    monkeypatch.setattr(choose, "predict_trees", lambda fitted, rows: np.full((len(rows.y), 1), trees))


def test_a_large_table_holds_out_a_fifth_once():
    (fold,) = make_folds(EncodedRows(np.zeros((8_001, 1), np.float32), np.arange(8_001.0), [], 0), 0)
    assert [len(part) for part in fold] == [6_400, 1_601]


def test_what_both_say_is_their_mean_by_share(monkeypatch):
    rows = EncodedRows(np.zeros((40, 1), np.float32), np.full(40, 3.0), [], 0)
    answers_are(monkeypatch, 0.0, 4.0)
    trial = choose.try_all(rows, BOTH, maker(), 1, None)
    assert trial.best == Candidate("network", 0.75) and (trial.answers == 3).all()
    mixtures = {Candidate("network", share): error for share, error in ((0.25, 2), (0.5, 1), (0.75, 0))}
    assert trial.errors == {NETWORK: 3, **mixtures, TREES: 1}


def test_a_network_with_a_large_first_layer_is_tried_for_fewer_epochs(monkeypatch):
    rows, lengths = EncodedRows(np.zeros((40, 1), np.float32), np.arange(40.0), [], 0), set()

    def better_each_time(maker, seed, epochs, train, valid):
        lengths.add(epochs)
        return np.full((len(valid.y), 1), epochs / 10)

    monkeypatch.setattr(network, "_train_and_ask", better_each_time)
    for inputs, most in ((10, 128), (40_000, 16)):
        lengths.clear()
        choose.try_all(
            rows,
            ["network"],
            maker(partial(nn.Linear, inputs, 100, device="meta")),
            1,
            None,
        )
        assert max(lengths) == most


def test_a_wide_table_has_one_set_of_trees_or_none(tmp_path, monkeypatch):
    monkeypatch.setattr("gatera.tabular.trees.fit.WIDE", 1)
    rows = EncodedRows(np.random.default_rng(0).random((40, 2), np.float32), np.arange(40) % 2, [], 2)
    (trees,) = fit_several(rows)
    assert trees.max_bins == 31
    monkeypatch.setattr("gatera.tabular.candidates.train.MOST_TREE_COLUMNS", 1)
    _, facts, notes = trained(tmp_path, "best")
    assert facts["trees_share"] == 0 and "boosted trees" not in notes[1]
    assert (
        notes[0]
        == "Boosted trees are not tried: 2 columns would take them many minutes (to change: model='trees')."
    )
    assert trained(tmp_path, "trees")[1]["trees_share"] == 1


def test_folds_hold_out_every_row_once_and_every_class():
    rows = EncodedRows(np.zeros((103, 1), np.float32), np.arange(103) % 3, [], 3)
    folds = make_folds(rows, 0)
    assert sorted(np.concatenate([valid for _, valid in folds])) == list(range(103))
    assert all(len(np.unique(rows.y[valid])) == 3 for _, valid in folds)


@pytest.mark.parametrize("n", [120, 9_000])
def test_rows_of_one_group_are_held_out_together_and_classes_are_spread(n):
    draw = np.random.default_rng(0)
    groups = draw.integers(0, n // 3, n)
    y = (groups % 3 == 0).astype(np.int64)
    rows = EncodedRows(np.zeros((n, 1), np.float32), y, [], 2, groups)
    folds = make_folds(rows, 0)
    assert len(folds) == (10 if n == 120 else 1)
    for train, valid in folds:
        assert not np.isin(groups[train], groups[valid]).any()
        assert len(train) + len(valid) == n and 0.1 < y[valid].mean() < 0.6
    if n == 120:
        assert sorted(np.concatenate([valid for _, valid in folds])) == list(range(n))


def test_of_rows_with_times_the_newest_are_held_out():
    times = np.random.default_rng(0).permutation(50)
    ((train, valid),) = make_folds(
        EncodedRows(np.zeros((50, 1), np.float32), np.arange(50.0), [], 0, None, times), 0
    )
    assert len(valid) == 10 and times[train].max() < times[valid].min()
    same = EncodedRows(
        np.zeros((50, 1), np.float32), np.arange(50.0), [], 0, np.zeros(50, int), np.zeros(50, int)
    )
    assert len(make_folds(same, 0)) == 10  # neither tells anything


def test_what_is_tried_on_rows_of_known_groups_says_nothing_of_others(tmp_path):
    """Every group has a number of its own and a class by chance: rows beside their own group are known, others are not."""
    draw = np.random.default_rng(0)
    number, sick = draw.normal(size=20), draw.choice(["no", "yes"], 20)
    group = np.repeat(np.arange(20), 6)
    rows = pd.DataFrame({"x": number[group], "sick": sick[group]})
    dls = TabularDataLoaders.from_df(
        rows, tmp_path, cont_names="x", y_names="sick", seed=1, valid_idx=range(6), bs=8
    )
    errors = []
    for groups in (None, group[6:]):
        learn = tabular_learner(dls, path=tmp_path)
        with learn.no_bar(), learn.no_logging():
            facts = train_table(learn, TableTraining("best", 1, 5e-3, 8, None, 1, groups), lambda note: None)
        errors.append(facts["held_out_errors"]["boosted trees"])
    assert errors[0] < 0.2 and errors[1] > 0.3


def test_a_network_that_diverges_is_not_held(monkeypatch):
    rows = EncodedRows(np.zeros((40, 1), np.float32), np.arange(40.0), [], 0)
    answers_are(monkeypatch, np.nan, 0.0)
    trial = choose.try_all(rows, BOTH, maker(), 1, None)
    assert trial.best == TREES and np.isnan(trial.errors[NETWORK]) and trial.errors[TREES] > 0
    assert _figure(trial.errors[NETWORK], rows) == "not a number, because its training diverged"
    assert finite({str(each): error for each, error in trial.errors.items()})["the network"] is None


def simple(classes: int, n: int = 80) -> pd.DataFrame:
    """A table of a linear rule: of numbers far from zero, and of a category."""
    draw = np.random.default_rng(3)
    size, age, kind = draw.normal(1e5, 1e3, n), draw.normal(0, 1e-3, n), draw.choice(["a", "b", "c"], n)
    score = (size - 1e5) / 1e3 + age * 2e3 + pd.Series(kind).map({"a": 0.0, "b": 2.0, "c": -2.0}).to_numpy()
    target = 500 + 10 * score if not classes else pd.qcut(score, classes, list("xyz")[:classes]).astype(str)
    return pd.DataFrame({"size": size, "age": age, "kind": kind, "target": target})


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_a_simple_rule_of_few_rows_is_answered_by_a_linear_model(tmp_path, monkeypatch, classes):
    monkeypatch.setattr("gatera.tabular.trees.fit.MEMBERS", ({"max_iter": 5},))  # this is not about trees
    dls = TabularDataLoaders.from_df(
        simple(classes), tmp_path, [Categorify, FillMissing, Normalize], ["kind"], ["size", "age"], "target", seed=1, bs=8,
        valid_idx=range(16),
    )  # fmt: skip
    learn, notes = tabular_learner(dls, path=tmp_path), []
    with learn.no_bar(), learn.no_logging():
        facts = train_table(learn, TableTraining("best", 8, 5e-3, 8, None, 1), notes.append)
    assert facts["answers"].startswith("a linear model")
    assert notes[0].text.endswith(f"The program uses {facts['answers']}")
    program = load_program(learn.export(tmp_path / "a.gatera"))
    rows = EncodedRows.of(dls, dls.valid_ds)
    found = np.stack([answer.probabilities for answer in program.predict_batch(simple(classes).iloc[:16])])
    wanted = learn.get_preds()[0].numpy()
    assert np.abs(found - wanted).max() <= 1e-4 * max(1, np.abs(wanted).max())
    wrong = (wanted.argmax(1) != rows.y).mean() if classes else np.abs(wanted[:, 0] - rows.y).max() / 10
    assert wrong <= 0.15


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_a_linear_model_answers_as_scikit_learn_does(classes):
    draw = np.random.default_rng(0)
    codes, numbers = draw.integers(0, 3, 60), draw.normal(50, 7, (60, 2)).astype(np.float32)
    y = draw.integers(0, classes, 60) if classes else numbers[:, 0] + 5.0 * codes + draw.normal(size=60)
    rows = EncodedRows(np.column_stack([codes, numbers]).astype(np.float32), y, [3], classes)
    x = np.column_stack([np.eye(3)[codes], (numbers - numbers.mean(0)) / numbers.std(0)])
    found = ask(fit_linear(rows, 10.0), rows.as_batch(), bool(classes))
    if classes:
        wanted = LogisticRegression(C=0.1, max_iter=1000).fit(x, y).predict_proba(x)
    else:
        wanted = Ridge(alpha=10.0).fit(x, y).predict(x)[:, None]
    assert np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()


def test_a_linear_model_gives_classes_that_its_rows_lack_no_chance():
    rows = EncodedRows(np.array([[0.0], [1], [0], [1]], np.float32), np.array([1, 2, 1, 2]), [], 4)
    (answers,) = ask(fit_linear(rows, 1.0), rows.as_batch(), True)[:1]
    assert answers[1] > answers[2] > 1e-3 > 1e-6 > max(answers[0], answers[3])
    one = EncodedRows(rows.x, np.ones(4, np.int64), [], 2)
    assert ask(fit_linear(one, 1.0), one.as_batch(), True)[:, 1].min() > 1 - 1e-6


def test_penalties_grow_weaker_while_that_helps():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(60, 20)).astype(np.float32)
    found = []
    for noise in (0.0, 30.0):
        rows = EncodedRows(x, x[:, 0] + noise * draw.normal(size=60), [], 0)
        found.append(try_linear(rows, make_folds(rows, 0))[0])
    assert found[0] == 0.001 and found[1] >= 100


def test_a_large_table_has_no_linear_model_and_one_that_is_named_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr("gatera.tabular.candidates.linear.MOST_CELLS", 10)
    rows = EncodedRows(np.zeros((40, 1), np.float32), np.arange(40.0), [], 0)
    assert _kinds(TableTraining("best", 1, 5e-3, 8, None, 1), rows, lambda note: None) == ["network", "trees"]
    learn, facts, notes = trained(tmp_path, "linear")
    assert (facts["answers"], notes, type(learn.model)) == ("a linear model", [], LinearTable)


def test_categories_that_are_whole_numbers_share_what_their_numbers_say():
    """Of twelve codes of few rows each, one that no row has yet is answered as its neighbours are; words are not."""
    draw = np.random.default_rng(0)
    codes = np.tile(np.delete(np.arange(1, 13), 5), 4)  # never 6
    y = 10.0 * codes + draw.normal(size=len(codes))
    rows = EncodedRows(codes[:, None].astype(np.float32), y, [13], 0)
    scale = np.array([np.nan, *range(100, 1300, 100)])
    unseen = EncodedRows(np.array([[6.0], [0.0]], np.float32), np.zeros(2), [13], 0)
    for scales, wanted, near in (({0: scale}, [60, y.mean()], 5), ({}, [y.mean(), y.mean()], 1)):
        answers = ask(fit_linear(replace(rows, scales=scales), 1.0), unseen.as_batch(), False)[:, 0]
        assert np.abs(answers - wanted).max() < near


def test_which_categories_have_a_scale(tmp_path):
    few = pd.DataFrame(
        {
            "rooms": [1, 2, 3, 2, None, 1] * 4,
            "sex": [0, 1] * 12,
            "town": list("abc") * 8,
            "y": np.arange(24.0),
        }
    )
    dls = TabularDataLoaders.from_df(
        few, tmp_path, [Categorify], ["rooms", "sex", "town"], [], "y", seed=1, bs=8, valid_idx=range(4)
    )
    ((column, scale),) = EncodedRows.of(dls, dls.train_ds).take(np.arange(3)).scales.items()
    assert column == 0 and np.isnan(scale[0]) and scale[1:].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("model", "epochs"), [("both", None), ("trees", 1), ("linear", 1)])
def test_what_knows_only_classes_of_the_training_rows_is_left_out_of_what_was_asked_for(
    tmp_path, model, epochs
):
    some = frame(40).assign(target=["a", "b"] * 20)
    dls = TabularDataLoaders.from_df(
        some,
        tmp_path,
        cat_names="kind",
        cont_names="size",
        y_names="target",
        bs=16,
        y_block=CategoryBlock(list("abc")),
    )
    learn, notes = tabular_learner(dls, path=tmp_path), []
    with learn.no_bar(), learn.no_logging():
        facts = train_table(learn, TableTraining(model, epochs, 5e-3, 16, None, 1), notes.append)
    assert (facts["answers"], facts["trees_share"], type(learn.model)) == ("the network", 0.0, TabularModel)
    assert str(notes[0]).startswith(
        "The training rows have only 2 classes of 3, and only a network can learn from that"
    )


def test_more_classes_than_trees_can_learn_leave_the_network(tmp_path, monkeypatch):
    monkeypatch.setattr("gatera.tabular.candidates.train.MOST_TREE_CLASSES", 1)
    for model, epochs in (("both", None), ("trees", 1)):
        learn, facts, notes = trained(tmp_path, model, epochs=epochs)
        assert (facts["answers"], type(learn.model)) == ("the network", TabularModel)
        assert notes[0].startswith("Boosted trees are not tried")


def test_what_is_named_to_change_is_a_model_that_can_be_had():
    rows = EncodedRows(np.zeros((4, 1), np.float32), np.arange(4), [], 4)
    for best, other in ((NETWORK, "linear"), (choose.LINEAR, "network")):
        trial, notes = (
            choose.Trial(best, {NETWORK: 0.1, choose.LINEAR: 0.1}, 1, False, 1.0, rows.y, rows.x),
            [],
        )
        _tell(trial, ["network", "linear"], rows, TableTraining("best", 1, 5e-3, 8, None, 1), notes.append)
        assert str(notes[0]).endswith(f"(to change: model='{other}').")


@pytest.mark.parametrize(("n", "kinds"), [(9, ["network"]), (10, ["network", "linear", "trees"])])
def test_models_are_compared_from_ten_training_rows_on(n, kinds):
    rows = EncodedRows(np.zeros((n, 2), np.float32), np.arange(n) % 2, [], 2)
    assert _kinds(TableTraining("best", 1, 5e-3, 8, None, 1), rows, lambda note: None) == kinds

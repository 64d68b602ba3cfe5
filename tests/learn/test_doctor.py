from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from gatera.data.loading.loaders import DataLoaders
from gatera.learn.doctor import findings
from gatera.learn.doctor.examine import Diagnosis, dead_units, examine
from gatera.learn.learner import Learner
from gatera.tabular.data import TabularDataLoaders
from gatera.tabular.learner import tabular_learner


def rows(train, valid):
    return [
        {"epoch": i, "train_loss": t, "valid_loss": v}
        for i, (t, v) in enumerate(zip(train, valid, strict=True))
    ]


def names(found):
    return [finding.name for finding in found]


def smoothed(epochs, batches=10):
    """The table and the batches' counts of a training whose losses are the same within each epoch."""
    average, found, iters = 0.0, [], []
    for loss in epochs:
        for _ in range(batches):
            average = 0.98 * average + 0.02 * loss
        iters.append(len(iters) * batches + batches)
        found.append(average / (1 - 0.98 ** iters[-1]))
    return found, iters


def test_the_training_loss_of_short_epochs_is_not_that_of_the_first_batches():
    """Overfitting, and "the training loss fell to 277", where it was 2, as on the validation set: numbers on a raw scale."""
    valid = [2300, 60, 3, 1.7, 2.3, 2.4]
    train, iters = smoothed([2400, 300, 5, 1.9, 2.5, 2.6])
    assert train == sorted(train, reverse=True) and train[-1] > 250
    falling = list(np.linspace(1, 0.2, 60))
    assert names(findings.from_curves(rows(train, valid), falling)) == []  # above the validation loss
    assert findings.from_curves(rows(train, valid), falling, iters) == []
    fitted, _ = smoothed([2400, 300, 5, 1.9, 1.2, 0.7])
    assert "fell to 0.7." in str(findings.from_curves(rows(fitted, valid), falling, iters)[0])
    again, more = smoothed([1.5, 1.2, 0.5])
    both = [*rows([3.0], [3.0]), *rows(again, [1.5, 1.2, 1.0])]  # a second fit begins a new average
    assert "both losses still fell by 17 %" in str(
        findings.from_curves(both, falling, [10, *(10 + n for n in more)])[0]
    )


def test_curves_tell_overfitting_underfitting_and_a_rate_that_is_too_high():
    falling = list(np.linspace(1, 0.2, 40))
    (over,) = findings.from_curves(rows([1, 0.6, 0.3, 0.1], [1, 0.7, 0.8, 0.9]), falling)
    assert str(over) == (
        "Overfitting: since epoch 1 the validation loss rose from 0.7 to 0.9, while the training loss fell to 0.1. "
        "Try fewer epochs, augmentation, weight decay, or more data."
    )
    tuned = [
        *rows([2, 1.5], [2, 1.5]),
        *rows([1, 0.6, 0.3, 0.1], [1, 0.7, 0.8, 0.9]),
    ]  # frozen, then unfrozen
    assert str(findings.from_curves(tuned, falling)[0]).startswith(
        "Overfitting: since epoch 1 the validation"
    )
    assert names(findings.from_curves(rows([1, 0.8, 0.6], [1, 0.8, 0.6]), falling)) == ["underfitting"]
    assert names(findings.from_curves(rows([1, 3], [1, 3]), [1, 0.8, *np.linspace(0.8, 5, 40)])) == [
        "learning rate too high"
    ]
    assert names(findings.from_curves([], [1.0] * 9 + [float("nan")])) == ["learning rate too high"]
    assert (
        findings.from_curves([], [0.02, 0.01, *np.linspace(0.01, 0.05, 12)]) == []
    )  # a few batches say little
    assert findings.from_curves(rows([1, 0.5, 0.4, 0.39], [1, 0.6, 0.5, 0.51]), falling) == []


def test_errors_tell_shuffled_labels_few_examples_and_sides_that_differ():
    train, valid = [0, 1] * 50, [0, 1] * 20
    assert findings.from_errors(train, [False] * 38 + [True] * 2, valid, "ab") == []
    assert names(findings.from_errors(train, [True, False] * 20, valid, "ab")) == [
        "labels that look shuffled"
    ]
    rare = [0] * 90 + [1] * 6
    (few,) = findings.from_errors(rare, [False] * 60 + [True] * 4, [0] * 60 + [1] * 4, "ab")
    assert few.evidence == "b has 6 training items, and 4 of its 4 validation items are wrong."
    assert names(findings.from_errors(train, [False] * 60, [0] * 60, "ab")) == ["a split that looks wrong"]


def test_labels_do_not_look_shuffled_where_a_rare_class_is_ranked_right():
    """Deepchecks 408: of uneven classes a good model may err as often as one label for all."""
    draw = np.random.default_rng(0)
    rare = (draw.random(300) < 0.15).astype(np.int64)
    likely = np.clip(
        draw.normal(0.15 + 0.2 * rare, 0.1), 0.01, 0.49
    )  # an AUC of 0.92, and no item is called rare
    outputs = np.stack([1 - likely, likely], axis=1)
    given = rare.tolist(), rare == 1, rare.tolist(), "ab"
    assert names(findings.from_errors(*given)) == ["labels that look shuffled"]
    assert findings.from_errors(*given, outputs) == []
    assert names(findings.from_errors(*given, draw.permutation(outputs))) == ["labels that look shuffled"]


def test_items_judged_without_themselves_tell_of_a_split_that_is_harder_or_easier():
    assert findings.from_judged_without(0.1, 500, 12, 100) == []
    (harder,) = findings.from_judged_without(0.02, 500, 60, 200)
    expected = (
        "2.0 % of the training items, each judged without it, and 30.0 % of the validation items are wrong."
    )
    assert harder.evidence == expected and "group_by=" in harder.next
    assert "leaks(dls)" in findings.from_judged_without(0.3, 500, 2, 100)[0].next


def test_a_learning_curve_tells_what_twice_the_data_would_buy():
    (found,) = findings.from_learning_curve([100, 200, 400], [0.4, 0.28, 0.2], 200)
    assert found.next == "Twice the data would give about 14.1 %."
    assert findings.from_learning_curve([100, 200, 400], [0.21, 0.205, 0.2], 200) == []
    assert findings.from_learning_curve([100, 200, 400], [0.2, 0.3, 0.1], 200) == []
    assert findings.from_learning_curve([100, 200, 400], [0.4, 0.2, 0.2], 200) == []  # falls no more
    assert findings.from_learning_curve([100, 200], [0.4, 0.2], 200) == []  # too few points for a curve
    assert findings.from_learning_curve([100, 200, 400], [0.4, 0.28, 0.2], 20) == []  # four errors are chance


def test_numbers_that_are_worse_than_their_mean_are_said_and_others_are_not():
    draw = np.random.default_rng(0)
    actual = draw.normal(100, 5, 60)
    (found,) = findings.from_numbers(actual + draw.normal(0, 20, 60), actual, actual)
    assert found.name == "worse than the mean" and found.evidence.endswith(
        "always answering the mean of the training set gives 20.14."
    )
    assert not findings.from_numbers(actual + draw.normal(0, 5, 60), actual, actual)  # as good as the mean
    assert not findings.from_numbers(actual + 20, actual, actual[:, None])
    assert not findings.from_numbers(actual[:9] + 20, actual[:9], actual)


def test_the_doctor_looks_at_numbers_too():
    frame = pd.DataFrame({"x": np.arange(80.0), "y": np.arange(80) % 7 + 1000.5})
    learn = tabular_learner(
        TabularDataLoaders.from_df(frame, cont_names="x", y_names="y", valid_idx=range(40, 80), bs=8)
    )  # fmt: skip
    assert not learn.doctor()  # it begins with the mean
    with torch.no_grad():
        [module for module in learn.model.modules() if isinstance(module, nn.Linear)][-1].bias += 50
    assert learn.doctor()[0].name == "worse than the mean"


def learner():
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
    data = [(row, int(row[0] > 0)) for row in x]
    dls = DataLoaders.from_dsets(data, data, bs=8)
    dls.task, dls.vocab = "classification", [0, 1]
    return Learner(dls, nn.Sequential(nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 2)))


def test_units_that_never_answer_are_dead():
    learn = learner()
    assert learn.model.training or dead_units(learn)["1"] < 0.5
    with torch.no_grad():
        learn.model[0].bias[:8] = -100
    shares = dead_units(learn)
    assert shares == {"1": pytest.approx(0.8)}
    (found,) = findings.from_dead_units(shares)
    assert found.evidence == "80 % of the units of layer 1 never answered."


def test_units_are_watched_with_few_items_at_once(monkeypatch):
    """Nothing else keeps to a limit of memory while a model has hooks."""
    learn, seen = learner(), []
    learn.dls.train.bs = 20
    whole = dead_units(learn)
    monkeypatch.setattr("gatera.learn.doctor.examine.AT_ONCE", 7)
    learn.model[0].register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    assert dead_units(learn) == whole
    assert max(seen) == 7 and sum(seen) in (40, 60)


def test_nothing_is_said_where_nothing_is_wrong():
    assert repr(Diagnosis([])) == "Nothing looks wrong."


def test_what_could_not_be_looked_at_is_said():
    learn = learner()
    learn.dls = DataLoaders(learn.dls.train)
    assert repr(examine(learn)) == (
        "Nothing looks wrong.\nNothing has been trained yet, so there are no curves to look at.\n"
        "There is no validation set, so whether it overfits, and what it gets wrong, is not known."
    )

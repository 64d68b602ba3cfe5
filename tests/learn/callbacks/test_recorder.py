from __future__ import annotations

import math

import numpy as np
import pytest

from gatera.learn.state import Callback, CancelEpochException


def test_the_training_loss_is_smoothed_without_a_bias_to_zero(make_learner):
    learn = make_learner()
    learn.fit(1, 0.0)
    assert learn.recorder.losses[0] == pytest.approx(np.log(2), abs=0.5)
    assert learn.recorder.rows[0]["train_loss"] == learn.recorder.losses[-1]


def test_every_batch_has_a_loss_a_rate_and_a_momentum(make_learner):
    learn = make_learner()
    learn.fit_one_cycle(2, 1e-2)
    recorder = learn.recorder
    assert len(recorder.losses) == len(recorder.lrs) == len(recorder.moms) == 2 * len(learn.dls.train)
    assert recorder.iters == [4, 8]
    assert max(recorder.lrs) == pytest.approx(1e-2, rel=0.3)


def test_the_validation_loss_does_not_depend_on_the_batch_size(make_learner):
    losses = {bs: make_learner(bs=bs).validate()[0] for bs in (1, 4, 6)}
    assert losses[1] == pytest.approx(losses[4], rel=1e-6)
    assert losses[1] == pytest.approx(losses[6], rel=1e-6)


def test_values_are_the_rows_without_epoch_and_time(make_learner):
    learn = make_learner()
    learn.fit(1, 1e-3)
    row = learn.recorder.rows[0]
    assert learn.recorder.values == [[row["train_loss"], row["valid_loss"], row["accuracy"]]]


def test_it_shows_itself_as_the_table_of_epochs(make_learner):
    learn = make_learner()
    recorder = learn.recorder
    assert (repr(recorder), recorder._repr_html_()) == ("Recorder(no epochs yet)", None)
    recorder.rows = [
        {"epoch": 0, "train_loss": 1.5, "valid_loss": 0.25, "time": 61},
        {"epoch": 0, "train_loss": 1.0, "valid_loss": 0.125, "accuracy": 0.5, "time": 2},
    ]
    assert repr(recorder).splitlines() == [
        "epoch     train_loss  valid_loss  time",
        "0         1.500000    0.250000    01:01",
        "epoch     train_loss  valid_loss  accuracy  time",
        "0         1.000000    0.125000    0.500000  00:02",
    ]
    assert recorder._repr_html_() == (
        "<table><thead><tr><th>epoch</th><th>train_loss</th><th>valid_loss</th><th>time</th><th>accuracy</th></tr></thead>"
        "<tbody><tr><td>0</td><td>1.500000</td><td>0.250000</td><td>01:01</td><td></td></tr>"
        "<tr><td>0</td><td>1.000000</td><td>0.125000</td><td>00:02</td><td>0.500000</td></tr></tbody></table>"
    )


def test_a_long_history_shows_its_last_epochs(make_learner):
    recorder = make_learner().recorder
    recorder.rows = [{"epoch": n} for n in range(25)]
    assert repr(recorder).split() == ["epoch", *map(str, range(15, 25))]
    assert recorder._repr_html_().count("<tr>") == 26


def test_a_short_history_of_losses_is_plotted_from_its_last_two(make_learner):
    learn = make_learner()
    learn.fit(1, 1e-3)
    n = len(learn.recorder.losses)
    for skipped, first in ((0, 0), (1, 1), (n + 50, n - 2)):
        drawn = learn.recorder.plot_loss(skip_start=skipped).axes[0].lines[0]
        assert list(drawn.get_xdata()) == list(range(first, n))
        assert list(drawn.get_ydata()) == learn.recorder.losses[first:]


def test_plots_name_what_they_show(make_learner):
    learn = make_learner()
    learn.fit(2, 1e-3)
    axes = learn.recorder.plot_loss().axes[0]
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("Loss", "batch", "loss")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        "training (smoothed)",
        "validation",
    ]
    assert [a.get_ylabel() for a in learn.recorder.plot_sched().axes] == ["learning rate", "momentum"]
    assert [a.get_title() for a in learn.recorder.plot_metrics().axes] == [
        "train_loss",
        "valid_loss",
        "accuracy",
    ]


@pytest.mark.parametrize("skipped", [0, 1])
def test_an_epoch_that_a_callback_skips_has_no_figures_of_the_one_before(make_learner, skipped):
    class Skip(Callback):
        def before_epoch(self, state):
            if state.epoch == skipped:
                raise CancelEpochException

    learn = make_learner()
    learn.fit(2, cbs=Skip())
    assert [math.isnan(row["train_loss"]) for row in learn.recorder.rows] == [skipped == 0, skipped == 1]
    assert [math.isnan(row["accuracy"]) for row in learn.recorder.rows] == [skipped == 0, skipped == 1]

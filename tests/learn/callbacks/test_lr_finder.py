from __future__ import annotations

import os
import signal

import numpy as np
import pytest
import torch

from gatera.core.errors import ArgumentError, NonFiniteLossError
from gatera.learn.callbacks.csv_logger import CSVLogger
from gatera.learn.callbacks.lr_finder import (
    LRFinder,
    SuggestedLRs,
    as_suggestions,
    minimum,
    slide,
    steep,
    valley,
)
from gatera.learn.callbacks.tracking import EarlyStoppingCallback
from gatera.learn.state import Callback

LRS = np.geomspace(1e-6, 1, 61)
#: Flat, then falling from 1e-4 to 1e-2, then exploding.
LOSSES = np.interp(np.log10(LRS), [-6, -4, -2, -1, 0], [1.0, 1.0, 0.2, 0.3, 4.0])


def test_the_valley_lies_on_the_falling_part():
    assert 1e-4 < valley(LRS, LOSSES, 61) < 1e-2


def test_the_minimum_is_a_tenth_of_the_best_rate():
    assert minimum(LRS, LOSSES, 61) == pytest.approx(1e-3)


def test_the_steepest_point_is_where_the_slope_is_largest():
    smooth = 1 / (1 + np.exp(2 * (np.log10(LRS) + 3)))
    assert steep(LRS, smooth, 61) == pytest.approx(1e-3, rel=0.05)


def test_slide_stays_left_of_the_explosion():
    assert slide(LRS, LOSSES, 61) < 1e-1


def test_slide_moves_left_until_both_ends_of_its_interval_fall_alike():
    ramp = np.r_[
        np.zeros(30), np.arange(31.0) ** 2
    ]  # gradients that differ as long as the right end is on the ramp
    assert slide(LRS, ramp, 61) == LRS[15]  # the interval from 15 to 30 is the last whose ends differ


def test_a_curve_that_only_rises_still_gives_a_rate_of_the_search():
    assert valley(LRS, np.linspace(1, 2, 61), 61) in LRS


def test_results_unpack_and_have_names():
    found = SuggestedLRs({"minimum": 0.1, "steep": 0.2}, LRS, LOSSES)
    low, steepest = found
    assert (low, steepest, found.steep, found[0]) == (0.1, 0.2, 0.2, 0.1)
    assert repr(found) == "SuggestedLRs(minimum=0.1, steep=0.2)"


def test_the_plot_names_its_axes():
    axes = SuggestedLRs({"valley": 1e-3}, LRS, LOSSES).plot().axes[0]
    assert (axes.get_xlabel(), axes.get_xscale()) == ("learning rate", "log")
    assert axes.get_legend().get_texts()[0].get_text() == "valley: 0.001"


def test_in_a_notebook_the_plot_is_shown_once(make_learner, monkeypatch):
    import IPython.display

    displayed = []
    monkeypatch.setattr(IPython.display, "display", lambda found: displayed.append(found._repr_png_()))
    monkeypatch.setattr("gatera.learn.callbacks.lr_finder.in_notebook", lambda: True)
    monkeypatch.setattr("gatera.core.figures.in_notebook", lambda: True)
    learn = make_learner()
    found = learn.lr_find(num_it=8, show_plot=True)
    assert [png[:4] for png in displayed] == [b"\x89PNG"]
    assert found._repr_png_() is None
    assert learn.lr_find(num_it=8)._repr_png_() is not None


def test_a_script_opens_a_window_where_there_is_a_display(monkeypatch, capsys):
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(pyplot, "get_backend", lambda: "tkagg")
    monkeypatch.setattr(pyplot, "show", lambda: shown.extend(pyplot.get_fignums()))
    found = SuggestedLRs({"valley": 1e-3}, LRS, LOSSES).show()
    assert found.shown and len(shown) == 1
    assert pyplot.figure(shown[0]).axes[0].get_title() == "Learning-rate finder"
    pyplot.close(shown[0])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("backend", ["agg", "tkagg"])
def test_without_a_display_a_line_says_how_to_keep_the_plot(monkeypatch, capsys, backend):
    from matplotlib import pyplot

    def headless(**options):
        raise ImportError("Cannot load backend 'TkAgg' which requires the 'tk' interactive framework")

    monkeypatch.setattr(pyplot, "get_backend", lambda: backend)
    monkeypatch.setattr(pyplot, "figure", headless)
    assert list(SuggestedLRs({"valley": 1e-3}, LRS, LOSSES).show()) == [1e-3]
    assert capsys.readouterr() == (
        "", "No display for the plot of lr_find. To save it: found.plot().savefig('lr_find.png')\n"
    )  # fmt: skip


def test_functions_may_be_given_by_name_or_as_they_are():
    assert list(as_suggestions(["steep", minimum])) == ["steep", "minimum"]


def test_an_unknown_suggestion_is_refused():
    with pytest.raises(ArgumentError) as err:
        as_suggestions("vally")
    assert str(err.value) == (
        "suggest_funcs must be one of valley, slide, minimum, steep. Got: 'vally'. Did you mean 'valley'?"
    )


def test_rates_must_grow():
    with pytest.raises(ArgumentError) as err:
        LRFinder(start_lr=1, end_lr=0.1)
    assert str(err.value) == "lr_find needs start_lr < end_lr. Got: (1, 0.1)."


def test_a_search_that_ended_at_once_says_so():
    with pytest.raises(ArgumentError) as err:
        LRFinder().suggest({"valley": valley})
    assert str(err.value) == (
        "lr_find ended with too few batches for a curve. Got: '0 batches'. Raise num_it, or lower start_lr: the loss "
        "diverged immediately."
    )


class NotFinite(Callback):
    """Makes the loss NaN from a batch on."""

    order = 1
    reads_only = True

    def __init__(self, first: int) -> None:
        self.first, self.seen = first, 0

    def after_loss(self, state) -> None:
        self.seen += 1
        if self.seen > self.first:
            state.loss = state.loss * float("nan")


def test_a_loss_that_is_not_finite_ends_the_search(make_learner):
    found = make_learner(cbs=NotFinite(6)).lr_find(num_it=20)
    assert len(found.lrs) == 6 and np.isfinite(found.losses).all()
    with pytest.raises(NonFiniteLossError, match="loss is NaN at epoch 0, batch 0"):
        make_learner(cbs=NotFinite(0)).lr_find(num_it=20)


def test_it_runs_before_the_first_fit_without_the_callbacks_that_watch_the_table(make_learner, tmp_path):
    watching = [EarlyStoppingCallback(patience=1), CSVLogger(tmp_path / "history.csv")]
    learn = make_learner(cbs=watching)
    found = learn.lr_find(num_it=40, end_lr=0.01, stop_div=False)  # several epochs
    assert len(found.lrs) == len(make_learner().lr_find(num_it=40, end_lr=0.01, stop_div=False).lrs)
    assert learn.recorder.rows == []
    assert not (tmp_path / "history.csv").exists()
    assert learn.cbs == watching


def test_ctrl_c_leaves_the_learner_as_it_was_and_no_checkpoint(make_learner, tmp_path):
    class PressCtrlC(Callback):
        def after_loss(self, state):
            if state.step == 2:
                os.kill(os.getpid(), signal.SIGINT)

    learn = make_learner(cbs=PressCtrlC())
    before = {name: value.clone() for name, value in learn.model.state_dict().items()}
    with pytest.raises(KeyboardInterrupt) as stop:
        learn.lr_find(num_it=8)
    assert type(stop.value) is KeyboardInterrupt
    assert all(torch.equal(before[name], value) for name, value in learn.model.state_dict().items())
    assert (learn.opt, learn.epochs_done, learn.recorder.rows) == (None, 0, [])
    assert list(tmp_path.iterdir()) == []

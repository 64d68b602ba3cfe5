from __future__ import annotations

import re

import pytest

from gatera.learn.callbacks.epoch_table import cells, clock


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (61.4, "01:01"), (3725, "1:02:05")])
def test_durations_are_written_for_people(seconds, text):
    assert clock(seconds) == text


def test_a_row_is_written_with_six_decimals():
    assert cells({"epoch": 3, "valid_loss": 0.1234567, "time": 5}) == ["3", "0.123457", "00:05"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (95049.682758, "95049.68"),
        (2370688256.0, "2370688256"),
        (-12.3456789, "-12.34568"),
        (float("nan"), "nan"),
    ],
)
def test_a_large_number_keeps_to_its_column(value, text):
    assert cells({"rmse": value}) == [text]


def test_a_log_gets_a_plain_line_per_epoch(make_learner, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # as in all that a cell of Jupyter starts
    learn = make_learner()
    learn.display.table_on = True
    learn.fine_tune(2)
    lines = capsys.readouterr().out.splitlines()
    header = "epoch     train_loss  valid_loss  accuracy  time"
    assert [line == header for line in lines] == [True, False, True, False, False]
    row = re.compile(r"[01]         \d\.\d{6}    \d\.\d{6}    \d\.\d{6}  00:0\d")
    assert all(row.fullmatch(line) for line in lines if line != header)
    assert "\x1b" not in "".join(lines)


def test_no_logging_is_quiet_inside_its_block_only(make_learner, capsys):
    learn = make_learner()
    learn.display.table_on = True
    with learn.no_bar(), learn.no_logging():
        learn.fit(1, 1e-3)
    assert capsys.readouterr().out == ""
    assert learn.display.table_on


def in_cell(monkeypatch) -> list[str]:
    """Make this a notebook; returns what its cell shows, one text after another."""
    shown = []

    class Cell:
        def update(self, content):
            shown.append(content._repr_html_())
            assert repr(content).split()[:2] == ["epoch", "train_loss"]  # for what shows no HTML
            assert len(repr(content).splitlines()) == shown[-1].count("<tr>")

    def display(content, display_id):
        assert display_id
        shown.append(content._repr_html_())
        return Cell()

    monkeypatch.setattr("gatera.learn.callbacks.display.in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", display)
    return shown


def test_a_notebook_shows_one_table_that_grows(make_learner, monkeypatch):
    shown = in_cell(monkeypatch)
    monkeypatch.setattr("gatera.learn.callbacks.display.REDRAW_SECONDS", 60)
    learn = make_learner()
    learn.display.table_on = True
    learn.fit(2)
    assert [text.count("<tr>") for text in shown] == [1, 2, 3]  # the head, then a row for each epoch
    assert all("valid_loss" in text for text in shown)


def test_a_notebook_shows_how_far_an_epoch_is_and_in_the_end_the_table_only(make_learner, monkeypatch):
    shown = in_cell(monkeypatch)
    monkeypatch.setattr("gatera.learn.callbacks.display.REDRAW_SECONDS", 0)
    learn = make_learner()
    learn.display.table_on = learn.display.bar_on = True
    learn.fit(1)
    total = len(learn.dls.train)
    bars = [text.partition("</table>")[2] for text in shown]
    assert bars[1] == f'<progress value="1" max="{total}"></progress> epoch 0, 1 of {total}'
    assert f"epoch 0, {total} of {total}" in bars[total] and "epoch 0, validating, 1 of " in bars[total + 1]
    assert (bars[-1], shown[-1].count("<tr>")) == ("", 2)
    shown.clear()
    with learn.no_bar():
        learn.fit(1)
    assert not any("<progress" in text for text in shown)

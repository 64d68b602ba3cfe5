from __future__ import annotations

import io
import os
import re

import pytest
from rich.console import Console

from gatera.core import progress, terminal_bar
from gatera.core.progress import console, in_notebook, is_live, note, status, track
from gatera.core.terminal_bar import TerminalBar


def test_nothing_is_lost_on_the_way():
    assert list(track(range(5), "counting")) == list(range(5))
    assert list(track((x for x in "ab"), "letters", total=2)) == ["a", "b"]


def test_a_log_stays_quiet(capsys):
    list(track(range(3), "counting"))
    assert capsys.readouterr() == ("", "")


def test_a_note_leaves_a_scripts_output_alone_and_stands_under_the_cell_of_a_notebook(capsys, monkeypatch):
    note("taken")
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    note("shown")
    assert capsys.readouterr() == ("shown\n", "taken\n")


def test_a_log_is_wide_enough_for_file_names(capsys):
    console().print("x" * 150)
    assert capsys.readouterr().out == "x" * 150 + "\n"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def terminal(monkeypatch) -> Terminal:
    """Make stderr a terminal."""
    shown = Terminal()
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", -1)
    monkeypatch.setattr(terminal_bar, "REDRAW_SECONDS", 0)
    return shown


def test_a_terminal_shows_a_bar_when_work_takes_long_and_takes_it_away(monkeypatch):
    shown = terminal(monkeypatch)
    assert list(track(range(3), "Counting")) == [0, 1, 2]
    assert re.fullmatch(
        r"(\r\x1b\[K)Counting \[-{24}\] 0 of 3\1Counting \[#{8}-{16}\] 1 of 3, 0:00 left"
        r"\1Counting \[#{16}-{8}\] 2 of 3, 0:00 left\1",
        shown.getvalue(),
    )


def test_a_terminal_without_cursor_movement_shows_no_bar(monkeypatch):
    shown = terminal(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    assert list(track(range(3), "Counting")) == [0, 1, 2]
    assert shown.getvalue() == ""


def test_where_a_reader_may_print_in_between_progress_has_lines_of_its_own(monkeypatch):
    shown = terminal(monkeypatch)
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as piped, os.fdopen(reader):
        monkeypatch.setattr("sys.stdout", piped)
        with status("Measuring"):
            list(track(range(3), "Counting"))
    assert shown.getvalue() == "Measuring ...\nCounting [------------------------] 0 of 3\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [("JPY_PARENT_PID", "1"), ("MPLBACKEND", "module://matplotlib_inline.backend_inline")],
)
def test_below_a_cell_of_a_notebook_nothing_is_redrawn(monkeypatch, name, value):
    shown = terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    with status("Measuring"):
        list(track(range(3), "Counting"))
    assert shown.getvalue() == "Measuring ...\nCounting [------------------------] 0 of 3\n"
    assert not is_live(Console(file=io.StringIO(), force_terminal=True))


def test_colour_forced_on_programs_does_not_make_a_terminal_of_a_pipe(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not console().is_terminal


def test_work_of_unknown_length_is_counted(monkeypatch):
    shown = terminal(monkeypatch)
    assert list(track(iter("ab"), "Reading")) == ["a", "b"]
    assert "Reading 0" in shown.getvalue() and "Reading 1" in shown.getvalue()


def test_a_line_takes_the_place_of_the_bar(monkeypatch):
    shown = terminal(monkeypatch)
    for item in track(range(2), "Counting"):
        note(f"seen {item}")
    assert "0 of 2\r\x1b[Kseen 0\n" in shown.getvalue()


def test_the_bar_says_how_long_it_will_take():
    bar = TerminalBar(io.StringIO())
    bar.add_task("Reading", 200)
    assert bar.line(50, 30) == "Reading [######------------------] 50 of 200, 1:30 left"
    bar.stop()


def test_this_is_no_notebook():
    assert not in_notebook()
    assert not is_live(console())


def test_a_notebook_shows_a_bar_and_takes_it_away(monkeypatch):
    import IPython.display

    shown = []

    class Handle:
        def update(self, html):
            shown.append(html.data)

    monkeypatch.setattr(IPython.display, "display", lambda html, display_id: Handle())
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", -1)
    assert list(track(range(3), "a < b")) == [0, 1, 2]
    assert shown == ['<progress value="0" max="3"></progress> a &lt; b, 0 of 3', ""]


def test_a_note_is_broken_between_words_on_a_terminal_and_nowhere_else(monkeypatch, capsys):
    long = "The head starts from a least-squares solution, which gets 3 of 120 training items"
    note(long)
    assert capsys.readouterr().err == f"{long}\n"
    shown = terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "40")
    note(long)
    lines = shown.getvalue().splitlines()
    assert len(lines) == 3 and all(len(line) <= 40 for line in lines)
    assert " ".join(line.strip() for line in lines) == long
    shown.truncate(shown.seek(0))
    path = "/a/folder/whose/name/does/not/fit/in/forty/columns.csv"
    note(f"  read {path} and others")
    assert shown.getvalue().splitlines() == ["  read", f"    {path}", "    and others"]  # to be copied whole


@pytest.mark.parametrize(
    ("force", "live"), [({"force_terminal": True}, True), ({"force_jupyter": True}, True), ({}, False)]
)
def test_lines_are_redrawn_on_a_terminal_and_in_a_notebook_only(force, live):
    assert is_live(Console(file=io.StringIO(), **force)) is live

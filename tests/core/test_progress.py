from __future__ import annotations

import io

from gatera.core import progress
from gatera.core.progress import console, in_notebook, is_live, note, track


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


def test_a_terminal_shows_a_bar_when_work_takes_long(monkeypatch):
    from rich.console import Console
    from rich.progress import Progress

    shown = Console(force_terminal=True, width=60, record=True, file=io.StringIO())
    started = []
    monkeypatch.setattr(progress, "console", lambda stderr: shown)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", -1)
    monkeypatch.setattr(Progress, "start", lambda self: started.append(self))
    list(track(range(3), "counting"))
    assert len(started) == 1


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

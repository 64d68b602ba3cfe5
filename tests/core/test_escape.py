"""Text from data cannot act, wherever it is printed."""

from __future__ import annotations

import io
import json
import sys

import pytest

from gatera.cli import output
from gatera.core.errors import DataError, PhotoError, is_library_error
from gatera.core.escape import UNSAFE, escaped
from gatera.core.progress import console, note
from gatera.core.terminal_bar import TerminalBar
from gatera.evaluate.html_page import document, element

HOSTILE = "cat\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\u202ecod\u2028x\u200b\U000e0041\ud800[bold red]\r"


def test_every_control_and_every_mark_of_direction_is_shown():
    shown = escaped(HOSTILE)
    assert shown == (
        r"cat\x1b[2J\x1b]52;c;aGk=\x07\x9b31m\u202ecod\u2028x\u200b\U000e0041\ud800[bold red]\r".replace(
            r"\r", r"\x0d"
        )
    )
    assert escaped(shown) == shown
    for code in (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A)):
        assert escaped(chr(code)).isprintable()


@pytest.mark.parametrize(
    "text", ["猫", "Ångström", "שלום", "نعم", "👩\u200d🔬", "a b", "नमस्ते", "naïve-ß_1.png"]
)
def test_names_of_all_languages_stay(text):
    assert escaped(text) == text


def test_an_error_shows_names_and_values_without_their_controls():
    error = DataError(f"no file {HOSTILE}", got=HOSTILE, expected=HOSTILE, available=HOSTILE, remedy=HOSTILE)
    assert not UNSAFE.search(str(error))
    assert len(str(DataError("x" * 10**6))) < 25_000


@pytest.mark.parametrize("terminal", [False, True])
def test_what_the_commands_print(terminal, monkeypatch):
    out, err = io.StringIO(), io.StringIO()
    for stream in (out, err):
        stream.isatty = lambda: terminal  # type: ignore[method-assign]
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    output.show_error(PhotoError(HOSTILE))
    output.show_error(HOSTILE)
    output.show_line(HOSTILE)
    output.show_note(HOSTILE)
    output.print_json({HOSTILE: [HOSTILE]})
    note(HOSTILE)
    said = out.getvalue() + err.getvalue()
    assert set(UNSAFE.findall(said)) <= {"\n"}
    assert json.loads(out.getvalue()) == {HOSTILE: [HOSTILE]}


def test_a_name_with_a_line_break_makes_no_line_of_its_own(monkeypatch, capsys):
    output.show_error(PhotoError("a.png\nb.png  dog  1.0000 does not exist"))
    assert capsys.readouterr().err.count("\n") == 1


def test_the_progress_bar():
    bar = TerminalBar(io.StringIO())
    bar.add_task(HOSTILE, 10)
    assert not UNSAFE.search(bar.line(1, 1.0))
    bar.stop()


def test_rich_takes_no_name_for_markup(capsys):
    console().print("[bold red]cat[/] :smiley:")
    assert capsys.readouterr().out == "[bold red]cat[/] :smiley:\n"


def test_the_html_report():
    page = document(HOSTILE, [element("p", HOSTILE + "<script>")])
    assert set(UNSAFE.findall(page)) <= {"\n"} and "<script>" not in page


def test_json_has_no_number_that_is_not_finite(capsys):
    output.print_json({"a": float("nan"), "b": [float("inf"), (1.5, -float("inf"))]})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, [1.5, None]]}


def test_a_rust_panic_is_a_librarys_error():
    panic = type("PanicException", (BaseException,), {})
    assert is_library_error(panic("no")) and is_library_error(RuntimeError())
    assert not is_library_error(KeyboardInterrupt()) and not is_library_error(DataError("no"))

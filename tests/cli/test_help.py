"""Help: every option with its default, at any width, in colour only on terminals that want it."""

from __future__ import annotations

import sys
import types

import pytest

from gatera.cli.commands import GROUPS, HOMES
from gatera.cli.commands.every import COMMANDS, first_words
from gatera.cli.help import EXAMPLES
from gatera.cli.options import DEBUG, GLOBAL, HELP, Command
from gatera.cli.parser import parse
from gatera.cli.terminal.text import wrapped_command


def squeezed(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("columns", [None, 40, 80, 200])
def test_help_shows_every_option_with_its_default(gatera, name, columns):
    ran = gatera(*name.split(), "--help", columns=columns)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: gatera {name} ")
    text = squeezed(ran.out)
    assert COMMANDS[name].summary in text
    for option in COMMANDS[name].options:
        assert f"{option.spelled} {option.in_words}" in text
        if option.flags and option.metavar and option.default_in_words != "none":
            assert f"[default: {option.default_in_words}]" in option.in_words


@pytest.mark.parametrize("name", COMMANDS)
def test_there_are_four_ways_to_ask_for_help(gatera, name):
    words = name.split()
    ran = gatera(*words, "--help")
    assert gatera("help", *words) == gatera(*words, "-h") == gatera("--help", *words) == ran


def test_help_of_the_whole_lists_commands_options_and_statuses(gatera):
    ran = gatera("--help")
    assert (ran.status, ran.err) == (0, "")
    for name, summary in first_words().items():
        assert f"{name} {summary}" in squeezed(ran.out)
    for option in GLOBAL:
        assert option.spelled in ran.out
    assert all(f"\n  {status}  " in ran.out for status in (0, 1, 2, 130))
    assert gatera("-h") == gatera("help") == ran


def test_without_a_command_it_helps(gatera):
    assert gatera() == (2, "", gatera("--help").out)


@pytest.mark.parametrize("name", [None, *COMMANDS])
@pytest.mark.parametrize("columns", [40, 41, 59, 60, 80])
def test_no_line_is_longer_than_the_terminal_is_wide(gatera, name, columns):
    out = gatera(*(name or "").split(), "--help", columns=columns).out
    for line in out.splitlines():
        assert len(line) <= columns or len(line.split()) == 1  # a path may stick out


def test_lines_of_a_wide_terminal_stay_legible(gatera):
    assert max(map(len, gatera("train", "--help", columns=300).out.splitlines())) <= 100


def test_colours_only_where_they_are_wanted(gatera_raw, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1mUsage:\x1b[0m" in gatera_raw("--help", columns=80).out
    assert "\x1b" not in gatera_raw("--help").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in gatera_raw("--help", columns=80).out


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_understood(name):
    for example in COMMANDS[name].examples:
        words = [word.strip("\"'") for word in wrapped_command(example, 10**9)[0].partition(" > ")[0].split()]
        own = len(name.split()) + 1
        assert " ".join(words[:own]) == f"gatera {name}"
        parse(COMMANDS[name], words[own:])


def test_examples_of_the_whole_name_commands():
    assert {example.split()[1] for example in EXAMPLES} <= set(COMMANDS)


@pytest.fixture
def box(monkeypatch):
    """Put a group `box` with two commands beside the others."""
    commands = [
        Command(f"box {second}", summary, (HELP, DEBUG), "no.such:thing", examples=(f"gatera box {second}",))
        for second, summary in (("open", "Open the box."), ("empty", "Empty the box."))
    ]
    monkeypatch.setitem(sys.modules, "fake_box", types.ModuleType("fake_box"))
    monkeypatch.setattr(sys.modules["fake_box"], "COMMANDS", commands, raising=False)
    monkeypatch.setitem(HOMES, "box", "fake_box")
    monkeypatch.setitem(GROUPS, "box", "Keep things in a box.")
    for command in commands:
        monkeypatch.setitem(COMMANDS, command.name, command)


@pytest.mark.usefixtures("box")
def test_a_group_has_its_own_help(gatera):
    ran = gatera("box", "--help")
    assert (ran.status, ran.err) == (0, "")
    assert "open Open the box. empty Empty the box." in squeezed(ran.out)
    assert gatera("help", "box") == gatera("--help", "box") == gatera("box", "-h") == ran
    assert gatera("box") == (2, "", ran.out)
    assert gatera("box", "--help", "open") == gatera("help", "box", "open") == gatera("box", "open", "-h")
    assert "box Keep things in a box." in squeezed(gatera("--help").out)


@pytest.mark.usefixtures("box")
def test_an_unknown_command_of_a_group_names_the_nearest(gatera):
    assert gatera("box", "opne") == (2, "", "Error: unknown command 'box opne'. Did you mean 'box open'?\n")
    assert gatera("box", "xyz") == (2, "", "Error: unknown command 'box xyz'. See \"gatera box --help\".\n")


@pytest.mark.parametrize("words", [("train", "extra"), ("data", "merge", "ben")])
def test_more_words_than_a_command_are_not_ignored(gatera, words):
    ran = gatera("help", *words)
    meant = " ".join(words[:-1])
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == f"Error: unexpected argument {words[-1]!r}. Did you mean 'gatera help {meant}'?\n"

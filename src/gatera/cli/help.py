"""Help: the same layout for every command, fitted to the width of the terminal."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from gatera.cli.commands import GROUPS
from gatera.cli.commands.every import commands_of, first_words
from gatera.cli.options import DEBUG, GLOBAL, HELP, Command, Option
from gatera.cli.parser import UsageError
from gatera.cli.terminal.style import paint, width
from gatera.cli.terminal.text import cells, filled, padded, wrapped_command
from gatera.cli.unknown_command import find_command

#: What `gatera` is for.
TAGLINE = "Train a model on a folder of examples, and get a program that other software can trust."

EXAMPLES = ("gatera train photos/", "gatera predict photos.gatera new.jpg", "gatera help train")

STATUSES = {
    "0": "Success.",
    "1": "An error, which is printed on standard error; or some inputs could not be read.",
    "2": "The command was not understood.",
    "129": "Stopped by SIGHUP: its terminal was closed.",
    "130": "Interrupted with Ctrl-C.",
    "143": "Stopped by SIGTERM.",
}

#: Columns of option names, and below which width of the terminal explanations go on lines of their own.
NAMES, NARROW = 26, 60

#: Columns of the names of commands and statuses.
SHORT_NAMES = 14


def help_command(options: argparse.Namespace) -> int:
    """Print the help of a command, of a group of commands, or of all."""
    print(help_on(options.topic or []))
    return 0


def help_on(words: Sequence[str]) -> str:
    """Return the help of what the words name: nothing, a command, a group, or a group and one of its commands.

    Raises:
        UsageError: if they name nothing, or more words follow.
    """
    if not words:
        return main_help()
    if len(words) == 1 and words[0] in GROUPS:
        return group_help(words[0])
    named = 2 if words[0] in GROUPS else 1
    command = find_command(" ".join(words[:named]))
    if words[named:]:
        raise UsageError(f"unexpected argument {words[named]!r}. Did you mean 'gatera help {command.name}'?")
    return command_help(command)


def main_help() -> str:
    """Return the help of `gatera` itself."""
    lines = [_usage("gatera", "COMMAND [OPTION ...]"), "", *filled(TAGLINE, width()), ""]
    lines += [*_heading_rows("Commands", first_words(), SHORT_NAMES), "", *_options(GLOBAL)]
    lines += [*_heading_rows("Exit status", STATUSES, SHORT_NAMES), "", *_examples(EXAMPLES)]
    return "\n".join(lines)


def group_help(group: str) -> str:
    """Return the help of a group of commands."""
    commands = commands_of(group)
    summaries = {second: command.summary for second, command in commands.items()}
    lines = [_usage(f"gatera {group}", "COMMAND [OPTION ...]"), "", *filled(GROUPS[group], width()), ""]
    lines += [*_heading_rows("Commands", summaries, SHORT_NAMES), "", *_options((HELP, DEBUG))]
    examples = [example for command in commands.values() for example in command.examples[:1]]
    return "\n".join([*lines, *_examples(examples)])


def command_help(command: Command) -> str:
    """Return the help of one command: usage, what it does, arguments, options in groups, examples."""
    arguments = " ".join(_in_usage(option) for option in command.options if not option.flags)
    lines = [
        _usage(f"gatera {command.name}", f"{arguments} [OPTION ...]"),
        "",
        *filled(command.summary, width()),
    ]
    for paragraph in command.about:
        lines += ["", *filled(paragraph, width())]
    lines += ["", *_options(command.options), *_examples(command.examples)]
    return "\n".join(lines)


def _usage(command: str, arguments: str) -> str:
    words = f"{paint(command, 'command')} {arguments}"
    return "\n".join(filled(words, width(), f"{_heading('Usage')} ", "         "))


def _in_usage(option: Option) -> str:
    name = f"{option.metavar} ..." if option.many else str(option.metavar)
    return f"[{name}]" if option.optional else name


def _options(options: Sequence[Option]) -> Iterator[str]:
    """Yield the options in groups, in the order in which the groups first appear."""
    for group in dict.fromkeys(option.group for option in options):
        yield from _heading_rows(
            group, {option.spelled: option.in_words for option in options if option.group == group}
        )
        yield ""


def _heading_rows(heading: str, rows: dict[str, str], column: int = NAMES) -> Iterator[str]:
    yield _heading(heading)
    for name, words in rows.items():
        yield from _row(name, words, column)


def _row(name: str, words: str, column: int = NAMES) -> list[str]:
    """Return a name and its explanation: side by side where there is room, else one below the other."""
    shown, space = "  " + paint(name, "name"), " " * column
    if width() < NARROW:
        return [shown, *filled(words, width(), "      ", "      ")]
    if cells(name) + 4 > column:
        return [shown, *filled(words, width(), space, space)]
    return filled(words, width(), padded(shown, column), space)


def _examples(commands: Sequence[str]) -> list[str]:
    return [
        _heading("Examples"), *(line for command in commands for line in wrapped_command(command, width()))
    ]  # fmt: skip


def _heading(text: str) -> str:
    return paint(f"{text}:", "heading")

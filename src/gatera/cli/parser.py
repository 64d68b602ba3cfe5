"""Parse a command's arguments with argparse, and report those that do not fit."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

from gatera.cli.options import Command, Invalid, Option, nearest_flag
from gatera.cli.output import show_note
from gatera.core.checks import in_list
from gatera.core.escape import shell_join, shell_quote


class UsageError(Exception):
    """The command was not understood; the message is one or two sentences."""


#: Dashes that word processors and chats write where two hyphens were typed.
LONG_DASHES = "\u2013\u2014\u2212"

#: argparse's messages, and their replacements: argparse words them differently in each version of Python.
SENTENCES = (
    (r"argument (.+?): expected (?:one argument|at least one argument)", r"\1 needs a value"),
    (r"argument (.+?): ignored explicit argument (.+)", r"\1 takes no value, got \2"),
    (r"the following arguments are required: (.+)", r"missing argument: \1"),
    (r"argument (.+?): (.+)", r"\1 \2"),
)


def parse(command: Command, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the values of a command's options by name; options may stand between the other arguments.

    `given` names the options that were given, as opposed to their defaults.

    Raises:
        UsageError: if an argument is not understood.
    """
    parser = _Parser(command, arguments)
    for option in command.options:
        _add(parser, option)
    parsed, unknown = parser.parse_known_intermixed_args(_marked(arguments, command.options))
    for name, value in list(vars(parsed).items()):
        setattr(parsed, name, _unmarked(value))
    if unknown:
        parser.unknown(unknown[0])
    parsed.given = [
        option.name for option in command.options if option.flags and hasattr(parsed, option.name)
    ]
    for option in command.options:
        if not hasattr(parsed, option.name):
            setattr(
                parsed,
                option.name,
                False if option.metavar is None and option.default is None else option.default,
            )
    if {"json", "csv"} <= set(parsed.given):
        raise UsageError("--json and --csv cannot be used together.")
    return parsed


#: Stands before values that begin with a dash: texts, and what follows "--". argparse takes some of them for options all the same.
_MARK = "\0"


def _marked(arguments: Sequence[str], options: Sequence[Option]) -> list[str]:
    """Return the arguments, those marked that begin with a dash and are values, as git takes them."""
    flags = {flag for option in options for flag in option.all_flags}
    of_texts = {flag for option in options if option.metavar == "TEXT" for flag in option.flags}
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    marked: list[str] = []
    before = ""
    for word in arguments[:end]:
        # an option of this command: the text was forgotten
        is_text = before in of_texts and word.startswith("-") and word.partition("=")[0] not in flags
        marked.append(_MARK + word if is_text else word)
        before = "" if is_text else word
    return [*marked, *(_MARK + word if word.startswith("-") else word for word in arguments[end + 1 :])]


def _unmarked(value: Any) -> Any:
    if isinstance(value, list):
        return [_unmarked(each) for each in value]
    return value.removeprefix(_MARK) if isinstance(value, str) else value


class _Parser(argparse.ArgumentParser):
    """argparse, with our sentences."""

    def __init__(self, command: Command, arguments: Sequence[str]) -> None:
        super().__init__(prog=f"gatera {command.name}", usage="", allow_abbrev=False, add_help=False)
        self.command, self.arguments = command, arguments

    def unknown(self, word: str) -> NoReturn:
        """Report an unknown option, or too many arguments."""
        if word[0] in LONG_DASHES:  # word processors make one of two hyphens
            flags = {flag for option in self.command.options for flag in option.all_flags}
            rest = word.lstrip(LONG_DASHES + "-")
            meant = next(
                (dashes + rest for dashes in ("--", "-") if (dashes + rest).partition("=")[0] in flags), None
            )
            if meant is not None:
                raise UsageError(f"unexpected argument {word!r}. Did you mean {meant!r}, with plain hyphens?")
        if not word.startswith("-"):
            raise UsageError(f"unexpected argument {_unmarked(word)!r}. {_see(self.command)}")
        near = nearest_flag(word, self.command.options)
        raise UsageError(
            f"unknown option {word!r}. " + (f"Did you mean {near!r}?" if near else _see(self.command))
        )

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print, in our words."""
        message = re.sub(r"^argument -\w/|(?<=^argument )(--[\w-]+)/[\w/-]+", _long_flag, message)
        for pattern, words in SENTENCES:
            if found := re.fullmatch(pattern, message, re.DOTALL):
                message = found.expand(words)
                break
        message += self._dash_hint(message)
        end = "" if message.endswith(("?", ".")) else "."
        see = "" if message.endswith("?") else f" {_see(self.command)}"
        raise UsageError(f"{message}{end}{see}")

    def _dash_hint(self, message: str) -> str:
        """Say how a value is written that begins with a dash, if that is what follows an option."""
        flag = message.removesuffix(" needs a value")
        following = [word for option, word in pairwise(self.arguments) if option == flag]
        word = following[0] if following else ""
        meant = word.startswith("--") or len(word) == 2  # an option, perhaps misspelt; "-ann" is a name
        dashed = flag != message and word and not (meant and nearest_flag(word, self.command.options))
        return f"; one that begins with a dash is written {flag}={shell_quote(word)}" if dashed else ""


def _long_flag(found: re.Match[str]) -> str:
    """Of "-o/--out" or "--batch-size/--bs", keep the usual way to write it."""
    return found[1] or "argument "


def _see(command: Command) -> str:
    return f'See "gatera {command.name} --help".'


class _Once(argparse.Action):
    """Keep an option's value. Given again with another, the last one counts, as in most tools, and this is said; lists are refused."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keep the value; say which of two counts. Of `--drop age --drop race` both are meant."""
        flag = option_string or self.dest
        if hasattr(namespace, self.dest) and (first := getattr(namespace, self.dest)) != values:
            if isinstance(values, list):
                both = [str(_unmarked(value)) for value in (*first, *values)]
                together = shell_join(both) if self.nargs else shell_quote(",".join(map(in_list, both)))
                raise UsageError(f"{flag} is given twice. Give all at once: {flag} {together}")
            show_note(
                f"{flag} is given twice: the last counts, {_unmarked(values)!r}, not {_unmarked(first)!r}."
            )
        setattr(namespace, self.dest, values)


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    settings: dict[str, Any] = {"default": argparse.SUPPRESS if option.flags else option.default}
    if option.flags:
        settings["dest"] = option.name
    if option.metavar is None:
        settings["action"] = argparse.BooleanOptionalAction if option.negative else "store_true"
    else:
        settings |= {"metavar": option.metavar, "type": _type(option)}
        if option.flags:
            settings["action"] = _Once
        if option.many or option.optional:
            settings["nargs"] = {(True, True): "*", (True, False): "+"}.get(
                (option.many, option.optional), "?"
            )
    parser.add_argument(*(option.flags or (option.name,)), **settings)


def _type(option: Option) -> Any:
    def convert(text: str) -> Any:
        try:
            # inputs may be texts, and a text may be empty
            if option.files and not text and option.name != "inputs":
                raise Invalid("needs the name of a file or folder, got ''")
            if option.convert is str and not (
                option.files or option.empty or option.metavar == "TEXT" or text.strip()
            ):
                raise Invalid(f"needs a value, got {text!r}")
            if not option.files and any("\udc80" <= each <= "\udcff" for each in text):
                # bytes as of a terminal in Latin-1; names of files may have any, other texts are kept as UTF-8
                raise Invalid(f"must be text in UTF-8, got {text!r}")
            return option.value(text)
        except Invalid as err:
            raise argparse.ArgumentTypeError(str(err)) from err

    return convert

"""What a command accepts, as data: the parser, the help, the completions and the tests of the documentation read it."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gatera.core.checks import nearest, percentage
from gatera.core.errors import shorten
from gatera.core.files import at_home


class Invalid(ValueError):
    """The value of an option is not allowed; the message says what is, as in "must be a number >= 1, got 0"."""


class Option(NamedTuple):
    """An option, or an argument that is told by its place.

    Attributes:
        name: the name of its value among the parsed ones.
        help: what it does, in one sentence.
        flags: how it is written, the usual way first; none for an argument told by its place.
        group: the heading it stands under.
        metavar: what stands for the value; none for a switch.
        default: the value where it is not given.
        shown: the default in words, where the value itself does not say it.
        convert: makes the value of its text; raises Invalid.
        choices: the values that are allowed, where they can be listed.
        many: whether it takes several values.
        optional: whether an argument told by its place may be missing.
        negative: whether a switch has a `--no-...`.
        files: whether its value is a file or folder, for completion.
        empty: whether an empty text is a value; else it is an unset variable of the shell.
    """

    name: str
    help: str
    flags: tuple[str, ...] = ()
    group: str = "Options"
    metavar: str | None = None
    default: Any = None
    shown: str | None = None
    convert: Callable[[str], Any] = str
    choices: tuple[str, ...] = ()
    many: bool = False
    optional: bool = False
    negative: bool = False
    files: bool = False
    empty: bool = False

    def value(self, text: str) -> Any:
        """Return the value that a text stands for, a file as the shell would name it; raises Invalid."""
        named = self.files and self.name != "inputs" and text.startswith("~")  # inputs may be texts
        return self.convert(str(at_home(text)) if named else text)

    @property
    def spelled(self) -> str:
        """How help writes it: "-o, --out FILE"."""
        flags = self.all_flags
        if not flags:
            return f"{self.metavar} ..." if self.many else str(self.metavar)
        return ", ".join(flags) + (f" {self.metavar}" if self.metavar else "")

    @property
    def all_flags(self) -> tuple[str, ...]:
        """Every way to write it."""
        return (*self.flags, f"--no-{self.flags[0][2:]}") if self.negative else self.flags

    @property
    def default_in_words(self) -> str | None:
        """The default as help shows it; None for an argument that must be given."""
        if self.shown is not None:
            return self.shown
        if self.default is None:
            return None if not self.flags else "none" if self.metavar else "off"
        return {"True": "on", "False": "off"}.get(str(self.default), str(self.default))

    @property
    def in_words(self) -> str:
        """Its help, the choices and the default included."""
        parts = [self.help]
        if self.choices:
            parts.append(f"One of {', '.join(self.choices)}.")
        if self.default_in_words not in (None, "none") and (self.metavar or self.negative):
            parts.append(f"[default: {self.default_in_words}]")
        return " ".join(parts)


class Command(NamedTuple):
    """A command.

    Attributes:
        name: "train".
        summary: what it does, in one sentence.
        options: what it accepts.
        runs: "module:function" of what it runs, which gets the parsed options and returns the exit status.
        first: "module:function" of what is done with the options before the packages of `extra` are imported.
        about: more about it, a paragraph each.
        examples: command lines.
        extra: the extra whose packages it needs; None for the base install.
        goes_on: whether it works on when nobody reads what it prints: it writes files, or answers others.
    """

    name: str
    summary: str
    options: Sequence[Option]
    runs: str
    about: Sequence[str] = ()
    examples: Sequence[str] = ()
    extra: str | None = None
    first: str | None = None
    goes_on: bool = False


#: The largest whole number that an option takes: what is counted in Python goes no further.
HIGHEST = 2**63 - 1


def whole_number(low: int, high: int = HIGHEST) -> Callable[[str], int]:
    """Return what makes a whole number between `low` and `high` of a text."""

    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if number < low:
            raise Invalid(f"must be a whole number >= {low}, got {shorten(text)!r}")
        if number > high:
            raise Invalid(f"must be a whole number up to {high}, got {shorten(text)!r}")
        return number

    return convert


def number(low: float, high: float = math.inf) -> Callable[[str], float]:
    """Return what makes a number between `low` and `high` of a text."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high or math.isinf(value):
            allowed = f">= {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
            meant = percentage(text) if (low, high) == (0, 1) else None
            hint = f". Did you mean {meant}?" if meant else ""
            raise Invalid(f"must be a number {allowed}, got {text!r}{hint}")
        return value

    return convert


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """Return what checks that a text is one of `choices`."""

    def convert(text: str) -> str:
        if text not in choices:
            raise Invalid(_not_one_of(text, choices))
        return text

    return convert


def column_delimiter(text: str) -> str:
    """Return a delimiter; a tab may be written as "tab" or as a backslash and a t, any run of blanks as "blanks".

    Raises:
        Invalid: if it is not one ASCII character.
    """
    delimiter = "\t" if text in ("tab", "\\t") else text
    # the names in gatera.program.tables.dialect, which help does not import
    if delimiter in (
        "::",
        "blanks",
    ):
        return delimiter
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '\r\n"':
        raise Invalid(f"must be one ASCII character, tab, :: or blanks; got {text!r}")
    return delimiter


def column_list(text: str) -> list[str]:
    """Return the names in a list; one that holds a comma stands in quotes.

    Raises:
        Invalid: if there is none.

    Example:
        >>> column_list('zip, "born, where"')
        ['zip', 'born, where']
    """
    try:
        names = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    except csv.Error:  # a line break outside quotes, or more than 131,072 characters
        names = []
    if not names or not all(names):
        raise Invalid(f"must be names of columns, separated by commas; got {text!r}")
    return names


def row_numbers(text: str) -> list[int]:
    """Return the numbers of rows in a list, such as "3,17".

    Raises:
        Invalid: if one is not a whole number from 1 on.
    """
    numbers = [number.strip() for number in text.split(",")]
    if not all(_is_row(number) and number.strip("0") for number in numbers):
        raise Invalid(f"must be row numbers, from 1, separated by commas; got {shorten(text)!r}")
    return list(dict.fromkeys(map(int, numbers)))


def decimal_sign(text: str) -> str:
    """Return a decimal sign; raise Invalid if it is another."""
    if text not in (".", ","):
        raise Invalid(f"must be . or a comma, got {text!r}")
    return text


def header_row(text: str) -> str | int | None:
    """Return the number of the row that names the columns; None for "none", "auto" for itself.

    Raises:
        Invalid: if it is something else.
    """
    if text in ("auto", "none"):
        return None if text == "none" else text
    if not _is_row(text):
        raise Invalid(f"must be auto, none or the number of a row, from 0 on; got {shorten(text)!r}")
    return int(text)


def _is_row(text: str) -> bool:
    """Whether a text is the number of a row: no table has more rows than 18 digits count."""
    return text.isascii() and text.isdecimal() and len(text) <= 18


def _not_one_of(text: str, choices: Sequence[str]) -> str:
    near = nearest_word(text, choices)
    return f"must be one of {', '.join(word or repr(word) for word in choices)}; got {text!r}" + (
        f". Did you mean {near!r}?" if near else ""
    )


def nearest_word(wrong: str, words: Sequence[str]) -> str | None:
    """Return the word that somebody may have meant: the only one that begins so, or the one most like it.

    Example:
        >>> nearest_word("comp", ["train", "completion"]), nearest_word("tran", ["train", "predict"])
        ('completion', 'train')
    """
    longer = [word for word in words if len(wrong) > 1 and word.startswith(wrong)]
    return longer[0] if len(longer) == 1 else nearest(wrong, words)


def nearest_flag(wrong: str, options: Sequence[Option]) -> str | None:
    """Return the flag that somebody may have meant."""
    flags = [flag for option in options for flag in option.all_flags if flag.startswith("--")]
    return nearest_word(wrong.partition("=")[0], flags)


#: Options that several commands have.
PROGRAM = Option(
    "program",
    "The program: a file such as cats.gatera, or a version in the registry such as cats@production.",
    group="Arguments",
    metavar="PROGRAM",
    files=True,
)

TRUSTED = Option(
    "trusted",
    "Accept a program whose model has operators that are not on the list of known ones, or needs much memory or time. Only for programs from people you trust.",
    ("--trusted",), "Safety",
)  # fmt: skip

HELP = Option("help", "Show this help and exit.", ("-h", "--help"), group="Other")
DEBUG = Option(
    "debug", "Show the traceback of an error. The same as GATERA_DEBUG=1.", ("--debug",), group="Other"
)
VERSION = Option("version", "Show the version and exit.", ("-V", "--version"), group="Other")

#: Options of `gatera` itself.
GLOBAL = (HELP, VERSION, DEBUG)

"""What the verbs share: one form for errors, one for usage errors, and text that any terminal can print."""

from __future__ import annotations

import argparse
import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from gatera.core.checks import did_you_mean
from gatera.core.errors import GateraError
from gatera.core.progress import console

#: Exit statuses, as shells and scripts expect them.
FAILED, MISUSED, INTERRUPTED = 1, 2, 130


def show_error(error: GateraError | str) -> None:
    """Print "Error: ..." on stderr, red on a terminal."""
    if not sys.stderr.isatty():
        print(f"Error: {error}", file=sys.stderr)
        return
    from rich.text import Text

    console(stderr=True).print(Text.assemble(("Error: ", "bold red"), (str(error), "red")))


def print_any_name() -> None:
    """Make stdout and stderr escape what they cannot encode: no file name may stop a run."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def notes() -> Iterator[None]:
    """Show our warnings (a category that training did not know, say) as lines for people, on stderr."""
    with warnings.catch_warnings():
        warnings.filterwarnings("default", category=UserWarning, module="gatera")
        warnings.showwarning = lambda message, *_, **__: print(f"Note: {message}", file=sys.stderr)
        yield


def at_least_one(text: str) -> int:
    """Parse a whole number from 1 on, for `Parser.add_argument(type=...)`."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return number


class Parser(argparse.ArgumentParser):
    """An argparse parser with our errors: exit status 2, and the nearest option where one was misspelt."""

    def __init__(self, verb: str, summary: str, epilog: str) -> None:
        super().__init__(
            prog=f"gatera {verb}", description=summary, epilog=epilog, allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip

    def parse(self, arguments: list[str]) -> argparse.Namespace:
        """Return the parsed arguments; options may stand between the others. Exits on misuse."""
        parsed, unknown = self.parse_known_intermixed_args(arguments)
        if unknown:
            options = [option for option in self._option_string_actions if option.startswith("--")]
            hint = did_you_mean(unknown[0].split("=")[0], options)
            self.error(f"there is no option {unknown[0]!r}.{' ' + hint if hint else ''}")
        return parsed

    def error(self, message: str) -> NoReturn:
        """Print how the verb is called and what was wrong, and exit with status 2."""
        self.print_usage(sys.stderr)
        show_error(message)
        raise SystemExit(MISUSED)
